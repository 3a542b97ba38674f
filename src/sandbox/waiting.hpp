// How a host function waits for the outside. Every wait goes through a Waiter, so that an event loop can put another
// one in place that suspends the guest's fiber; the one here blocks the thread until an interruption of the store wakes
// it. One thread at a time, the store's.
#pragma once

#include "sandbox/system.hpp"
#include "wasm/execution/store.hpp"

#include <chrono>
#include <optional>
#include <poll.h>
#include <span>

namespace trellis::sandbox {

using Instant = std::chrono::steady_clock::time_point;

class Waiter {
public:
    virtual ~Waiter() = default;
    /// Returns when one of the descriptors is ready (`revents` say which), the deadline has passed (no `revents`), or
    /// the store's poll handler wants the guest to trap. May be called with neither.
    virtual wasm::Trap wait(wasm::Store& store, std::span<pollfd> descriptors, std::optional<Instant> deadline) = 0;
};

/// Blocks the thread; an interruption wakes it.
Waiter& blocking_waiter();

// For waiters: the store's eventfd, made when a guest first waits, that becomes readable with an interruption; -1 where
// the system has none left.
int wake_descriptor(wasm::InterruptHandle::State& state);
void drain_wake_descriptor(int descriptor);

/// What one host call needs in order to wait.
struct Wait {
    wasm::Store& store;
    Waiter& waiter;
    wasm::Trap trap = wasm::Trap::none; ///< with SystemError::guest_trapped

    /// Until a descriptor of the host is ready for `events` (POLLIN, POLLOUT). Errors: guest_trapped.
    Outcome<> until_ready(int fd, short events);
    Outcome<> until(std::span<pollfd> descriptors, std::optional<Instant> deadline);
    /// Between the slices of a long piece of work. Errors: guest_trapped.
    Outcome<> poll_interruption();
};

} // namespace trellis::sandbox
