#include "sandbox/clocks.hpp"

#include "base/result.hpp"

#include <algorithm>
#include <array>

namespace trellis::sandbox {

namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::array<clockid_t, 4> system_clocks = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID,
                                                    CLOCK_THREAD_CPUTIME_ID};

clockid_t system_clock_of(Clock clock)
{
    return system_clocks[static_cast<std::size_t>(clock)];
}

} // namespace

std::uint64_t nanoseconds(const timespec& time)
{
    if (time.tv_sec < 0)
        return 0;
    return static_cast<std::uint64_t>(time.tv_sec) * second + static_cast<std::uint64_t>(time.tv_nsec);
}

timespec to_timespec(std::uint64_t ns)
{
    return {.tv_sec = static_cast<time_t>(ns / second), .tv_nsec = static_cast<long>(ns % second)};
}

Outcome<std::uint64_t> time_ns(Clock clock)
{
    timespec time;
    TRELLIS_TRY(checked(::clock_gettime(system_clock_of(clock), &time)));
    return nanoseconds(time);
}

Outcome<std::uint64_t> resolution_ns(Clock clock)
{
    timespec time;
    TRELLIS_TRY(checked(::clock_getres(system_clock_of(clock), &time)));
    return std::max<std::uint64_t>(nanoseconds(time), 1);
}

} // namespace trellis::sandbox
