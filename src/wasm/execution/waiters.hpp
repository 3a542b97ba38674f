// Who waits on which address of a memory (memory.atomic.wait). A waiter sleeps on a word of its own store's interrupt
// state, which notify and InterruptHandle::interrupt both wake, so that a sleeping guest is as interruptible as a
// running one. Thread-safe.
#pragma once

#include "wasm/execution/memory.hpp"
#include "wasm/execution/store.hpp"

#include <chrono>
#include <list>
#include <mutex>
#include <unordered_map>

namespace trellis::wasm {

struct Memory::Waiters {
    struct Waiter {
        InterruptHandle::State* state; ///< of the waiting store
        bool notified = false;         ///< guarded by `mutex`
    };

    std::mutex mutex;
    std::unordered_map<std::uint64_t, std::list<Waiter*>> by_address;

    /// Wakes at most `count` of those waiting at the address, longest waiting first. How many.
    std::uint32_t notify(std::uint64_t address, std::uint32_t count);

    /// Sleeps until notified, the timeout (below zero: none), or a poll that traps. `is_expected` reads the cell.
    template <class IsExpected>
    Trap wait(Store& store, std::uint64_t address, std::int64_t timeout_ns, IsExpected is_expected, WaitResult& result);

private:
    Trap sleep(Store& store, Waiter& self, std::uint64_t address, std::int64_t timeout_ns, WaitResult& result);
    Trap sleep_until_notified(Store& store, const Waiter& self, std::int64_t timeout_ns);
    bool is_notified(const Waiter& waiter);
};

template <class IsExpected>
Trap Memory::Waiters::wait(Store& store, std::uint64_t address, std::int64_t timeout_ns, IsExpected is_expected,
                           WaitResult& result)
{
    Waiter self{&store.interrupt_state()};
    {
        const std::lock_guard lock(mutex);
        if (!is_expected()) {
            result = WaitResult::not_equal;
            return Trap::none;
        }
        by_address[address].push_back(&self);
    }
    return sleep(store, self, address, timeout_ns, result);
}

} // namespace trellis::wasm
