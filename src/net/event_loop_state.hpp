// What an EventLoop and a Pause are made of, for the sources of net/ that know Boost.Asio.
#pragma once

#include "net/event_loop.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <unordered_map>

namespace trellis::net {

struct EventLoop::State {
    explicit State(std::size_t fiber_stack_bytes) : stacks(fiber_stack_bytes) {}
    void resume(Fiber& fiber);
    /// The fiber of the loop that is running, or has another one inside it running, waits until it is resumed.
    void suspend() { Fiber::suspend(*running); }

    FiberStacks stacks;
    Fiber* running = nullptr;
    std::uint64_t resumptions = 0;
    std::unordered_map<Fiber*, std::unique_ptr<Fiber>> fibers;
    boost::asio::io_context context{1};
};

/// Shared with handlers of the loop that may come after the pause is gone.
struct Pause::State {
    explicit State(EventLoop::State& its_loop) : loop(its_loop) {}
    void resume();
    void wake(const std::shared_ptr<State>& self);
    void start_timer(const std::shared_ptr<State>& self, Instant when, bool& expired);
    void stop_timer();

    EventLoop::State& loop;
    Fiber* waiting = nullptr;
    bool woken = false;
    std::optional<boost::asio::steady_timer> timer;
    std::uint64_t timer_turn = 0; ///< of the wait that the timer is for
};

} // namespace trellis::net
