#include "sandbox/clocks.hpp"

#include "base/result.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <string_view>
#include <unistd.h>

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

Outcome<timespec> time_of(Clock clock)
{
    timespec time;
    TRELLIS_TRY(checked(::clock_gettime(system_clock_of(clock), &time)));
    return time;
}

Outcome<std::uint64_t> time_ns(Clock clock)
{
    return nanoseconds(TRELLIS_TRY(time_of(clock)));
}

Outcome<std::uint64_t> resolution_ns(Clock clock)
{
    timespec time;
    TRELLIS_TRY(checked(::clock_getres(system_clock_of(clock), &time)));
    return std::max<std::uint64_t>(nanoseconds(time), 1);
}

namespace {

constexpr std::string_view database = "zoneinfo/"; ///< the folder of the names

/// What comes behind the database's folder in a path, or a name that is one already; empty: a rule without a name.
std::string zone_name(std::string_view text)
{
    if (text.starts_with(':'))
        text.remove_prefix(1);
    if (const auto at = text.find(database); at != std::string_view::npos)
        return std::string(text.substr(at + database.size()));
    const bool is_name = text == "UTC" || (text.find('/') != std::string_view::npos && !text.starts_with('/'));
    return std::string(is_name ? text : "");
}

std::string host_zone_name()
{
    if (const char* variable = std::getenv("TZ"))
        return zone_name(variable);
    std::array<char, PATH_MAX> path;
    const auto length = ::readlink("/etc/localtime", path.data(), path.size());
    return length > 0 ? zone_name({path.data(), static_cast<std::size_t>(length)}) : std::string();
}

} // namespace

std::optional<std::string> TimeZone::name() const
{
    auto name = is_host_ ? host_zone_name() : "UTC";
    return name.empty() ? std::nullopt : std::optional(std::move(name));
}

std::optional<std::int64_t> TimeZone::offset_ns(std::int64_t seconds_since_1970) const
{
    tm local;
    const time_t when = seconds_since_1970;
    if (!is_host_)
        return 0;
    ::tzset();
    if (::localtime_r(&when, &local) == nullptr)
        return std::nullopt;
    return local.tm_gmtoff * static_cast<std::int64_t>(second);
}

} // namespace trellis::sandbox
