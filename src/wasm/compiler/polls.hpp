// Which functions ask at their entry whether to stop. Loops ask in every iteration, so only calls are left: those that
// may come back to the same function, and those behind which a lot of work may lie. Leaves never ask.
#pragma once

#include "wasm/syntax/module.hpp"

#include <vector>

namespace trellis::wasm::compiler {

/// By defined function.
std::vector<bool> functions_that_poll(const Module& module);

} // namespace trellis::wasm::compiler
