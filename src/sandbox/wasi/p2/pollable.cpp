#include "sandbox/wasi/p2/pollable.hpp"

#include "base/result.hpp"

namespace trellis::sandbox::preview2 {
namespace {

/// What several needs come to.
struct Together {
    std::vector<pollfd> descriptors = {};
    std::optional<Instant> deadline = {};

    void add(const Need& need)
    {
        descriptors.push_back(need.descriptor); // poll(2) passes over -1
        if (need.deadline)
            deadline = std::min(*need.deadline, deadline.value_or(*need.deadline));
    }
};

/// `revents`: of the need's descriptor, as just asked.
bool is_met(const Need& need, short revents, Instant now)
{
    return need.now || revents != 0 || (need.deadline && *need.deadline <= now);
}

} // namespace

bool is_met(const Need& need)
{
    pollfd descriptor = need.descriptor;
    if (descriptor.fd >= 0)
        (void)::poll(&descriptor, 1, 0);
    return is_met(need, descriptor.revents, std::chrono::steady_clock::now());
}

Outcome<> wait_for(const Need& need, Wait& wait)
{
    if (need.now)
        return wait.poll_interruption();
    pollfd descriptor = need.descriptor;
    const std::size_t count = descriptor.fd >= 0 ? 1 : 0;
    return wait.until({&descriptor, count}, need.deadline);
}

Outcome<std::vector<std::uint32_t>> wait_for_any(std::span<Pollable* const> pollables, Wait& wait)
{
    std::vector<std::uint32_t> ready;
    while (true) {
        std::vector<Need> needs;
        Together together;
        for (const Pollable* one : pollables) {
            needs.push_back(one->need(wait));
            together.add(needs.back());
        }
        if (wait.trap != wasm::Trap::none)
            return failure(SystemError::guest_trapped);
        (void)::poll(together.descriptors.data(), together.descriptors.size(), 0);
        const Instant now = std::chrono::steady_clock::now();
        for (std::uint32_t i = 0; i < needs.size(); ++i)
            if (is_met(needs[i], together.descriptors[i].revents, now))
                ready.push_back(i);
        if (!ready.empty()) {
            TRELLIS_TRY(wait.poll_interruption()); // a guest may do nothing but poll
            return ready;
        }
        TRELLIS_TRY(wait.until(together.descriptors, together.deadline));
    }
}

} // namespace trellis::sandbox::preview2
