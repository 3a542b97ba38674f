// Faults of guest code become traps. A tier enters guest code through run_guarded(); when guest code then touches the
// reserved space of one of its store's memories outside the memory's size, run_guarded returns
// Trap::out_of_bounds_memory_access, and the guest's code pointer and frame at the fault are in the activation. The C++
// frames between are skipped, so nothing there may own anything.
// The handler is installed once per process and passes every other fault on to whatever was installed before.
#pragma once

#include "wasm/execution/store.hpp"

#include <type_traits>

namespace trellis::wasm {

struct GuestActivation;

/// Where control is outside of compiled code. Compiled frames are on a stack of their own; what they call runs on the
/// stack of whoever entered them.
struct StackState {
    void* host_stack = nullptr;        ///< to go on with outside: 16-byte aligned
    const void* guest_stack = nullptr; ///< while outside: top of the compiled frames
    const std::byte* guard = nullptr;  ///< a fault in these bytes means that the guest's stack is exhausted
    std::size_t guard_bytes = 0;
    std::byte* top = nullptr;             ///< where the frames of the outermost activation begin
    GuestActivation* innermost = nullptr; ///< of compiled code
};

/// Installs the handler and gives this thread a signal stack. Called by wasm::call() on a thread that is not.
[[clang::preserve_most]] void prepare_thread_for_guests();
[[gnu::tls_model("initial-exec")]] extern constinit thread_local bool thread_is_prepared;

/// One entry into guest code, on the native stack of whoever enters.
struct GuestActivation {
    /// Adds the guest frames of an activation, innermost first, up to most_backtrace_frames in all.
    using AddFrames = void (*)(const GuestActivation& activation, std::vector<BacktraceFrame>& frames);

    GuestActivation(Store& owner, AddFrames frames) : store(&owner), add_frames(frames) {}

    GuestActivation* previous; ///< around this one
    Store* store;
    AddFrames add_frames;
    /// Set by a tier while a host function runs: a fault there is the host's own mistake and no trap.
    bool in_host = false;
    // Where a fault was: the first two pinned registers of the interpreter (x86-64: r12 and r13), compiled code's
    // instruction and the register that chains frames (x86-64: rbp). Tiers may note here where they leave guest code.
    const void* pc = nullptr;
    void* frame;
    std::uintptr_t fault_address;
    const StackState* stack = nullptr; ///< of compiled code

    void* landing_stack; ///< the native stack pointer to go on with
};

/// The innermost entry into guest code of this thread. Whoever switches fibers saves and restores it.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local GuestActivation* current_activation;

inline constexpr std::size_t most_backtrace_frames = 100;

/// After run_guarded() has returned a trap: notes it for people, with the frames of this and of all outer activations
/// of the store, unless an activation inside has done so. They may be of different tiers.
void report_trap(const GuestActivation& activation, Trap trap);

/// Of functions that end by going on elsewhere: the thread sanitizer counts who was entered and has returned.
#if __has_feature(thread_sanitizer)
#define TRELLIS_NEVER_RETURNS __attribute__((disable_sanitizer_instrumentation))
#else
#define TRELLIS_NEVER_RETURNS
#endif

/// Goes on behind the call of run_guarded that the activation is of, which returns the trap. Skips frames.
[[noreturn]] void leave_guest(const GuestActivation& activation, Trap trap);

namespace detail {
extern "C" Trap trellis_enter_guest(void** landing_stack, Trap (*body)(void*), void* argument);
} // namespace detail

/// As run_guarded(), where `enter(landing)` does itself what trellis_enter_guest does.
template <class Enter>
Trap enter_guarded(GuestActivation& activation, Enter&& enter)
{
    activation.previous = current_activation;
    current_activation = &activation;
    const Trap trap = enter(&activation.landing_stack);
    current_activation = activation.previous;
    return trap;
}

/// Calls `body()`, a callable without arguments that returns a Trap, on a prepared thread. A few nanoseconds on top of
/// the call.
template <class Body>
Trap run_guarded(GuestActivation& activation, Body&& body)
{
    using Callable = std::remove_reference_t<Body>;
    return enter_guarded(activation, [&](void** landing) {
        return detail::trellis_enter_guest(
            landing, [](void* callable) -> Trap { return (*static_cast<Callable*>(callable))(); },
            const_cast<void*>(static_cast<const void*>(&body)));
    });
}

} // namespace trellis::wasm
