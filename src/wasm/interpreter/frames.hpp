// A walk over the frames of one activation, innermost first.
#pragma once

#include "wasm/interpreter/activation.hpp"

namespace trellis::wasm::interpreter {

struct Frame {
    ModuleCode* module;
    const FunctionCode* function;
    Code pc; ///< inside the operation that runs, or is being called from
    Slot* slots;

    [[nodiscard]] std::uint32_t offset() const { return static_cast<std::uint32_t>(pc - function->code.data()); }
    [[nodiscard]] const Slot* header() const { return slots + function->parameter_slots; }
    [[nodiscard]] bool is_outermost() const { return header()[0].u64 == exit_address(); }
    /// The frame that called this one; not of the outermost.
    [[nodiscard]] std::optional<Frame> caller() const;
    /// The frame that runs the operation at pc, if that is code of the instance's module.
    static std::optional<Frame> at(const Instance& instance, Code pc, Slot* slots);
};

} // namespace trellis::wasm::interpreter
