// What the system knows about this process, for the metrics that every Prometheus client library offers. Linux (/proc);
// what can't be found out is absent. Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace trellis::gateway {

struct ProcessStatus {
    std::chrono::nanoseconds processor_time{0};
    std::optional<std::uint64_t> resident_bytes, virtual_bytes;
    std::optional<std::uint64_t> open_descriptors, most_descriptors;
    std::optional<std::uint64_t> started_unix_seconds;
};

ProcessStatus process_status();

} // namespace trellis::gateway
