// Which function translates which instruction.
#include "wasm/compiler/function_translator.hpp"

namespace trellis::wasm::compiler {

struct FunctionTranslator::Members {
    using Self = FunctionTranslator;
    using Table = std::array<Member, static_cast<std::size_t>(Op::count_)>;

    static constexpr void set(Table& table, Member member, auto... ops)
    {
        ((table[static_cast<std::size_t>(ops)] = member), ...);
    }

    static constexpr Table by_shape()
    {
        Table table{};
#define SHAPE_pure &Self::canonical_arithmetic
#define SHAPE_trapping &Self::arithmetic
#define SHAPE_wide &Self::arithmetic
#define SHAPE_extract_lane &Self::arithmetic
#define SHAPE_replace_lane &Self::arithmetic
#define SHAPE_load &Self::load
#define SHAPE_store &Self::store
#define SHAPE_load_lane &Self::load_lane
#define SHAPE_store_lane &Self::store_lane
#define SHAPE_atomic_load &Self::atomic
#define SHAPE_atomic_store &Self::atomic
#define SHAPE_atomic_rmw &Self::atomic
#define SHAPE_atomic_cmpxchg &Self::atomic
#define SHAPE_special &Self::unsupported
#define TRELLIS_INSTRUCTION(name, text, prefix, code, signature, immediate, feature, shape)                            \
    table[static_cast<std::size_t>(Op::name)] = SHAPE_##shape;
#include "wasm/syntax/instructions.def"
#undef TRELLIS_INSTRUCTION
        return table;
    }

    static constexpr void set_control(Table& table)
    {
        set(table, &Self::unreachable, Op::unreachable);
        set(table, &Self::nop, Op::nop);
        set(table, &Self::block, Op::block);
        set(table, &Self::loop, Op::loop);
        set(table, &Self::if_, Op::if_);
        set(table, &Self::else_, Op::else_);
        set(table, &Self::end, Op::end);
        set(table, &Self::try_, Op::try_);
        set(table, &Self::try_table, Op::try_table);
        set(table, &Self::catch_, Op::catch_, Op::catch_all);
        set(table, &Self::delegate, Op::delegate);
        set(table, &Self::throw_, Op::throw_);
        set(table, &Self::throw_ref, Op::throw_ref);
        set(table, &Self::rethrow, Op::rethrow);
        set(table, &Self::br, Op::br);
        set(table, &Self::br_if, Op::br_if);
        set(table, &Self::br_table, Op::br_table);
        set(table, &Self::return_, Op::return_);
        set(table, &Self::br_on_null, Op::br_on_null);
        set(table, &Self::br_on_non_null, Op::br_on_non_null);
        set(table, &Self::br_on_cast, Op::br_on_cast, Op::br_on_cast_fail);
        set(table, &Self::call, Op::call, Op::return_call);
        set(table, &Self::call_indirect, Op::call_indirect, Op::return_call_indirect);
        set(table, &Self::call_ref, Op::call_ref, Op::return_call_ref);
    }

    static constexpr void set_values(Table& table)
    {
        set(table, &Self::drop, Op::drop);
        set(table, &Self::select, Op::select, Op::select_t);
        set(table, &Self::local_get, Op::local_get);
        set(table, &Self::local_set, Op::local_set);
        set(table, &Self::local_tee, Op::local_tee);
        set(table, &Self::global_get, Op::global_get);
        set(table, &Self::global_set, Op::global_set);
        set(table, &Self::constant, Op::i32_const, Op::i64_const, Op::f32_const, Op::f64_const);
        set(table, &Self::vector_constant, Op::v128_const);
        set(table, &Self::shuffle, Op::i8x16_shuffle);
        set(table, &Self::memory_size, Op::memory_size);
        set(table, &Self::atomic_fence, Op::atomic_fence);
        set(table, &Self::bulk_operation, Op::memory_fill, Op::memory_copy);
        set(table, &Self::runtime_operation, Op::memory_grow, Op::memory_init, Op::data_drop, Op::table_grow,
            Op::table_fill, Op::table_copy, Op::table_init, Op::elem_drop, Op::struct_new_default,
            Op::array_new_default, Op::array_new_data, Op::array_new_elem, Op::array_len, Op::array_copy,
            Op::array_init_data, Op::array_init_elem, Op::memory_atomic_notify, Op::memory_atomic_wait32,
            Op::memory_atomic_wait64);
    }

    static constexpr void set_references(Table& table)
    {
        set(table, &Self::ref_null, Op::ref_null);
        set(table, &Self::ref_is_null, Op::ref_is_null);
        set(table, &Self::ref_func, Op::ref_func);
        set(table, &Self::ref_eq, Op::ref_eq);
        set(table, &Self::ref_as_non_null, Op::ref_as_non_null);
        set(table, &Self::ref_i31, Op::ref_i31);
        set(table, &Self::i31_get, Op::i31_get_s, Op::i31_get_u);
        set(table, &Self::convert_nothing, Op::any_convert_extern, Op::extern_convert_any);
        set(table, &Self::table_get, Op::table_get);
        set(table, &Self::table_set, Op::table_set);
        set(table, &Self::table_size, Op::table_size);
        set(table, &Self::struct_new, Op::struct_new);
        set(table, &Self::struct_get, Op::struct_get, Op::struct_get_s, Op::struct_get_u);
        set(table, &Self::struct_set, Op::struct_set);
        set(table, &Self::array_new, Op::array_new);
        set(table, &Self::array_new_fixed, Op::array_new_fixed);
        set(table, &Self::array_get, Op::array_get, Op::array_get_s, Op::array_get_u);
        set(table, &Self::array_set, Op::array_set);
        set(table, &Self::array_fill, Op::array_fill);
        set(table, &Self::ref_test, Op::ref_test, Op::ref_test_null);
        set(table, &Self::ref_cast, Op::ref_cast, Op::ref_cast_null);
    }

    static constexpr Table all()
    {
        Table table = by_shape();
        set_control(table);
        set_values(table);
        set_references(table);
        return table;
    }
};

FunctionTranslator::Member FunctionTranslator::special(Op op)
{
    static constexpr auto members = Members::all();
    return members[static_cast<std::size_t>(op)];
}

} // namespace trellis::wasm::compiler
