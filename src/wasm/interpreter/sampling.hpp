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

/// Of the guest on this thread; nothing where its innermost frame is not the interpreter's, or it has none yet.
std::optional<Sample> take_sample();

} // namespace trellis::wasm::interpreter
