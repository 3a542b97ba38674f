#include "wasm/preinit/constant_of.hpp"

#include "wasm/execution/heap.hpp"

#include <algorithm>
#include <cstring>

namespace trellis::wasm {
namespace {

void write_number(Writer& writer, Op op, std::uint64_t bits)
{
    Instruction instruction;
    instruction.op = op;
    instruction.value = bits;
    writer.instruction(instruction);
}

void write_vector(Writer& writer, const Slot* value)
{
    Instruction instruction;
    instruction.op = Op::v128_const;
    std::memcpy(instruction.bytes.data(), value, instruction.bytes.size());
    writer.instruction(instruction);
}

void write_null(Writer& writer, ValType type)
{
    Instruction instruction;
    instruction.op = Op::ref_null;
    instruction.type = type;
    writer.instruction(instruction);
}

void write_op(Writer& writer, Op op, std::uint32_t index = 0)
{
    Instruction instruction;
    instruction.op = op;
    instruction.index = index;
    writer.instruction(instruction);
}

std::unexpected<Error> unwritable(std::string message)
{
    return fail(ErrorCode::unsupported, std::move(message));
}

std::unexpected<Error> unwritable_object(const Instance& instance, Ref ref)
{
    switch (instance.store->heap().layout(ref).kind) {
    case ObjectLayout::Kind::host:
        return unwritable("a reference of the host's");
    case ObjectLayout::Kind::exception:
        return unwritable("an exception");
    default:
        return unwritable("an object of the garbage-collected heap that the initialisation made or changed");
    }
}

Result<> write_reference(Writer& writer, const Instance& instance, ValType type, Ref ref)
{
    const std::span types(instance.types, instance.module->types.size());
    if (ref == null_ref) {
        write_null(writer, type);
    } else if (!is_heap_reference(type, types)) {
        write_op(writer, Op::ref_func, number(TRELLIS_TRY(function_index(instance, ref))));
    } else if (is_i31(ref)) {
        write_number(writer, Op::i32_const, ref >> 1);
        write_op(writer, Op::ref_i31);
        if (type.heap() == HeapType::extern_)
            write_op(writer, Op::extern_convert_any);
    } else {
        return unwritable_object(instance, ref);
    }
    return {};
}

} // namespace

Result<FuncIndex> function_index(const Instance& instance, Ref ref)
{
    auto* const function = reinterpret_cast<Function*>(ref);
    if (function->instance == &instance)
        return function->index;
    const std::span imported(instance.functions, instance.module->imported_functions);
    const auto found = std::ranges::find(imported, function);
    if (found == imported.end())
        return unwritable(function->instance ? "a function of another module" : "a function of the host's");
    return FuncIndex{static_cast<std::uint32_t>(found - imported.begin())};
}

void write_address(Writer& writer, bool is_64, std::uint64_t address)
{
    write_number(writer, is_64 ? Op::i64_const : Op::i32_const, address);
    write_op(writer, Op::end);
}

Result<> write_constant(Writer& writer, const Instance& instance, ValType type, const Slot* value)
{
    if (type == i32)
        write_number(writer, Op::i32_const, value->u32);
    else if (type == i64)
        write_number(writer, Op::i64_const, value->u64);
    else if (type == f32)
        write_number(writer, Op::f32_const, value->u32);
    else if (type == f64)
        write_number(writer, Op::f64_const, value->u64);
    else if (type == v128)
        write_vector(writer, value);
    else
        TRELLIS_TRY(write_reference(writer, instance, type, value->ref));
    write_op(writer, Op::end);
    return {};
}

} // namespace trellis::wasm
