// Wall-clock deadlines: one thread that any number of stores may share, started by the first deadline. Thread-safe.
#pragma once

#include "wasm/execution/store.hpp"

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace trellis::wasm {

class DeadlineTimer {
public:
    using Clock = std::chrono::steady_clock;

    DeadlineTimer() = default;
    ~DeadlineTimer();
    DeadlineTimer(const DeadlineTimer&) = delete;
    DeadlineTimer& operator=(const DeadlineTimer&) = delete;

    /// From `when` on the guests of the store behind the handle trap `deadline_exceeded`. The result cancels it.
    using Entry = std::uint64_t;
    Entry add(Clock::time_point when, InterruptHandle handle);
    /// Nothing happens if the deadline is over.
    void cancel(Entry entry);

private:
    void run();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::pair<Clock::time_point, Entry>, InterruptHandle> pending_;
    Entry last_entry_ = 0;
    bool stopping_ = false;
    std::thread thread_;
};

} // namespace trellis::wasm
