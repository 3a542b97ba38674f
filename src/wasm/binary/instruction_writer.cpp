// The part of Writer that encodes instructions: one case per form of immediate.
// https://webassembly.github.io/spec/core/binary/instructions.html
#include "wasm/binary/writer.hpp"

namespace trellis::wasm {

void Writer::instruction(const Instruction& instruction)
{
    const auto& row = info(instruction.op);
    if (row.prefix != 0) {
        byte(row.prefix);
        u32(row.code);
    } else {
        byte(static_cast<std::uint8_t>(row.code));
    }
    immediates(instruction);
}

void Writer::memory_access(const Instruction& instruction)
{
    const bool other_memory = instruction.index != 0;
    u32(instruction.align_log2 | (other_memory ? 0x40u : 0u));
    if (other_memory)
        u32(instruction.index);
    u64(instruction.value);
}

void Writer::catches(std::span<const CatchClause> clauses)
{
    u64(clauses.size());
    for (const auto& clause : clauses) {
        byte(static_cast<std::uint8_t>(clause.form));
        if (clause.form == CatchClause::Form::catch_ || clause.form == CatchClause::Form::catch_ref)
            u32(number(clause.tag));
        u32(clause.label);
    }
}

void Writer::immediates(const Instruction& instruction)
{
    switch (info(instruction.op).immediate) {
    case Immediate::none:
        return;
    case Immediate::block:
        return block_type(instruction.block_type);
    case Immediate::label:
    case Immediate::function:
    case Immediate::type:
    case Immediate::local:
    case Immediate::global:
    case Immediate::table:
    case Immediate::memory:
    case Immediate::tag:
    case Immediate::data:
    case Immediate::element:
        return u32(instruction.index);
    case Immediate::labels:
        u64(instruction.targets.size());
        for (const auto target : instruction.targets)
            u32(target);
        return u32(instruction.index);
    case Immediate::value_types:
        return value_types(instruction.types);
    case Immediate::memory_access:
        return memory_access(instruction);
    case Immediate::memory_access_lane:
        memory_access(instruction);
        return byte(instruction.lane);
    case Immediate::i32:
        return s64(static_cast<std::int32_t>(instruction.value));
    case Immediate::i64:
        return s64(static_cast<std::int64_t>(instruction.value));
    case Immediate::f32:
        return fixed(instruction.value, 4);
    case Immediate::f64:
        return fixed(instruction.value, 8);
    case Immediate::v128:
    case Immediate::shuffle:
        return raw(instruction.bytes);
    case Immediate::lane:
        return byte(instruction.lane);
    case Immediate::heap_type:
        return heap_type(instruction.type.heap());
    case Immediate::type_table:
    case Immediate::type_field:
    case Immediate::type_count:
    case Immediate::type_data:
    case Immediate::type_element:
    case Immediate::type_type:
    case Immediate::data_memory:
    case Immediate::element_table:
    case Immediate::memory_memory:
    case Immediate::table_table:
        u32(instruction.index);
        return u32(instruction.index2);
    case Immediate::cast:
        byte(static_cast<std::uint8_t>((instruction.type.nullable() ? 1 : 0) | (instruction.type2.nullable() ? 2 : 0)));
        u32(instruction.index);
        heap_type(instruction.type.heap());
        return heap_type(instruction.type2.heap());
    case Immediate::zero_byte:
        return byte(0);
    case Immediate::try_table:
        block_type(instruction.block_type);
        return catches(instruction.catches);
    }
}

} // namespace trellis::wasm
