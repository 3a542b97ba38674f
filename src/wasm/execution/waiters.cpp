#include "wasm/execution/waiters.hpp"

#include <algorithm>
#include <ctime>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace trellis::wasm {
namespace {

using Clock = std::chrono::steady_clock;

/// Until the word no longer has the value, it is woken, or the deadline is over; may return early.
void sleep_on(const std::atomic<std::uint32_t>& word, std::uint32_t value, std::optional<Clock::time_point> deadline)
{
    timespec left = {};
    if (deadline) {
        const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(*deadline - Clock::now()).count();
        if (ns <= 0)
            return;
        left = {.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
    }
    syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, deadline ? &left : nullptr, nullptr, 0);
}

std::optional<Clock::time_point> deadline_after(std::int64_t timeout_ns)
{
    const auto now = Clock::now();
    const auto most = std::chrono::nanoseconds((Clock::time_point::max() - now) / 2);
    if (timeout_ns < 0 || timeout_ns > most.count())
        return std::nullopt;
    return now + std::chrono::nanoseconds(timeout_ns);
}

} // namespace

std::uint32_t Memory::Waiters::notify(std::uint64_t address, std::uint32_t count)
{
    const std::lock_guard lock(mutex);
    const auto found = by_address.find(address);
    if (found == by_address.end())
        return 0;
    auto& waiting = found->second;
    std::uint32_t woken = 0;
    for (; woken < count && !waiting.empty(); ++woken) {
        waiting.front()->notified = true;
        waiting.front()->state->wake();
        waiting.pop_front();
    }
    if (waiting.empty())
        by_address.erase(found);
    return woken;
}

Trap Memory::Waiters::sleep(Store& store, Waiter& self, std::uint64_t address, std::int64_t timeout_ns,
                            WaitResult& result)
{
    const auto trap = sleep_until_notified(store, self, timeout_ns);
    const std::lock_guard lock(mutex);
    result = self.notified ? WaitResult::ok : WaitResult::timed_out;
    if (self.notified)
        return trap;
    const auto found = by_address.find(address);
    found->second.remove(&self);
    if (found->second.empty())
        by_address.erase(found);
    return trap;
}

Trap Memory::Waiters::sleep_until_notified(Store& store, const Waiter& self, std::int64_t timeout_ns)
{
    const auto deadline = deadline_after(timeout_ns);
    const auto& word = store.interrupt_state().wake_ups;
    for (;;) {
        // Whoever wants this guest awake says why first and then counts the word up: read it before looking.
        const auto seen = word.load();
        if (store.interrupt_requested())
            if (const auto trap = store.poll(); failed(trap))
                return trap;
        if (is_notified(self) || (deadline && Clock::now() >= *deadline))
            return Trap::none;
        sleep_on(word, seen, deadline);
    }
}

bool Memory::Waiters::is_notified(const Waiter& waiter)
{
    const std::lock_guard lock(mutex);
    return waiter.notified;
}

} // namespace trellis::wasm
