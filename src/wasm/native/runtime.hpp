// The functions that compiled code calls, and the ways in and out of it. Compiled code calls a runtime function with
// its context and a frame of slots; the entry it calls switches to the stack outside, and where the function returns a
// trap, it never returns: the innermost entry into compiled code does, with the trap.
#pragma once

#include "wasm/native/context.hpp"

namespace trellis::wasm::native {

/// By RuntimeFunction: what Context::runtime points to.
const void* const* runtime_entries();

/// Calls a function that another tier runs, which is its context; as if that were a function of the host.
Trap call_elsewhere(void* function, Caller caller, Slot* frame);

/// Compiled code's wrapper of a function type: calls `entry` with the arguments in `frame` and writes the results over
/// them.
using Wrapper = void (*)(Context* context, void* entry, Slot* frame);

/// Calls a wrapper on the stack that ends at `top` (16-byte aligned), with `landing` as enter_guest() has it.
extern "C" Trap trellis_enter_native(void** landing, std::byte* top, void* wrapper, Context* context, void* entry,
                                     Slot* frame);

} // namespace trellis::wasm::native
