// Reads one instruction after another from a function body or constant expression.
#pragma once

#include "base/result.hpp"
#include "wasm/syntax/instruction.hpp"
#include "wasm/syntax/module.hpp"

namespace trellis::wasm {

/// A cursor over the instructions in a range of a module's binary. Not thread-safe; the module may be shared.
class InstructionReader {
public:
    InstructionReader(const Module& module, ByteRange range);

    [[nodiscard]] bool at_end() const { return position_ == end_; }
    /// Offset of the next byte from the start of the module.
    [[nodiscard]] std::uint32_t offset() const;
    /// The locals in front of a function body, as runs: (count, type).
    struct LocalRun {
        std::uint32_t count;
        ValType type;
    };
    Result<std::span<const LocalRun>> read_locals();
    /// Fills `instruction`; its spans hold until the next call. Errors: malformed, with offset.
    Result<> read(Instruction& instruction);

private:
    const Module* module_;
    const std::uint8_t* position_;
    const std::uint8_t* end_;
};

} // namespace trellis::wasm
