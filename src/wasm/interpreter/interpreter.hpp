// The interpreter tier: three-address internal code made per function on its first call, run by handlers that jump to
// each other with everything hot in registers. It is the portable tier, the first tier, and the oracle for the
// compiler.
#pragma once

#include "wasm/execution/store.hpp"

namespace trellis::wasm {

extern const Tier interpreter_tier;

} // namespace trellis::wasm
