// Lets many guests share an event loop's thread: each runs in a fiber, and none longer than a slice while others wait.
// Whoever is woken runs at once; whoever has used up a slice stands in line behind the others of its flow (its module),
// and the flows take turns. A ticker thread ends the slices; the guest notices at its next poll. So an endless loop, or
// many of one module, delay a neighbour by a few milliseconds and no more. Everything but the ticker belongs to the
// loop's thread.
#pragma once

#include "net/event_loop.hpp"
#include "sandbox/waiting.hpp"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

namespace trellis::wasm {
struct GuestActivation;
}

namespace trellis::sandbox {

class Turns;

class Worker {
public:
    /// The ticker starts with the first guest.
    explicit Worker(net::EventLoop& loop, std::chrono::microseconds slice = std::chrono::milliseconds(1))
        : loop_(loop), slice_(slice)
    {
    }
    /// No guest may be left: interrupt_all(), and run the loop.
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// Every guest traps `interrupted` at its next poll or in its present wait.
    void interrupt_all();
    [[nodiscard]] std::size_t guests() const { return guests_; }

private:
    friend class Turns;
    using Line = std::deque<net::Pause*>;

    void start_turn(const wasm::InterruptHandle& handle);
    void end_turn();
    void line_up(const void* flow, net::Pause& pause);
    void schedule_next();
    void run_next();
    void tick();

    net::EventLoop& loop_;
    std::chrono::microseconds slice_;
    std::map<const void*, Line> lines_; ///< by flow; none is empty
    std::deque<const void*> flows_;     ///< whose turn is next stands first
    bool next_is_scheduled_ = false;
    std::size_t guests_ = 0;
    Turns* first_ = nullptr; ///< of all that exist

    // Between the thread and its ticker.
    std::mutex mutex_;
    std::condition_variable changed_;
    const wasm::InterruptHandle* running_ = nullptr;
    std::uint64_t turn_ = 0;
    bool ticker_sleeps_ = false;
    bool stopping_ = false;
    std::thread ticker_;
};

/// One guest's right to run, on its fiber, from the first call into its store to the last. Also how it waits.
class Turns final : public Waiter {
public:
    /// Guests of one `flow` share its turns. After `deadline` the guest traps `deadline_exceeded`.
    Turns(Worker& worker, wasm::Store& store, const void* flow, net::Deadline deadline);
    ~Turns() override;
    Turns(const Turns&) = delete;
    Turns& operator=(const Turns&) = delete;

    /// Called before the fiber waits or gives its turn up, so that nothing the guest has written is held back.
    void before_waiting(std::function<void()> action) { before_waiting_ = std::move(action); }

    wasm::Trap wait(wasm::Store& store, std::span<pollfd> descriptors, std::optional<Instant> deadline) override;
    /// Lets the others run first. Trap::none, deadline_exceeded or interrupted.
    wasm::Trap yield();
    /// The guest traps `interrupted` at its next poll or in its present wait.
    void interrupt();
    /// Runs something of the host's that may suspend the fiber; the guest's slice does not run on meanwhile.
    template <class Action>
    auto outside(Action&& action)
    {
        const Outside guard(*this);
        return action();
    }

private:
    friend class Worker;
    class Outside {
    public:
        explicit Outside(Turns& turns);
        ~Outside();
        Outside(const Outside&) = delete;
        Outside& operator=(const Outside&) = delete;

    private:
        Turns& turns_;
        wasm::GuestActivation* activation_;
        std::uint64_t resumptions_; ///< of the loop's fibers, when this began
    };
    [[nodiscard]] wasm::Trap verdict() const;

    Worker& worker_;
    wasm::Store& store_;
    wasm::InterruptHandle handle_;
    const void* flow_;
    net::Deadline deadline_;
    net::Pause line_; ///< waits for its turn
    net::Pause wake_; ///< waits for descriptors
    std::function<void()> before_waiting_;
    Instant turn_began_ = std::chrono::steady_clock::now();
    bool waits_for_descriptors_ = false;
    bool interrupted_ = false;
    Turns* next_;
    Turns* previous_ = nullptr;
};

} // namespace trellis::sandbox
