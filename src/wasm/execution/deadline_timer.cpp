#include "wasm/execution/deadline_timer.hpp"

#include <algorithm>

namespace trellis::wasm {

DeadlineTimer::~DeadlineTimer()
{
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable())
        thread_.join();
}

DeadlineTimer::Entry DeadlineTimer::add(Clock::time_point when, InterruptHandle handle)
{
    const std::lock_guard lock(mutex_);
    pending_.emplace(std::pair(when, ++last_entry_), std::move(handle));
    if (!thread_.joinable())
        thread_ = std::thread([this] { run(); });
    changed_.notify_one();
    return last_entry_;
}

void DeadlineTimer::cancel(Entry entry)
{
    const std::lock_guard lock(mutex_);
    std::erase_if(pending_, [&](const auto& item) { return item.first.second == entry; });
}

void DeadlineTimer::run()
{
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        if (pending_.empty()) {
            changed_.wait(lock);
        } else if (const auto next = pending_.begin(); next->first.first <= Clock::now()) {
            next->second.end_time();
            pending_.erase(next);
        } else {
            changed_.wait_until(lock, next->first.first);
        }
    }
}

} // namespace trellis::wasm
