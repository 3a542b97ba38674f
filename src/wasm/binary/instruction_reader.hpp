// Reads one instruction after another from a function body or constant expression. `read` is for everybody;
// `read_opcode` and `read_immediate` are the same in two steps, for a walker that dispatches on the opcode only once.
// https://webassembly.github.io/spec/core/binary/instructions.html
#pragma once

#include "base/result.hpp"
#include "wasm/binary/cursor.hpp"
#include "wasm/binary/type_reader.hpp"
#include "wasm/syntax/instruction.hpp"
#include "wasm/syntax/module.hpp"

#include <algorithm>

namespace trellis::wasm {

namespace opcodes {

/// Op by opcode; Op::count_ where there is none.
template <std::uint8_t prefix, std::size_t size>
consteval std::array<Op, size> table()
{
    std::array<Op, size> ops{};
    ops.fill(Op::count_);
#define TRELLIS_INSTRUCTION(name, text, row_prefix, code, signature, immediate, feature, shape)                        \
    if (row_prefix == prefix)                                                                                          \
        ops.at(code) = Op::name;
#include "wasm/syntax/instructions.def"
#undef TRELLIS_INSTRUCTION
    return ops;
}

inline constexpr auto single = table<0x00, 0x100>();
inline constexpr auto gc = table<0xfb, 0x20>();
inline constexpr auto miscellaneous = table<0xfc, 0x20>();
inline constexpr auto vector = table<0xfd, 0x120>();
inline constexpr auto atomic = table<0xfe, 0x80>();

inline constexpr std::array<Feature, static_cast<std::size_t>(Op::count_)> features = {
#define TRELLIS_INSTRUCTION(name, text, prefix, code, signature, immediate, feature, shape) Feature::feature,
#include "wasm/syntax/instructions.def"
#undef TRELLIS_INSTRUCTION
};

} // namespace opcodes

/// The instructions of one byte that a feature set has; Op::count_ where there is none. For whoever reads many.
class SingleByteOps {
public:
    explicit SingleByteOps(Features features);
    Op operator[](std::uint8_t byte) const { return ops_[byte]; }

private:
    std::array<Op, opcodes::single.size()> ops_;
};

/// A cursor over the instructions in a range of a module's binary. Not thread-safe; the module may be shared.
class InstructionReader {
public:
    InstructionReader(const Module& module, ByteRange range);

    [[nodiscard]] bool at_end() const { return cursor_.at_end(); }
    /// Offset of the next byte from the start of the module.
    [[nodiscard]] std::uint32_t offset() const { return cursor_.offset(); }
    /// The locals in front of a function body, as runs: (count, type).
    struct LocalRun {
        std::uint32_t count;
        ValType type;
    };
    Result<std::span<const LocalRun>> read_locals();
    /// Fills `instruction`; its spans hold until the next call. Errors: malformed, with offset.
    Result<> read(Instruction& instruction);

    /// Goes on with another range of the same module, keeping the buffers.
    void restart(ByteRange range);
    /// Where the next call of `read` starts. A walker keeps the position in a register: through memory it would be
    /// the longest chain of dependent steps that reading has.
    using Position = const std::uint8_t*;
    [[nodiscard]] Position position() const { return cursor_.position(); }
    void seek(Position position) { cursor_.seek(position); }
    /// Fills op and offset. False: failed, see error().
    template <class SingleByte>
    bool read_opcode(const SingleByte& ops, Position& position, Instruction& instruction)
    {
        instruction.offset = static_cast<std::uint32_t>(position - cursor_.start());
        if (position == cursor_.end()) [[unlikely]]
            return cursor_.fail_at_end();
        instruction.op = ops[*position++];
        return instruction.op != Op::count_ || read_rare_opcode(position, instruction);
    }
    /// The immediates of an opcode just read. False: failed, see error().
    template <Immediate immediate>
    bool read_immediate(Position& position, Instruction& instruction)
    {
        if (immediate == Immediate::none || read_short_immediate<immediate>(position, instruction)) [[likely]]
            return true;
        cursor_.seek(position);
        const bool ok = read_any_immediate<immediate>(instruction);
        position = cursor_.position();
        return ok;
    }
    /// Of the call that failed.
    [[nodiscard]] Error error() const { return cursor_.error(); }

private:
    static constexpr std::uint32_t multi_memory_flag = 0x40;
    static constexpr std::uint8_t empty_block = 0x40;

    static constexpr bool is_index(Immediate immediate)
    {
        using enum Immediate;
        constexpr std::array indices = {label, function, type, local, global, table, tag, data, element};
        return std::ranges::find(indices, immediate) != indices.end();
    }

