#include "sandbox/waiting.hpp"

#include "base/check.hpp"

#include <algorithm>

namespace trellis::sandbox {

using wasm::Trap;

namespace {

constexpr auto slice = std::chrono::milliseconds(1);

/// One call of poll(2), at most a slice long. Whether anything is ready.
bool poll_once(std::span<pollfd> descriptors, std::chrono::nanoseconds longest)
{
    const auto time = std::clamp(longest, std::chrono::nanoseconds(0), std::chrono::nanoseconds(slice));
    const timespec timeout = {.tv_sec = 0, .tv_nsec = time.count()};
    const int ready = ::ppoll(descriptors.data(), descriptors.size(), &timeout, nullptr);
    TRELLIS_CHECK(ready >= 0 || errno == EINTR || errno == ENOMEM);
    return ready > 0;
}

class BlockingWaiter final : public Waiter {
public:
    Trap wait(wasm::Store& store, std::span<pollfd> descriptors, std::optional<Instant> deadline) override
    {
        while (true) {
            if (store.interrupt_requested())
                if (const auto trap = store.poll(); trap != Trap::none)
                    return trap;
            const auto left = deadline ? *deadline - std::chrono::steady_clock::now() : std::chrono::nanoseconds(slice);
            if (poll_once(descriptors, left) || (deadline && left <= std::chrono::nanoseconds(0)))
                return Trap::none;
        }
    }
};

} // namespace

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
