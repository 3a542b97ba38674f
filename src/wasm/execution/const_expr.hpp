// Evaluates constant expressions of a module that was validated: initial values, offsets and elements of segments.
// https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions
#pragma once

#include "wasm/execution/store.hpp"

namespace trellis::wasm {

/// The value in one or (v128) two slots. Operands live on the guest stack, where the collector finds them. Traps:
/// call_stack_exhausted, and what making an object may trap with.
Trap evaluate(Instance& instance, const ConstExpr& expression, std::array<Slot, 2>& result);

} // namespace trellis::wasm