    /// What nearly all immediates are: bytes that stand for themselves. False: nothing was read.
    template <Immediate immediate>
    bool read_short_immediate(Position& position, Instruction& instruction);
    template <Immediate immediate>
    bool read_any_immediate(Instruction& instruction);
    bool read_rare_opcode(Position& position, Instruction& instruction);
    bool read_immediates(Position& position, Instruction& instruction);
    void read_memory_access(Instruction& instruction);
    void read_labels(Instruction& instruction);
    void read_value_types(Instruction& instruction);
    void read_bytes(Instruction& instruction);
    void read_shuffle(Instruction& instruction);
    void read_cast(Instruction& instruction);
    void read_zero_byte();
    void read_catches(Instruction& instruction);
    void read_memory_index(std::uint32_t& index) { read_index(Feature::multi_memory, index); }
    void read_table_index(std::uint32_t& index) { read_index(Feature::reference_types, index); }
    void read_index(Feature of_many, std::uint32_t& index);
    ValType read_cast_target(Op op);

    const Module* module_;
    Features features_;
    Cursor cursor_;
    std::vector<LocalRun> locals_;
    std::vector<std::uint32_t> targets_;
    std::vector<ValType> types_;
    std::vector<CatchClause> catches_;
};

template <Immediate immediate>
bool InstructionReader::read_short_immediate(Position& position, Instruction& instruction)
{
    const auto left = cursor_.end() - position;
    if constexpr (is_index(immediate)) {
        if (left >= 1 && *position < 0x80) [[likely]] {
            instruction.index = *position++;
            return true;
        }
        if (left >= 2 && position[1] < 0x80) [[likely]] {
            instruction.index = (position[0] & 0x7fu) | static_cast<std::uint32_t>(position[1]) << 7;
            position += 2;
            return true;
        }
    } else if constexpr (immediate == Immediate::i32 || immediate == Immediate::i64) {
        if (left >= 1 && *position < 0x80) [[likely]] {
            instruction.value = static_cast<std::uint64_t>(static_cast<std::int8_t>(*position++ << 1) >> 1);
            return true;
        }
    } else if constexpr (immediate == Immediate::memory_access) {
        if (left >= 2 && position[0] < multi_memory_flag && position[1] < 0x80) [[likely]] {
            instruction.align_log2 = position[0];
            instruction.index = 0;
            instruction.value = position[1];
            position += 2;
            return true;
        }
    } else if constexpr (immediate == Immediate::block) {
        if (left >= 1 && *position == empty_block) [[likely]] {
            instruction.block_type = {};
            ++position;
            return true;
        }
    }
    return false;
}

template <Immediate immediate>
bool InstructionReader::read_any_immediate(Instruction& instruction)
{
    using enum Immediate;
    constexpr auto is = [](auto... any) { return ((immediate == any) || ...); };
    if constexpr (immediate == none)
        return true;
    else if constexpr (is_index(immediate))
        instruction.index = cursor_.u32();
    else if constexpr (immediate == type_table) {
        instruction.index = cursor_.u32();
        read_table_index(instruction.index2);
    } else if constexpr (is(type_field, type_count, type_data, type_element, type_type, element_table, table_table)) {
        instruction.index = cursor_.u32();
        instruction.index2 = cursor_.u32();
    } else if constexpr (immediate == memory)
        read_memory_index(instruction.index);
    else if constexpr (immediate == data_memory) {
        instruction.index = cursor_.u32();
        read_memory_index(instruction.index2);
    } else if constexpr (immediate == memory_memory) {
        read_memory_index(instruction.index);
        read_memory_index(instruction.index2);
    } else if constexpr (immediate == Immediate::i32)
        instruction.value = static_cast<std::uint64_t>(std::int64_t(cursor_.s32()));
    else if constexpr (immediate == Immediate::i64)
        instruction.value = static_cast<std::uint64_t>(cursor_.s64());
    else if constexpr (immediate == Immediate::f32)
        instruction.value = cursor_.little_endian<std::uint32_t>();
    else if constexpr (immediate == Immediate::f64)
        instruction.value = cursor_.little_endian<std::uint64_t>();
    else if constexpr (immediate == lane)
        instruction.lane = cursor_.byte();
    else if constexpr (immediate == memory_access)
        read_memory_access(instruction);
    else if constexpr (immediate == memory_access_lane) {
        read_memory_access(instruction);
        instruction.lane = cursor_.byte();
    } else if constexpr (immediate == block)
        instruction.block_type = read_block_type(cursor_, features_);
    else if constexpr (immediate == labels)
        read_labels(instruction);
    else if constexpr (immediate == value_types)
        read_value_types(instruction);
    else if constexpr (immediate == Immediate::v128)
        read_bytes(instruction);
    else if constexpr (immediate == shuffle)
        read_shuffle(instruction);
    else if constexpr (immediate == heap_type)
        instruction.type = read_cast_target(instruction.op);
    else if constexpr (immediate == cast)
        read_cast(instruction);
    else if constexpr (immediate == zero_byte)
        read_zero_byte();
    else {
        static_assert(immediate == try_table);
        instruction.block_type = read_block_type(cursor_, features_);
        read_catches(instruction);
    }
    return cursor_.ok();
}

} // namespace trellis::wasm
