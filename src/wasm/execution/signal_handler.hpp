// Faults of guest code become traps. A tier enters guest code through run_guarded(); when guest code then touches the
// reserved space of one of its store's memories outside the memory's size, run_guarded returns
// Trap::out_of_bounds_memory_access, and the guest's code pointer and frame at the fault are in the activation. The C++
// frames between are skipped, so nothing there may own anything.
// The handler is installed once per process and passes every other fault on to whatever was installed before.
#pragma once

#include "wasm/execution/store.hpp"

#include <type_traits>

namespace trellis::wasm {

/// One entry into guest code, on the native stack of whoever enters.
struct GuestActivation {
    /// Adds the guest frames of an activation, innermost first, up to most_backtrace_frames in all.
    using AddFrames = void (*)(const GuestActivation& activation, std::vector<BacktraceFrame>& frames);

    GuestActivation(Store& owner, AddFrames frames) : store(&owner), add_frames(frames) {}

    GuestActivation* previous = nullptr;
    Store* store;
    AddFrames add_frames;
    /// Set by a tier while a host function runs: a fault there is the host's own mistake and no trap.
    bool in_host = false;
    // Of the fault, where there was one: the first two pinned registers of guest code (x86-64: r12 and r13).
    const void* pc = nullptr;
    Slot* frame = nullptr;
    std::uintptr_t fault_address = 0;
    // The same for compiled code: the instruction, and the register that frames are chained by (x86-64: rbp).
    const void* instruction = nullptr;
    const void* frame_pointer = nullptr;
    /// Of a tier that notes it there: not null while a host function runs.
    const void* const* outside = nullptr;
    /// A fault in these bytes means that the guest's stack is exhausted.
    const std::byte* guard = nullptr;
    std::size_t guard_bytes = 0;

    void* landing_stack = nullptr; ///< the native stack pointer to go on with
};

/// The innermost entry into guest code of this thread. Whoever switches fibers saves and restores it.
extern constinit thread_local GuestActivation* current_activation;

inline constexpr std::size_t most_backtrace_frames = 100;

/// After run_guarded() has returned a trap: notes it for people, with the frames of this and of all outer activations
/// of the store, unless an activation inside has done so. They may be of different tiers.
void report_trap(const GuestActivation& activation, Trap trap);

/// Installs the handler and gives this thread a signal stack, if that was not done yet. Called by run_guarded.
void prepare_thread_for_guests();

/// Goes on behind the call of run_guarded that the activation is of, which returns the trap. Skips frames.
[[noreturn]] void leave_guest(const GuestActivation& activation, Trap trap);

namespace detail {
extern "C" Trap trellis_enter_guest(void** landing_stack, Trap (*body)(void*), void* argument);
} // namespace detail

/// Calls `body()`, a callable without arguments that returns a Trap. A few nanoseconds on top of the call.
template <class Body>
Trap run_guarded(GuestActivation& activation, Body&& body)
{
    activation.previous = current_activation;
    if (!activation.previous)
        prepare_thread_for_guests();
    current_activation = &activation;
    using Callable = std::remove_reference_t<Body>;
    const Trap trap = detail::trellis_enter_guest(
        &activation.landing_stack, [](void* callable) -> Trap { return (*static_cast<Callable*>(callable))(); },
        const_cast<void*>(static_cast<const void*>(&body)));
    current_activation = activation.previous;
    return trap;
}

} // namespace trellis::wasm
