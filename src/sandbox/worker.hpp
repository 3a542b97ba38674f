// Runs guests in turn on one thread: each in a fiber of its own, and none longer than a slice while others wait. A
// ticker thread ends the slice of whoever runs too long; the guest notices at its next poll and is put behind the
// others. So an endless loop delays its neighbours by a few milliseconds and no more. Everything but the ticker belongs
// to the thread that made the worker.
#pragma once

#include "base/fiber.hpp"
#include "wasm/execution/store.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace trellis::sandbox {

class Worker {
public:
    /// The ticker starts with the first guest.
    explicit Worker(std::chrono::microseconds slice = std::chrono::milliseconds(1)) : slice_(slice) {}
    /// Guests that have not finished trap `interrupted` at their next poll, until all are gone.
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// Adds a guest: `body`, which may call into guests of `store` and must return when they trap. One body per store
    /// at a time; the store's slice handler becomes the worker's. Errors: limit (no memory for a stack).
    Result<> add(wasm::Store& store, std::function<void()> body);
    /// Gives the guest that waits longest one turn. False if there is none.
    bool run_one();
    /// Turns for all until all have finished.
    void run();

    /// Lets the others run first; for host functions that wait, on the guest's fiber. Trap::none, or interrupted when
    /// the worker is about to go.
    wasm::Trap yield();

    [[nodiscard]] std::size_t guests() const { return guests_.size(); }

private:
    struct Guest {
        wasm::Store* store;
        wasm::InterruptHandle handle;
        std::unique_ptr<Fiber> fiber;
    };

    void start_turn(Guest& guest);
    void end_turn();
    void tick();

    std::chrono::microseconds slice_;
    FiberStacks stacks_;
    std::deque<Guest> guests_; ///< whose turn is next stands first
    bool closing_ = false;

    // Between the thread and its ticker.
    std::mutex mutex_;
    std::condition_variable changed_;
    const wasm::InterruptHandle* running_ = nullptr;
    std::uint64_t turn_ = 0;
    bool ticker_sleeps_ = false;
    bool stopping_ = false;
    std::thread ticker_;
};

} // namespace trellis::sandbox
