// Where interpreted guests spend their time: whoever wants to know asks for polls and looks at the guest's position
// there.
#pragma once

#include "wasm/interpreter/activation.hpp"

namespace trellis::wasm::interpreter {

/// The position of a guest that polls.
struct Sample {
    Instance* instance;
    ModuleCode* code;
    FuncIndex function;
    std::optional<std::uint32_t> loop; ///< it begins an iteration of this one: offset of the instruction in the binary
    std::optional<FuncIndex> caller;
};

/// Nothing where the innermost guest frame is not the interpreter's. On the guest's thread.
std::optional<Sample> sample_of(const GuestActivation& activation);

} // namespace trellis::wasm::interpreter
