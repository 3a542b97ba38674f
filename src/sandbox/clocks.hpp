// The clocks a guest may ask. No state; any thread.
#pragma once

#include "sandbox/system.hpp"

#include <cstdint>
#include <ctime>

namespace trellis::sandbox {

enum class Clock : std::uint8_t { realtime, monotonic, process_cpu_time, thread_cpu_time };

/// Nanoseconds since 1970, since some fixed moment, or of processor time.
Outcome<std::uint64_t> time_ns(Clock clock);
/// Nanoseconds between two ticks; at least 1.
Outcome<std::uint64_t> resolution_ns(Clock clock);

/// 0 for moments before 1970.
std::uint64_t nanoseconds(const timespec& time);
timespec to_timespec(std::uint64_t ns);

} // namespace trellis::sandbox
