// What a guest waits for: a descriptor of the host, a moment, or something that is there already. Asking never waits;
// waiting goes through the guest's Waiter, so it can be interrupted and an event loop can do something else meanwhile.
// One thread at a time, the store's.
#pragma once

#include "sandbox/waiting.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace trellis::sandbox::preview2 {

/// What has to happen before something can go on. None of it: that never happens.
struct Need {
    bool now = false;
    pollfd descriptor = {.fd = -1, .events = 0, .revents = 0};
    std::optional<Instant> deadline = {};

    static Need nothing() { return {.now = true}; }
    static Need of(pollfd descriptor) { return {.descriptor = descriptor}; }
    static Need of(int fd, short events) { return {.descriptor = {.fd = fd, .events = events, .revents = 0}}; }
    static Need until(Instant moment) { return {.deadline = moment}; }
};

/// Whether that has happened.
bool is_met(const Need& need);
/// Errors: guest_trapped.
Outcome<> wait_for(const Need& need, Wait& wait);

/// The resource of wasi:io/poll. What it asks is kept alive by it.
class Pollable {
public:
    using Ask = std::function<Need(Wait&)>;
    explicit Pollable(Ask ask) : ask_(std::move(ask)) {}
    Need need(Wait& wait) const { return ask_(wait); }

private:
    Ask ask_;
};

/// Which of them are ready, by position; waits until there is one. Errors: guest_trapped.
Outcome<std::vector<std::uint32_t>> wait_for_any(std::span<Pollable* const> pollables, Wait& wait);

/// Attempts again whenever the need is met, as long as the outcome is EAGAIN. Errors: guest_trapped, the attempt's.
template <class Attempt, class AskNeed>
std::invoke_result_t<Attempt&> attempt_until_done(Wait& wait, AskNeed&& need, Attempt&& attempt)
{
    while (true) {
        auto outcome = attempt();
        if (outcome || outcome.error() != system_error(EAGAIN))
            return outcome;
        if (const auto waited = wait_for(need(), wait); !waited)
            return std::unexpected(waited.error());
    }
}

} // namespace trellis::sandbox::preview2
