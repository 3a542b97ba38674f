// The stack that compiled code runs on, with a guard area below it: only compiled code ever reaches that, so a fault
// there means that the guest's stack is exhausted. One per store, made by its first call.
#pragma once

#include "wasm/native/context.hpp"

namespace trellis::wasm::native {

/// What the native tier keeps per store.
struct StoreState : StackState {
    /// Compiled code has left its outermost frame to tail-call a function that another tier runs; with its arguments.
    Function* tail_call = nullptr;
    std::vector<Slot> tail_arguments;
    std::uint32_t raised_at = 0; ///< offset in the module's binary of the instruction that called `raise`

    // For the backtrace of an exception that nobody catches: it may be passed on by functions whose frames are gone
    // then.
    std::vector<const void*> thrown_through; ///< calls that it came out of
    bool passes_on = false;                  ///< the next throw goes on with an exception
    bool is_uncaught = false;                ///< thrown_through is where it came from
};

/// Errors: limit.
Result<StoreState*> state_of(Store& store);

} // namespace trellis::wasm::native
