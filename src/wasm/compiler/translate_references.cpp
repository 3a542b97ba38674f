// References, tables, objects, and whatever the runtime does.
#include "wasm/compiler/function_translator.hpp"

namespace trellis::wasm::compiler {

using native::Context;
using native::RuntimeFunction;

void FunctionTranslator::ref_null(const Instruction&)
{
    push(number(null_ref));
}

void FunctionTranslator::ref_is_null(const Instruction&)
{
    push(builder_.CreateZExt(builder_.CreateIsNull(pop()), builder_.getInt32Ty()));
}

void FunctionTranslator::ref_func(const Instruction& in)
{
    push(run(RuntimeFunction::ref_func, {number(in.index)}, module_.word()));
}

void FunctionTranslator::ref_eq(const Instruction&)
{
    auto* const second = pop();
    push(builder_.CreateZExt(builder_.CreateICmpEQ(pop(), second), builder_.getInt32Ty()));
}

void FunctionTranslator::trap_if_null(llvm::Value* reference, Trap trap)
{
    trap_if(builder_.CreateIsNull(reference), trap);
}

void FunctionTranslator::ref_as_non_null(const Instruction&)
{
    trap_if_null(stack_.back(), Trap::null_reference);
}

void FunctionTranslator::ref_i31(const Instruction&)
{
    auto* const shifted = builder_.CreateOr(builder_.CreateShl(pop(), 1), 1);
    push(widened(shifted));
}

void FunctionTranslator::i31_get(const Instruction& in)
{
    auto* const reference = pop();
    trap_if_null(reference, Trap::null_i31_reference);
    auto* const bits = builder_.CreateTrunc(reference, builder_.getInt32Ty());
    push(in.op == Op::i31_get_s ? builder_.CreateAShr(bits, 1) : builder_.CreateLShr(bits, 1));
}

void FunctionTranslator::table_get(const Instruction& in)
{
    push(table_element(in.index, pop(), Trap::out_of_bounds_table_access));
}

void FunctionTranslator::table_set(const Instruction& in)
{
    auto* const value = pop();
    auto* const index = pop();
    run(RuntimeFunction::table_set, {number(in.index), widened(index), value});
}

void FunctionTranslator::table_size(const Instruction& in)
{
    auto* const tables = context_word(offsetof(Context, tables), module_.pointer());
    auto* const object = fixed(tables, in.index * sizeof(void*), module_.pointer());
    auto* const size = load_field(object, offsetof(Table, size), module_.word());
    push(builder_.CreateTrunc(size, module_.type(module_.wasm().table_types[in.index].limits.address_type())));
}

namespace {

/// How an instruction becomes a call of the runtime: immediates first, then so many operands.
struct RuntimeRow {
    Op op;
    RuntimeFunction function;
    std::uint8_t immediates; ///< 0, 1: index, 2: index and index2
    std::uint8_t operands;
    enum class Result : std::uint8_t { none, number32, reference, table_address, memory_address } result;
};

using R = RuntimeRow::Result;
constexpr std::array runtime_rows = {
    RuntimeRow{Op::memory_grow, RuntimeFunction::memory_grow, 1, 1, R::memory_address},
    RuntimeRow{Op::memory_fill, RuntimeFunction::memory_fill, 1, 3, R::none},
    RuntimeRow{Op::memory_copy, RuntimeFunction::memory_copy, 2, 3, R::none},
    RuntimeRow{Op::memory_init, RuntimeFunction::memory_init, 2, 3, R::none},
    RuntimeRow{Op::data_drop, RuntimeFunction::data_drop, 1, 0, R::none},
    RuntimeRow{Op::table_grow, RuntimeFunction::table_grow, 1, 2, R::table_address},
    RuntimeRow{Op::table_fill, RuntimeFunction::table_fill, 1, 3, R::none},
    RuntimeRow{Op::table_copy, RuntimeFunction::table_copy, 2, 3, R::none},
    RuntimeRow{Op::table_init, RuntimeFunction::table_init, 2, 3, R::none},
    RuntimeRow{Op::elem_drop, RuntimeFunction::elem_drop, 1, 0, R::none},
    RuntimeRow{Op::struct_new_default, RuntimeFunction::struct_new_default, 1, 0, R::reference},
    RuntimeRow{Op::array_new_default, RuntimeFunction::array_new_default, 1, 1, R::reference},
    RuntimeRow{Op::array_new_data, RuntimeFunction::array_new_data, 2, 2, R::reference},
    RuntimeRow{Op::array_new_elem, RuntimeFunction::array_new_elem, 2, 2, R::reference},
    RuntimeRow{Op::array_len, RuntimeFunction::array_len, 0, 1, R::number32},
    RuntimeRow{Op::array_copy, RuntimeFunction::array_copy, 2, 5, R::none},
    RuntimeRow{Op::array_init_data, RuntimeFunction::array_init_data, 2, 4, R::none},
    RuntimeRow{Op::array_init_elem, RuntimeFunction::array_init_elem, 2, 4, R::none},
    RuntimeRow{Op::memory_atomic_notify, RuntimeFunction::atomic_notify, 1, 2, R::number32},
    RuntimeRow{Op::memory_atomic_wait32, RuntimeFunction::atomic_wait32, 1, 3, R::number32},
    RuntimeRow{Op::memory_atomic_wait64, RuntimeFunction::atomic_wait64, 1, 3, R::number32},
};

} // namespace

void FunctionTranslator::runtime_operation(const Instruction& in)
{
    const auto& row = *std::ranges::find(runtime_rows, in.op, &RuntimeRow::op);
    Values arguments;
    if (row.immediates > 0)
        arguments.push_back(number(in.index));
    if (row.immediates > 1)
        arguments.push_back(number(in.index2));
    auto operands = pop(row.operands);
    if (info(in.op).shape == Shape::special && info(in.op).immediate == Immediate::memory_access)
        operands[0] = effective_address(in, operands[0]);
    arguments.insert(arguments.end(), operands.begin(), operands.end());
    const auto& wasm = module_.wasm();
    const auto result = [&]() -> llvm::Type* {
        switch (row.result) {
        case R::none:
            return nullptr;
        case R::number32:
            return builder_.getInt32Ty();
        case R::reference:
            return module_.word();
        case R::table_address:
            return module_.type(wasm.table_types[in.index].limits.address_type());
        case R::memory_address:
            return module_.type(wasm.memory_types[in.index].limits.address_type());
        }
        return nullptr;
    }();
    if (auto* const value = run(row.function, arguments, result))
        push(value);
}

// Objects

void FunctionTranslator::struct_new(const Instruction& in)
{
    const auto& fields = std::get<StructType>(module_.wasm().types[in.index].composite).fields;
    auto arguments = pop(fields.size());
    arguments.insert(arguments.begin(), number(in.index));
    push(run(RuntimeFunction::struct_new, arguments, module_.word()));
}

namespace {

std::uint64_t extension_of(Op op)
{
    const auto text = info(op).text;
    return static_cast<std::uint64_t>(text.ends_with("_s") ? 1 : text.ends_with("_u") ? 2 : 0);
}

} // namespace

void FunctionTranslator::struct_get(const Instruction& in)
{
    const auto& fields = std::get<StructType>(module_.wasm().types[in.index].composite).fields;
    auto* const object = pop();
    push(run(RuntimeFunction::struct_get, {number(in.index), number(in.index2), number(extension_of(in.op)), object},
             module_.type(fields[in.index2].storage.unpacked())));
}

void FunctionTranslator::struct_set(const Instruction& in)
{
    auto* const value = pop();
    auto* const object = pop();
    run(RuntimeFunction::struct_set, {number(in.index), number(in.index2), object, value});
}

void FunctionTranslator::array_new(const Instruction& in)
{
    auto* const length = pop();
    auto* const value = pop();
    push(run(RuntimeFunction::array_new, {number(in.index), length, value}, module_.word()));
}

void FunctionTranslator::array_new_fixed(const Instruction& in)
{
    auto arguments = pop(in.index2);
    arguments.insert(arguments.begin(), {number(in.index), number(in.index2)});
    push(run(RuntimeFunction::array_new_fixed, arguments, module_.word()));
}

void FunctionTranslator::array_get(const Instruction& in)
{
    const auto& element = std::get<ArrayType>(module_.wasm().types[in.index].composite).element;
    auto* const index = pop();
    auto* const object = pop();
    push(run(RuntimeFunction::array_get, {number(in.index), number(extension_of(in.op)), object, index},
             module_.type(element.storage.unpacked())));
}

void FunctionTranslator::array_set(const Instruction& in)
{
    auto* const value = pop();
    auto* const index = pop();
    auto* const object = pop();
    run(RuntimeFunction::array_set, {number(in.index), object, index, value});
}

void FunctionTranslator::array_fill(const Instruction& in)
{
    auto* const count = pop();
    auto* const value = pop();
    auto* const index = pop();
    auto* const object = pop();
    run(RuntimeFunction::array_fill, {number(in.index), object, index, count, value});
}

// Types of references

llvm::Value* FunctionTranslator::is_of_type(llvm::Value* reference, ValType target)
{
    const auto heap = static_cast<std::uint32_t>(target.heap().encoding());
    auto* const result =
        run(RuntimeFunction::ref_test, {reference, number(heap), number(target.nullable())}, module_.word());
    return builder_.CreateIsNotNull(result);
}

void FunctionTranslator::ref_test(const Instruction& in)
{
    push(builder_.CreateZExt(is_of_type(pop(), in.type), builder_.getInt32Ty()));
}

void FunctionTranslator::ref_cast(const Instruction& in)
{
    trap_if(builder_.CreateNot(is_of_type(stack_.back(), in.type)), Trap::cast_failure);
}

} // namespace trellis::wasm::compiler
