#include "wasm/interpreter/operations_table.hpp"

#include "wasm/execution/memory.hpp"
#include "wasm/execution/numeric.hpp"
#include "wasm/execution/operations.hpp"

namespace trellis::wasm::interpreter {

std::uint64_t heap_type_immediate(ValType type)
{
    return static_cast<std::uint32_t>(type.heap().encoding()) | std::uint64_t(type.nullable()) << 32;
}

namespace {

using Imm = const OperationImmediates&;

bool matches_type(Instance& instance, Ref value, Imm imm)
{
    if (value == null_ref)
        return imm.value >> 32 & 1;
    return ref_test(instance, value, HeapType::from_encoding(static_cast<std::int32_t>(imm.value)));
}

bool is_64(const Table& table)
{
    return table.type.limits.is_64;
}
/// An address or size as the table's or memory's address type has it.
std::uint64_t table_address(Instance& i, std::uint32_t table, Slot slot)
{
    return is_64(*i.tables[table]) ? slot.u64 : slot.u32;
}
std::uint64_t memory_address(Instance& i, std::uint32_t memory, Slot slot)
{
    return i.memories[memory]->is_64() ? slot.u64 : slot.u32;
}
Slot size_result(std::int64_t size, bool wide)
{
    return Slot{.u64 = wide ? static_cast<std::uint64_t>(size) : static_cast<std::uint32_t>(size)};
}
/// The count of a copy has the narrower address type of the two.
std::uint64_t copy_count(bool to_64, bool from_64, Slot slot)
{
    return to_64 && from_64 ? slot.u64 : slot.u32;
}

// Tables.
Trap do_table_get(Instance& i, Slot* s, Imm imm)
{
    return table_get(i, TableIndex(imm.index), table_address(i, imm.index, s[0]), s[0].ref);
}
Trap do_table_set(Instance& i, Slot* s, Imm imm)
{
    return table_set(i, TableIndex(imm.index), table_address(i, imm.index, s[0]), s[1].ref);
}
Trap do_table_size(Instance& i, Slot* s, Imm imm)
{
    s[0].u64 = i.tables[imm.index]->size;
    return Trap::none;
}
Trap do_table_grow(Instance& i, Slot* s, Imm imm)
{
    s[0] = size_result(table_grow(i, TableIndex(imm.index), s[0].ref, table_address(i, imm.index, s[1])),
                       is_64(*i.tables[imm.index]));
    return Trap::none;
}
Trap do_table_fill(Instance& i, Slot* s, Imm imm)
{
    return table_fill(i, TableIndex(imm.index), table_address(i, imm.index, s[0]), s[1].ref,
                      table_address(i, imm.index, s[2]));
}
Trap do_table_copy(Instance& i, Slot* s, Imm imm)
{
    const bool to_64 = is_64(*i.tables[imm.index]), from_64 = is_64(*i.tables[imm.index2]);
    return table_copy(i, TableIndex(imm.index), TableIndex(imm.index2), table_address(i, imm.index, s[0]),
                      table_address(i, imm.index2, s[1]), copy_count(to_64, from_64, s[2]));
}
Trap do_table_init(Instance& i, Slot* s, Imm imm)
{
    return table_init(i, ElementIndex(imm.index), TableIndex(imm.index2), table_address(i, imm.index2, s[0]), s[1].u32,
                      s[2].u32);
}
Trap do_elem_drop(Instance& i, Slot*, Imm imm)
{
    elem_drop(i, ElementIndex(imm.index));
    return Trap::none;
}

// Memories.
Trap do_memory_grow(Instance& i, Slot* s, Imm imm)
{
    s[0] = size_result(memory_grow(i, MemoryIndex(imm.index), memory_address(i, imm.index, s[0])),
                       i.memories[imm.index]->is_64());
    return Trap::none;
}
Trap do_memory_fill(Instance& i, Slot* s, Imm imm)
{
    return memory_fill(i, MemoryIndex(imm.index), memory_address(i, imm.index, s[0]),
                       static_cast<std::uint8_t>(s[1].u32), memory_address(i, imm.index, s[2]));
}
Trap do_memory_copy(Instance& i, Slot* s, Imm imm)
{
    const bool to_64 = i.memories[imm.index]->is_64(), from_64 = i.memories[imm.index2]->is_64();
    return memory_copy(i, MemoryIndex(imm.index), MemoryIndex(imm.index2), memory_address(i, imm.index, s[0]),
                       memory_address(i, imm.index2, s[1]), copy_count(to_64, from_64, s[2]));
}
Trap do_memory_init(Instance& i, Slot* s, Imm imm)
{
    return memory_init(i, DataIndex(imm.index), MemoryIndex(imm.index2), memory_address(i, imm.index2, s[0]), s[1].u32,
                       s[2].u32);
}
Trap do_data_drop(Instance& i, Slot*, Imm imm)
{
    data_drop(i, DataIndex(imm.index));
    return Trap::none;
}

// References.
Trap do_ref_func(Instance& i, Slot* s, Imm imm)
{
    s[0].ref = ref_func(i, FuncIndex(imm.index));
    return Trap::none;
}
Trap do_ref_as_non_null(Instance&, Slot* s, Imm)
{
    return s[0].ref == null_ref ? Trap::null_reference : Trap::none;
}
Trap do_ref_i31(Instance&, Slot* s, Imm)
{
    s[0].ref = i31_ref(s[0].u32);
    return Trap::none;
}
Trap do_i31_get_s(Instance&, Slot* s, Imm)
{
    if (s[0].ref == null_ref)
        return Trap::null_i31_reference;
    s[0].u64 = static_cast<std::uint32_t>(static_cast<std::int32_t>(static_cast<std::uint32_t>(s[0].ref)) >> 1);
    return Trap::none;
}
Trap do_i31_get_u(Instance&, Slot* s, Imm)
{
    if (s[0].ref == null_ref)
        return Trap::null_i31_reference;
    s[0].u64 = static_cast<std::uint32_t>(s[0].ref) >> 1;
    return Trap::none;
}

// Structures and arrays. The new object is written when its operands are no longer needed.
template <class Make>
Trap make_object(Slot* s, Make make)
{
    Ref made = null_ref;
    const auto trap = make(made);
    s[0].ref = made;
    return trap;
}
Trap do_struct_new(Instance& i, Slot* s, Imm imm)
{
    return make_object(s, [&](Ref& made) { return struct_new(i, TypeIndex(imm.index), s, made); });
}
Trap do_struct_new_default(Instance& i, Slot* s, Imm imm)
{
    return make_object(s, [&](Ref& made) { return struct_new_default(i, TypeIndex(imm.index), made); });
}
template <Extension extension>
Trap do_struct_get(Instance& i, Slot* s, Imm imm)
{
    return struct_get(i, TypeIndex(imm.index), imm.index2, extension, s[0].ref, s);
}
Trap do_struct_set(Instance& i, Slot* s, Imm imm)
{
    return struct_set(i, TypeIndex(imm.index), imm.index2, s[0].ref, s + 1);
}
const ValType element_type(Instance& i, std::uint32_t type)
{
    return std::get<ArrayType>(i.types[type]->type.composite).element.storage;
}
Trap do_array_new(Instance& i, Slot* s, Imm imm)
{
    return make_object(s, [&](Ref& made) {
        return array_new(i, TypeIndex(imm.index), s, s[element_type(i, imm.index).slots()].u32, made);
    });
}
Trap do_array_new_default(Instance& i, Slot* s, Imm imm)
{
    return make_object(s, [&](Ref& made) { return array_new_default(i, TypeIndex(imm.index), s[0].u32, made); });
}
Trap do_array_new_fixed(Instance& i, Slot* s, Imm imm)
{
    return make_object(s, [&](Ref& made) { return array_new_fixed(i, TypeIndex(imm.index), s, imm.index2, made); });
}
Trap do_array_new_data(Instance& i, Slot* s, Imm imm)
{
    return make_object(s, [&](Ref& made) {
        return array_new_data(i, TypeIndex(imm.index), DataIndex(imm.index2), s[0].u32, s[1].u32, made);
    });
}
Trap do_array_new_elem(Instance& i, Slot* s, Imm imm)
{
    return make_object(s, [&](Ref& made) {
        return array_new_elem(i, TypeIndex(imm.index), ElementIndex(imm.index2), s[0].u32, s[1].u32, made);
    });
}
template <Extension extension>
Trap do_array_get(Instance& i, Slot* s, Imm imm)
{
    return array_get(i, TypeIndex(imm.index), extension, s[0].ref, s[1].u32, s);
}
Trap do_array_set(Instance& i, Slot* s, Imm imm)
{
    return array_set(i, TypeIndex(imm.index), s[0].ref, s[1].u32, s + 2);
}
Trap do_array_len(Instance& i, Slot* s, Imm)
{
    std::uint32_t length = 0;
    const auto trap = array_len(i, s[0].ref, length);
    s[0].u64 = length;
    return trap;
}
Trap do_array_fill(Instance& i, Slot* s, Imm imm)
{
    return array_fill(i, TypeIndex(imm.index), s[0].ref, s[1].u32, s + 2,
                      s[2 + element_type(i, imm.index).slots()].u32);
}
Trap do_array_copy(Instance& i, Slot* s, Imm imm)
{
    return array_copy(i, TypeIndex(imm.index), TypeIndex(imm.index2), s[0].ref, s[1].u32, s[2].ref, s[3].u32, s[4].u32);
}
Trap do_array_init_data(Instance& i, Slot* s, Imm imm)
{
    return array_init_data(i, TypeIndex(imm.index), DataIndex(imm.index2), s[0].ref, s[1].u32, s[2].u32, s[3].u32);
}
Trap do_array_init_elem(Instance& i, Slot* s, Imm imm)
{
    return array_init_elem(i, TypeIndex(imm.index), ElementIndex(imm.index2), s[0].ref, s[1].u32, s[2].u32, s[3].u32);
}

// Wide arithmetic.
Trap do_i64_add128(Instance&, Slot* s, Imm)
{
    numeric::i64_add128(s[0].u64, s[1].u64, s[2].u64, s[3].u64, s[0].u64, s[1].u64);
    return Trap::none;
}
Trap do_i64_sub128(Instance&, Slot* s, Imm)
{
    numeric::i64_sub128(s[0].u64, s[1].u64, s[2].u64, s[3].u64, s[0].u64, s[1].u64);
    return Trap::none;
}
Trap do_i64_mul_wide_s(Instance&, Slot* s, Imm)
{
    numeric::i64_mul_wide_s(s[0].u64, s[1].u64, s[0].u64, s[1].u64);
    return Trap::none;
}
Trap do_i64_mul_wide_u(Instance&, Slot* s, Imm)
{
    numeric::i64_mul_wide_u(s[0].u64, s[1].u64, s[0].u64, s[1].u64);
    return Trap::none;
}

// Atomics. imm.index: memory, imm.value: offset.
bool effective_address(Instance& i, Slot index, Imm imm, std::uint64_t& address)
{
    return !__builtin_add_overflow(memory_address(i, imm.index, index), imm.value, &address);
}
template <class Raw>
Trap atomic_address(Instance& i, Slot index, Imm imm, Raw*& at)
{
    std::uint64_t address;
    if (!effective_address(i, index, imm, address))
        return Trap::out_of_bounds_memory_access;
    if (address % sizeof(Raw) != 0)
        return Trap::unaligned_atomic;
    const auto range = i.memories[imm.index]->range(address, sizeof(Raw));
    if (!range)
        return Trap::out_of_bounds_memory_access;
    at = reinterpret_cast<Raw*>(range->data());
    return Trap::none;
}
template <class Raw>
Trap do_atomic_load(Instance& i, Slot* s, Imm imm)
{
    Raw* at;
    const auto trap = atomic_address(i, s[0], imm, at);
    if (!failed(trap))
        s[0].u64 = __atomic_load_n(at, __ATOMIC_SEQ_CST);
    return trap;
}
template <class Raw>
Trap do_atomic_store(Instance& i, Slot* s, Imm imm)
{
    Raw* at;
    const auto trap = atomic_address(i, s[0], imm, at);
    if (!failed(trap))
        __atomic_store_n(at, static_cast<Raw>(s[1].u64), __ATOMIC_SEQ_CST);
    return trap;
}
constexpr auto rmw_add = [](auto* at, auto v) { return __atomic_fetch_add(at, v, __ATOMIC_SEQ_CST); };
constexpr auto rmw_sub = [](auto* at, auto v) { return __atomic_fetch_sub(at, v, __ATOMIC_SEQ_CST); };
constexpr auto rmw_and = [](auto* at, auto v) { return __atomic_fetch_and(at, v, __ATOMIC_SEQ_CST); };
constexpr auto rmw_or = [](auto* at, auto v) { return __atomic_fetch_or(at, v, __ATOMIC_SEQ_CST); };
constexpr auto rmw_xor = [](auto* at, auto v) { return __atomic_fetch_xor(at, v, __ATOMIC_SEQ_CST); };
constexpr auto rmw_xchg = [](auto* at, auto v) { return __atomic_exchange_n(at, v, __ATOMIC_SEQ_CST); };
template <class Raw, auto function>
Trap do_atomic_rmw(Instance& i, Slot* s, Imm imm)
{
    Raw* at;
    const auto trap = atomic_address(i, s[0], imm, at);
    if (!failed(trap))
        s[0].u64 = function(at, static_cast<Raw>(s[1].u64));
    return trap;
}
template <class Value, class Raw>
Trap do_atomic_cmpxchg(Instance& i, Slot* s, Imm imm)
{
    Raw* at;
    const auto trap = atomic_address(i, s[0], imm, at);
    if (failed(trap))
        return trap;
    // The expected value is compared in full width: one that the access can't hold never matches.
    const auto expected_wide = static_cast<Value>(s[1].u64);
    auto expected = static_cast<Raw>(expected_wide);
    if (expected != expected_wide)
        s[0].u64 = __atomic_load_n(at, __ATOMIC_SEQ_CST);
    else {
        __atomic_compare_exchange_n(at, &expected, static_cast<Raw>(s[2].u64), false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_SEQ_CST);
        s[0].u64 = expected;
    }
    return Trap::none;
}
Trap do_atomic_fence(Instance&, Slot*, Imm)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return Trap::none;
}
template <auto function>
Trap do_wait_or_notify(Instance& i, Slot* s, Imm imm)
{
    std::uint64_t address;
    if (!effective_address(i, s[0], imm, address))
        return Trap::out_of_bounds_memory_access;
    std::uint32_t result = 0;
    const auto trap = function(i, MemoryIndex(imm.index), address, s, result);
    s[0].u64 = result;
    return trap;
}
constexpr auto notify = [](Instance& i, MemoryIndex m, std::uint64_t at, Slot* s, std::uint32_t& r) {
    return atomic_notify(i, m, at, s[1].u32, r);
};
constexpr auto wait32 = [](Instance& i, MemoryIndex m, std::uint64_t at, Slot* s, std::uint32_t& r) {
    return atomic_wait32(i, m, at, s[1].u32, s[2].i64, r);
};
constexpr auto wait64 = [](Instance& i, MemoryIndex m, std::uint64_t at, Slot* s, std::uint32_t& r) {
    return atomic_wait64(i, m, at, s[1].u64, s[2].i64, r);
};

// Lanes. imm.index2: the lane.
template <class Raw>
Trap lane_address(Instance& i, Slot index, Imm imm, std::byte*& at)
{
    std::uint64_t address;
    if (!effective_address(i, index, imm, address))
        return Trap::out_of_bounds_memory_access;
    const auto range = i.memories[imm.index]->range(address, sizeof(Raw));
    if (!range)
        return Trap::out_of_bounds_memory_access;
    at = range->data();
    return Trap::none;
}
template <class Raw>
Trap do_load_lane(Instance& i, Slot* s, Imm imm)
{
    std::byte* at;
    const auto trap = lane_address<Raw>(i, s[0], imm, at);
    if (failed(trap))
        return trap;
    s[0] = s[1], s[1] = s[2];
    std::memcpy(reinterpret_cast<std::byte*>(s) + imm.index2 * sizeof(Raw), at, sizeof(Raw));
    return Trap::none;
}
template <class Raw>
Trap do_store_lane(Instance& i, Slot* s, Imm imm)
{
    std::byte* at;
    const auto trap = lane_address<Raw>(i, s[0], imm, at);
    if (!failed(trap))
        std::memcpy(at, reinterpret_cast<const std::byte*>(s + 1) + imm.index2 * sizeof(Raw), sizeof(Raw));
    return trap;
}

constexpr auto table = [] {
    std::array<Operation, static_cast<std::size_t>(Op::count_)> t{};
    const auto set = [&](Op op, Operation operation) { t[static_cast<std::size_t>(op)] = operation; };
    set(Op::table_get, do_table_get);
    set(Op::table_set, do_table_set);
    set(Op::table_size, do_table_size);
    set(Op::table_grow, do_table_grow);
    set(Op::table_fill, do_table_fill);
    set(Op::table_copy, do_table_copy);
    set(Op::table_init, do_table_init);
    set(Op::elem_drop, do_elem_drop);
    set(Op::memory_grow, do_memory_grow);
    set(Op::memory_fill, do_memory_fill);
    set(Op::memory_copy, do_memory_copy);
    set(Op::memory_init, do_memory_init);
    set(Op::data_drop, do_data_drop);
    set(Op::ref_func, do_ref_func);
    set(Op::ref_as_non_null, do_ref_as_non_null);
    set(Op::ref_test, test_reference);
    set(Op::ref_test_null, test_reference);
    set(Op::ref_cast, cast_reference);
    set(Op::ref_cast_null, cast_reference);
    set(Op::ref_i31, do_ref_i31);
    set(Op::i31_get_s, do_i31_get_s);
    set(Op::i31_get_u, do_i31_get_u);
    set(Op::struct_new, do_struct_new);
    set(Op::struct_new_default, do_struct_new_default);
    set(Op::struct_get, do_struct_get<Extension::none>);
    set(Op::struct_get_s, do_struct_get<Extension::sign>);
    set(Op::struct_get_u, do_struct_get<Extension::zero>);
    set(Op::struct_set, do_struct_set);
    set(Op::array_new, do_array_new);
    set(Op::array_new_default, do_array_new_default);
    set(Op::array_new_fixed, do_array_new_fixed);
    set(Op::array_new_data, do_array_new_data);
    set(Op::array_new_elem, do_array_new_elem);
    set(Op::array_get, do_array_get<Extension::none>);
    set(Op::array_get_s, do_array_get<Extension::sign>);
    set(Op::array_get_u, do_array_get<Extension::zero>);
    set(Op::array_set, do_array_set);
    set(Op::array_len, do_array_len);
    set(Op::array_fill, do_array_fill);
    set(Op::array_copy, do_array_copy);
    set(Op::array_init_data, do_array_init_data);
    set(Op::array_init_elem, do_array_init_elem);
    set(Op::i64_add128, do_i64_add128);
    set(Op::i64_sub128, do_i64_sub128);
    set(Op::i64_mul_wide_s, do_i64_mul_wide_s);
    set(Op::i64_mul_wide_u, do_i64_mul_wide_u);
    set(Op::atomic_fence, do_atomic_fence);
    set(Op::memory_atomic_notify, do_wait_or_notify<notify>);
    set(Op::memory_atomic_wait32, do_wait_or_notify<wait32>);
    set(Op::memory_atomic_wait64, do_wait_or_notify<wait64>);
    set(Op::v128_load8_lane, do_load_lane<std::uint8_t>);
    set(Op::v128_load16_lane, do_load_lane<std::uint16_t>);
    set(Op::v128_load32_lane, do_load_lane<std::uint32_t>);
    set(Op::v128_load64_lane, do_load_lane<std::uint64_t>);
    set(Op::v128_store8_lane, do_store_lane<std::uint8_t>);
    set(Op::v128_store16_lane, do_store_lane<std::uint16_t>);
    set(Op::v128_store32_lane, do_store_lane<std::uint32_t>);
    set(Op::v128_store64_lane, do_store_lane<std::uint64_t>);
#define TRELLIS_ATOMICS(type, raw, width, suffix)                                                                      \
    set(Op::type##_atomic_load##width##suffix, do_atomic_load<raw>);                                                   \
    set(Op::type##_atomic_store##width, do_atomic_store<raw>);                                                         \
    set(Op::type##_atomic_rmw##width##_add##suffix, do_atomic_rmw<raw, rmw_add>);                                      \
    set(Op::type##_atomic_rmw##width##_sub##suffix, do_atomic_rmw<raw, rmw_sub>);                                      \
    set(Op::type##_atomic_rmw##width##_and##suffix, do_atomic_rmw<raw, rmw_and>);                                      \
    set(Op::type##_atomic_rmw##width##_or##suffix, do_atomic_rmw<raw, rmw_or>);                                        \
    set(Op::type##_atomic_rmw##width##_xor##suffix, do_atomic_rmw<raw, rmw_xor>);                                      \
    set(Op::type##_atomic_rmw##width##_xchg##suffix, do_atomic_rmw<raw, rmw_xchg>);                                    \
    set(Op::type##_atomic_rmw##width##_cmpxchg##suffix, do_atomic_cmpxchg<type##_bits, raw>)
    using i32_bits = std::uint32_t;
    using i64_bits = std::uint64_t;
    TRELLIS_ATOMICS(i32, std::uint32_t, , );
    TRELLIS_ATOMICS(i64, std::uint64_t, , );
    TRELLIS_ATOMICS(i32, std::uint8_t, 8, _u);
    TRELLIS_ATOMICS(i32, std::uint16_t, 16, _u);
    TRELLIS_ATOMICS(i64, std::uint8_t, 8, _u);
    TRELLIS_ATOMICS(i64, std::uint16_t, 16, _u);
    TRELLIS_ATOMICS(i64, std::uint32_t, 32, _u);
#undef TRELLIS_ATOMICS
    return t;
}();

} // namespace

Trap test_reference(Instance& instance, Slot* s, Imm imm)
{
    s[0].u64 = matches_type(instance, s[0].ref, imm);
    return Trap::none;
}

Trap cast_reference(Instance& instance, Slot* s, Imm imm)
{
    return matches_type(instance, s[0].ref, imm) ? Trap::none : Trap::cast_failure;
}

Operation operation_of(Op op)
{
    return table[static_cast<std::size_t>(op)];
}

} // namespace trellis::wasm::interpreter
