// Instructions: the enum and the facts that follow from instructions.def, and the decoded form of one instruction that
// decoder, validator, printer and the tiers pass along.
#pragma once

#include "wasm/syntax/features.hpp"
#include "wasm/syntax/types.hpp"

#include <array>
#include <span>
#include <string_view>

namespace trellis::wasm {

/// One enumerator per row of instructions.def, in its order: Op::i32_add.
enum class Op : std::uint16_t {
#define TRELLIS_INSTRUCTION(name, text, prefix, code, signature, immediate, feature, shape) name,
#include "wasm/syntax/instructions.def"
#undef TRELLIS_INSTRUCTION
    count_,
};

/// What stands behind an opcode in the binary format, and where it lands in Instruction.
enum class Immediate : std::uint8_t {
    none,
    block,              ///< block_type
    label,              ///< index: relative depth
    labels,             ///< targets, and index: the default
    function,           ///< index
    type,               ///< index
    type_table,         ///< index: type, index2: table
    value_types,        ///< types (select)
    local,              ///< index
    global,             ///< index
    table,              ///< index
    memory,             ///< index
    tag,                ///< index
    memory_access,      ///< index: memory, value: offset, align_log2
    memory_access_lane, ///< the same and lane
    i32,                ///< value, sign-extended
    i64,                ///< value
    f32,                ///< value: the bits
    f64,                ///< value: the bits
    v128,               ///< bytes
    shuffle,            ///< bytes: 16 lane numbers
    lane,               ///< lane
    heap_type,          ///< type: a reference type (ref.null ht: nullable; ref.test and ref.cast: as the opcode says)
    type_field,         ///< index: type, index2: field
    type_count,         ///< index: type, index2: number of operands
    type_data,          ///< index: type, index2: data segment
    type_element,       ///< index: type, index2: element segment
    type_type,          ///< index: destination type, index2: source type
    cast,               ///< index: label, type: source type, type2: target type
    data,               ///< index
    element,            ///< index
    data_memory,        ///< index: data segment, index2: memory
    element_table,      ///< index: element segment, index2: table
    memory_memory,      ///< index: destination, index2: source
    table_table,        ///< index: destination, index2: source
    zero_byte,          ///< one byte, must be 0 (atomic.fence)
    try_table,          ///< block_type and catches
};

/// How the numeric part of an instruction is written; see instructions.def.
enum class Shape : std::uint8_t {
    pure,
    trapping,
    wide,
    load,
    store,
    load_lane,
    store_lane,
    extract_lane,
    replace_lane,
    atomic_load,
    atomic_store,
    atomic_rmw,
    atomic_cmpxchg,
    special,
};

struct InstructionInfo {
    std::string_view text; ///< "i32.add"
    std::uint8_t prefix;   ///< 0, or 0xfb .. 0xfe
    std::uint16_t code;
    std::string_view signature; ///< see instructions.def
    Immediate immediate;
    Feature feature;
    Shape shape;
};

extern const std::array<InstructionInfo, static_cast<std::size_t>(Op::count_)> instruction_table;

inline const InstructionInfo& info(Op op)
{
    return instruction_table[static_cast<std::size_t>(op)];
}

extern const std::array<std::uint8_t, static_cast<std::size_t>(Op::count_)> access_sizes_log2;

/// log2 of the bytes a memory access touches, which is also its natural alignment. Of loads, stores and atomics only.
inline std::uint8_t access_size_log2(Op op)
{
    return access_sizes_log2[static_cast<std::size_t>(op)];
}

/// A block's type: none, one result, or a function type of the module.
struct BlockType {
    enum class Form : std::uint8_t { empty, value, type } form = Form::empty;
    ValType value;
    TypeIndex type{};
    friend bool operator==(const BlockType&, const BlockType&) = default;
};

/// One clause of try_table.
struct CatchClause {
    enum class Form : std::uint8_t { catch_ = 0, catch_ref = 1, catch_all = 2, catch_all_ref = 3 } form;
    TagIndex tag{};      ///< of catch_ and catch_ref
    std::uint32_t label; ///< relative depth, counted outside the try_table
};

/// An instruction with its immediates; which fields count is told by Immediate. The spans point into the reader's
/// buffers and hold until the next instruction is read.
struct Instruction {
    Op op{};
    std::uint8_t align_log2 = 0;
    std::uint8_t lane = 0;
    std::uint32_t offset = 0; ///< of the opcode, in bytes from the start of the module
    std::uint32_t index = 0;
    std::uint32_t index2 = 0;
    std::uint64_t value = 0;
    ValType type;
    ValType type2;
    BlockType block_type;
    std::array<std::uint8_t, 16> bytes{};
    std::span<const std::uint32_t> targets;
    std::span<const ValType> types;
    std::span<const CatchClause> catches;
};

} // namespace trellis::wasm
