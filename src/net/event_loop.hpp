// One event loop per thread, and straight-line code on it: every activity (a connection, a guest) is a fiber, and what
// has to wait suspends its fiber while the loop goes on with others. Boost.Asio underneath, known to the sources of
// this folder only. All functions belong to the loop's thread but for post() and stop().
#pragma once

#include "base/fiber.hpp"
#include "base/result.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <poll.h>
#include <span>

namespace trellis::net {

using Instant = std::chrono::steady_clock::time_point;
/// Absent: for ever.
using Deadline = std::optional<Instant>;

class EventLoop {
public:
    explicit EventLoop(std::size_t fiber_stack_bytes = 256 * 1024);
    /// Every fiber must have finished.
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    /// On the calling thread, until stop(), or until there is nothing left to do or to wait for.
    void run();
    /// From any thread.
    void stop();
    /// Runs `task` on the loop's thread, later; from any thread.
    void post(std::function<void()> task);
    /// Starts a fiber soon. Errors: limit (no memory for a stack).
    Result<> spawn(std::function<void()> body);
    /// Fibers that have not finished.
    [[nodiscard]] std::size_t fibers() const;
    /// How often fibers were started or went on. Where it is the same as before, the running one has not been
    /// suspended.
    [[nodiscard]] std::uint64_t resumptions() const;

    // On a fiber.
    void sleep_until(Instant when);
    /// Waits until one of the descriptors is ready: `revents` say which; false: the deadline has passed, or `wake` was
    /// woken, and no `revents`. Descriptors that can't be waited for (regular files) are ready at once.
    bool wait_ready(std::span<pollfd> descriptors, Deadline deadline, class Pause* wake = nullptr);

    struct State; ///< for the other sources of net/
    State& state() { return *state_; }

private:
    std::unique_ptr<State> state_;
};

/// One place where one fiber waits for another activity of the same loop to wake it. May be used again and again.
class Pause {
public:
    explicit Pause(EventLoop& loop);
    ~Pause();
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

    /// Suspends the running fiber until wake(); a wake() since the last wait counts. False: the deadline has passed.
    bool wait(Deadline deadline = std::nullopt);
    /// On the loop's thread; the fiber runs soon, not before this returns. From another thread: post() it.
    void wake();

private:
    friend class EventLoop;
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace trellis::net
