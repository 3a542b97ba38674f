// Which functions ask at their entry whether to stop. Loops ask in every iteration, so only calls are left: those that
// may come back to the same function, and those behind which a lot of work may lie. Leaves never ask.
#pragma once

#include "wasm/syntax/module.hpp"

#include <span>
#include <vector>

namespace trellis::wasm::compiler {

/// By defined function.
std::vector<bool> functions_that_poll(const Module& module);
/// Of some functions, without looking at others: all that call anything.
std::vector<bool> functions_that_poll(const Module& module, std::span<const std::uint32_t> functions);

} // namespace trellis::wasm::compiler
