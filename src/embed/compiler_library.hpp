// Opens the compiler when it is needed for the first time. Any thread.
#pragma once

#include "base/result.hpp"
#include "wasm/syntax/module.hpp"

namespace trellis::embed {

/// Compiles the module and attaches the code to it. Errors: not_found (the compiler is not installed), unsupported
/// (names the instruction), limit.
Result<> compile(const wasm::Module& module);

} // namespace trellis::embed
