// wasi:clocks: monotonic-clock, wall-clock.
#include "sandbox/wasi/p2/datetime.hpp"
#include "sandbox/wasi/p2/interfaces.hpp"

namespace trellis::sandbox::preview2 {
namespace {

/// Clocks that the sandbox asks for are always there.
template <class T>
Trap clock_answer(ComponentStore& store, Outcome<T> time, T& result)
{
    if (!time)
        return store.trap("wasi:clocks: the system has no such clock");
    result = *time;
    return Trap::none;
}

Trap monotonic_now(Guest&, ComponentStore& store, std::uint64_t& result)
{
    return clock_answer(store, time_ns(Clock::monotonic), result);
}

Trap monotonic_resolution(Guest&, ComponentStore& store, std::uint64_t& result)
{
    return clock_answer(store, resolution_ns(Clock::monotonic), result);
}

/// The clock that waiters go by counts from the same moment.
Instant instant_of(std::uint64_t ns)
{
    return Instant(std::chrono::nanoseconds(std::min(ns, std::uint64_t(INT64_MAX))));
}

Trap subscribe_instant(Guest&, ComponentStore& store, std::uint64_t when, Own<Pollable>& result)
{
    result = give_pollable(store, [moment = instant_of(when)](Wait&) { return Need::until(moment); });
    return Trap::none;
}

Trap subscribe_duration(Guest& guest, ComponentStore& store, std::uint64_t duration, Own<Pollable>& result)
{
    std::uint64_t now = 0;
    if (const Trap trap = monotonic_now(guest, store, now); failed(trap))
        return trap;
    const std::uint64_t when = duration > UINT64_MAX - now ? UINT64_MAX : now + duration;
    return subscribe_instant(guest, store, when, result);
}

Trap wall_answer(ComponentStore& store, const Outcome<timespec>& time, Datetime& result)
{
    timespec there{};
    const Trap trap = clock_answer(store, time, there);
    result = datetime_of(there);
    return trap;
}

Trap wall_now(Guest&, ComponentStore& store, Datetime& result)
{
    return wall_answer(store, time_of(Clock::realtime), result);
}

Trap wall_resolution(Guest&, ComponentStore& store, Datetime& result)
{
    const auto ns = resolution_ns(Clock::realtime);
    return wall_answer(store, ns ? Outcome<timespec>(to_timespec(*ns)) : failure(ns.error()), result);
}

constexpr HostResource monotonic_resources[] = {host_resource<Pollable>("pollable")};
constexpr HostFunction monotonic_functions[] = {
    host_function<monotonic_now>("now"),
    host_function<monotonic_resolution>("resolution"),
    host_function<subscribe_instant>("subscribe-instant"),
    host_function<subscribe_duration>("subscribe-duration"),
};

constexpr HostFunction wall_functions[] = {
    host_function<wall_now>("now"),
    host_function<wall_resolution>("resolution"),
};

} // namespace

const HostInterface clocks_monotonic = {"wasi:clocks/monotonic-clock@0.2.12", monotonic_functions, monotonic_resources};
const HostInterface clocks_wall = {"wasi:clocks/wall-clock@0.2.12", wall_functions};

} // namespace trellis::sandbox::preview2
