// The guest frames of one fiber: what a store keeps apart so that guest code on one fiber waits while that on another
// goes on. A store runs one strand at a time; whoever switches fibers switches strands (Store::switch_strand).
#pragma once

#include "wasm/execution/guest_stack.hpp"
#include "wasm/execution/signal_handler.hpp"

namespace trellis::wasm {

/// Meaningful while it does not run.
struct Strand {
    Store::Stack* stack = nullptr;         ///< null: there were no calls yet
    GuestActivation* activation = nullptr; ///< the innermost entry into guest code
    StackState compiled = {};
};

/// Where frames of compiled code go on this stack, which gets room for them. Errors: limit.
Result<> place_compiled_frames(StackState& state, Store::Stack& stack);

} // namespace trellis::wasm
