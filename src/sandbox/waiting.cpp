#include "sandbox/waiting.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <sys/eventfd.h>
#include <vector>

namespace trellis::sandbox {

using wasm::Trap;

namespace {

using std::chrono::nanoseconds;

/// Without a descriptor that wakes us, an interruption is looked for this often.
constexpr nanoseconds slice = std::chrono::milliseconds(1);
constexpr nanoseconds long_time = std::chrono::hours(1);

/// One call of poll(2).
void poll_once(std::span<pollfd> descriptors, nanoseconds longest)
{
    for (auto& descriptor : descriptors)
        descriptor.revents = 0;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(longest);
    const timespec timeout = {.tv_sec = seconds.count(), .tv_nsec = (longest - seconds).count()};
    const int ready = ::ppoll(descriptors.data(), descriptors.size(), &timeout, nullptr);
    TRELLIS_CHECK(ready >= 0 || errno == EINTR || errno == ENOMEM);
}

class BlockingWaiter final : public Waiter {
public:
    Trap wait(wasm::Store& store, std::span<pollfd> descriptors, std::optional<Instant> deadline) override
    {
        const int wake = wake_descriptor(store.interrupt_state());
        const auto longest = wake < 0 ? slice : long_time;
        std::vector<pollfd> all(descriptors.begin(), descriptors.end());
        all.push_back({.fd = wake, .events = POLLIN, .revents = 0}); // poll(2) passes over -1
        while (true) {
            if (store.interrupt_requested())
                if (const auto trap = store.poll(); trap != Trap::none)
                    return trap;
            const nanoseconds left = deadline ? *deadline - std::chrono::steady_clock::now() : longest;
            poll_once(all, std::clamp(left, nanoseconds(0), longest));
            if (all.back().revents != 0)
                drain_wake_descriptor(wake);
            const auto asked = std::span(all).first(descriptors.size());
            std::ranges::copy(asked, descriptors.begin());
            const bool ready = std::ranges::any_of(asked, [](const pollfd& one) { return one.revents != 0; });
            if (ready || (deadline && left <= nanoseconds(0)))
                return Trap::none;
        }
    }
};

} // namespace

int wake_descriptor(wasm::InterruptHandle::State& state)
{
    if (state.wake_descriptor < 0)
        state.wake_descriptor = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return state.wake_descriptor;
}

void drain_wake_descriptor(int descriptor)
{
    std::uint64_t count;
    (void)!::read(descriptor, &count, sizeof count);
}

Waiter& blocking_waiter()
{
    static BlockingWaiter waiter;
    return waiter;
}

Outcome<> Wait::until(std::span<pollfd> descriptors, std::optional<Instant> deadline)
{
    trap = waiter.wait(store, descriptors, deadline);
    if (trap != Trap::none)
        return failure(SystemError::guest_trapped);
    return {};
}

Outcome<> Wait::until_ready(int fd, short events)
{
    pollfd descriptor = {.fd = fd, .events = events, .revents = 0};
    return until({&descriptor, 1}, std::nullopt);
}

Outcome<> Wait::poll_interruption()
{
    if (store.interrupt_requested())
        trap = store.poll();
    if (trap != Trap::none)
        return failure(SystemError::guest_trapped);
    return {};
}

} // namespace trellis::sandbox
