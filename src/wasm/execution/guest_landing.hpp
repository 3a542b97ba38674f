// The part of signal_handler that depends on the processor, guest_landing_PROCESSOR.cpp: trellis_enter_guest keeps the
// stack pointer and calls; the landing is the place behind that call. Whoever leaves guest code goes on there.
#pragma once

#include "wasm/execution/signal_handler.hpp"

#include <ucontext.h>

#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif

namespace trellis::wasm {

/// Frames that are skipped leave marks in the address sanitizer's map of the stack.
inline void forget_frames([[maybe_unused]] const char* begin, [[maybe_unused]] const char* end)
{
#if __has_feature(address_sanitizer)
    __asan_unpoison_memory_region(begin, static_cast<std::size_t>(end - begin));
#endif
}

/// Notes the fault's registers, and changes them so that the handler's return goes on at the landing with the trap.
void leave_for_landing(GuestActivation& activation, ucontext_t& context, Trap trap);

} // namespace trellis::wasm
