// Function names for backtraces: looked up in the module's name section when one is needed, so that a module nobody
// asks about costs nothing. A malformed section names what stands before the mistake.
// https://webassembly.github.io/spec/core/appendix/custom.html#name-section
#pragma once

#include "wasm/syntax/module.hpp"

namespace trellis::wasm {

/// The name of a function: from the name section, or else of its first export; empty if it has none. Valid UTF-8, a
/// view into the module. Linear in the size of the section.
std::string_view function_name(const Module& module, FuncIndex function);

} // namespace trellis::wasm
