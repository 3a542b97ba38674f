// The strict view of the custom sections the specification knows: names and branch hints. Loading never asks for it,
// since a custom section can't make a module fail; test runners and `validate` may.
// https://webassembly.github.io/spec/core/appendix/custom.html
#pragma once

#include "base/result.hpp"
#include "wasm/syntax/module.hpp"

namespace trellis::wasm {

/// Of a valid module. Errors: malformed (does not follow the section's grammar), invalid (names what is not there).
Result<> check_custom_sections(const Module& module);

} // namespace trellis::wasm
