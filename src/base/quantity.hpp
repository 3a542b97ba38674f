// Sizes and times as people write them.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <string_view>

namespace trellis {

/// Bytes: "65536", "64KiB", "256MiB", "4GiB"; also KB, MB, GB (powers of 1000). Not 0. Errors: usage.
Result<std::uint64_t> parse_size(std::string_view text);
/// "500ms", "1.5s", "2m"; a bare number is seconds. Not 0. Errors: usage.
Result<std::chrono::microseconds> parse_duration(std::string_view text);
/// A whole number, digits only. Errors: usage.
Result<std::uint64_t> parse_count(std::string_view text);

} // namespace trellis
