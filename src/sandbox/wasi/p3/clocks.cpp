// wasi:clocks and wasi:random.
#include "sandbox/clocks.hpp"
#include "base/format.hpp"
#include "sandbox/wasi/p3/state.hpp"
#include "sandbox/wasi/p3/system_clock.hpp"

namespace trellis::sandbox::preview3 {

namespace {

using namespace wasm::component;

Trap give_time(const Outcome<std::uint64_t>& time, ComponentStore& store, std::uint64_t& result)
{
    if (!time)
        return store.trap("the clock could not be read");
    result = *time;
    return Trap::none;
}

// monotonic-clock

Trap monotonic_now(State&, ComponentStore& store, std::uint64_t& result)
{
    return give_time(time_ns(Clock::monotonic), store, result);
}

template <Clock clock>
Trap get_resolution(State&, ComponentStore& store, std::uint64_t& result)
{
    return give_time(resolution_ns(clock), store, result);
}

/// Beyond any time that comes, which nanoseconds of the system's clock could not say.
constexpr std::uint64_t longest_wait_ns = std::uint64_t(1) << 60;

Trap wait_for_ns(State& state, ComponentStore& store, std::uint64_t how_long)
{
    const std::chrono::nanoseconds span(std::min(how_long, longest_wait_ns));
    return state.events.until(store, std::chrono::steady_clock::now() + span);
}

Trap wait_until_mark(State& state, ComponentStore& store, std::uint64_t when)
{
    std::uint64_t now = 0;
    if (const Trap trap = monotonic_now(state, store, now); failed(trap))
        return trap;
    return when <= now ? Trap::none : wait_for_ns(state, store, when - now);
}

// system-clock

Trap system_now(State&, ComponentStore& store, SystemInstant& result)
{
    const auto time = time_of(Clock::realtime);
    if (!time)
        return store.trap("the clock could not be read");
    result = system_instant(*time);
    return Trap::none;
}

// timezone: where the host lives is nobody's business

Trap iana_id(State&, ComponentStore&, std::optional<std::string>& result)
{
    result = TimeZone::utc().name();
    return Trap::none;
}

Trap utc_offset(State&, ComponentStore&, SystemInstant when, std::optional<std::int64_t>& result)
{
    result = TimeZone::utc().offset_ns(when.seconds);
    return Trap::none;
}

Trap to_debug_string(State&, ComponentStore&, std::string& result)
{
    result = TimeZone::utc().name().value_or("UTC");
    return Trap::none;
}

// random

/// What a list of a component can have; more is the guest's mistake.
constexpr std::uint64_t most_random_bytes = 1 << 20;

Trap get_random_bytes(State& state, ComponentStore& store, std::uint64_t most, ByteList& result)
{
    result.resize(std::min(most, most_random_bytes));
    Wait wait = wait_of(state, store);
    if (!fill_with_randomness(std::as_writable_bytes(std::span(result)), wait))
        return failed(wait.trap) ? wait.trap : store.trap("the system has no randomness");
    return Trap::none;
}

Trap get_random_u64(State& state, ComponentStore& store, std::uint64_t& result)
{
    Wait wait = wait_of(state, store);
    if (!fill_with_randomness(std::as_writable_bytes(std::span(&result, 1)), wait))
        return failed(wait.trap) ? wait.trap : store.trap("the system has no randomness");
    return Trap::none;
}

Trap get_insecure_random_bytes(State& state, ComponentStore&, std::uint64_t most, ByteList& result)
{
    result.resize(std::min(most, most_random_bytes));
    state.insecure->fill(std::as_writable_bytes(std::span(result)));
    return Trap::none;
}

Trap get_insecure_random_u64(State& state, ComponentStore&, std::uint64_t& result)
{
    result = state.insecure->next();
    return Trap::none;
}

Trap get_insecure_seed(State& state, ComponentStore&, std::tuple<std::uint64_t, std::uint64_t>& result)
{
    const auto& seed = state.insecure->seed_for_hashing();
    result = {seed[0], seed[1]};
    return Trap::none;
}

constexpr std::array monotonic_functions = {
    host_function<monotonic_now>("now"),
    host_function<get_resolution<Clock::monotonic>>("get-resolution"),
    async_host_function<wait_until_mark>("wait-until"),
    async_host_function<wait_for_ns>("wait-for"),
};
constexpr std::array system_functions = {
    host_function<system_now>("now"),
    host_function<get_resolution<Clock::realtime>>("get-resolution"),
};
constexpr std::array timezone_functions = {
    host_function<iana_id>("iana-id"),
    host_function<utc_offset>("utc-offset"),
    host_function<to_debug_string>("to-debug-string"),
};
constexpr std::array clocks = {
    HostInterface{"wasi:clocks/types@0.3.0", {}},
    HostInterface{"wasi:clocks/monotonic-clock@0.3.0", monotonic_functions},
    HostInterface{"wasi:clocks/system-clock@0.3.0", system_functions},
    HostInterface{"wasi:clocks/timezone@0.3.0", timezone_functions},
};

constexpr std::array random_functions = {
    host_function<get_random_bytes>("get-random-bytes"),
    host_function<get_random_u64>("get-random-u64"),
};
constexpr std::array insecure_functions = {
    host_function<get_insecure_random_bytes>("get-insecure-random-bytes"),
    host_function<get_insecure_random_u64>("get-insecure-random-u64"),
};
constexpr std::array seed_functions = {host_function<get_insecure_seed>("get-insecure-seed")};
constexpr std::array random = {
    HostInterface{"wasi:random/random@0.3.0", random_functions},
    HostInterface{"wasi:random/insecure@0.3.0", insecure_functions},
    HostInterface{"wasi:random/insecure-seed@0.3.0", seed_functions},
};

} // namespace

std::span<const HostInterface> clocks_interfaces()
{
    return clocks;
}

std::span<const HostInterface> random_interfaces()
{
    return random;
}

} // namespace trellis::sandbox::preview3
