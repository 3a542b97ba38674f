// The clocks a guest may ask. No state; any thread.
#pragma once

#include "sandbox/system.hpp"

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>

namespace trellis::sandbox {

enum class Clock : std::uint8_t { realtime, monotonic, process_cpu_time, thread_cpu_time };

/// Nanoseconds since 1970, since some fixed moment, or of processor time.
Outcome<std::uint64_t> time_ns(Clock clock);
/// The same with seconds apart, also before 1970.
Outcome<timespec> time_of(Clock clock);
/// Nanoseconds between two ticks; at least 1.
Outcome<std::uint64_t> resolution_ns(Clock clock);

/// 0 for moments before 1970.
std::uint64_t nanoseconds(const timespec& time);
timespec to_timespec(std::uint64_t ns);

/// The time of day somewhere. Where the host lives is told to a guest only if it is granted: otherwise it lives by UTC.
class TimeZone {
public:
    static TimeZone utc() { return TimeZone(false); }
    /// As TZ and /etc/localtime say.
    static TimeZone of_host() { return TimeZone(true); }

    /// The name in the IANA's database, such as "Europe/Berlin"; absent: it has none.
    [[nodiscard]] std::optional<std::string> name() const;
    /// Nanoseconds that local time is ahead of UTC at that moment; absent: beyond what the calendar knows.
    [[nodiscard]] std::optional<std::int64_t> offset_ns(std::int64_t seconds_since_1970) const;

private:
    explicit TimeZone(bool is_host) : is_host_(is_host) {}
    bool is_host_;
};

} // namespace trellis::sandbox
