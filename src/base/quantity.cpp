#include "base/quantity.hpp"

#include "base/format.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace trellis {
namespace {

struct Unit {
    std::string_view name;
    double factor;
};

constexpr std::array size_units = {
    Unit{"", 1},      Unit{"B", 1},    Unit{"KiB", 1024}, Unit{"MiB", 1024.0 * 1024}, Unit{"GiB", 1024.0 * 1024 * 1024},
    Unit{"KB", 1000}, Unit{"MB", 1e6}, Unit{"GB", 1e9},
};
constexpr std::array duration_units = {
    Unit{"", 1e6}, Unit{"us", 1}, Unit{"ms", 1e3}, Unit{"s", 1e6}, Unit{"m", 60e6}, Unit{"h", 3600e6},
};

/// Number and unit multiplied, if both are understood and the result is at least 1 and below 2^62.
template <class Units>
std::optional<std::uint64_t> parse_quantity(std::string_view text, const Units& units)
{
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc())
        return std::nullopt;
    const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
    const auto* found = std::ranges::find(units, unit, &Unit::name);
    if (found == units.end())
        return std::nullopt;
    const double product = number * found->factor;
    if (!(product >= 1 && product < static_cast<double>(std::uint64_t(1) << 62)))
        return std::nullopt;
    return static_cast<std::uint64_t>(product);
}

} // namespace

Result<std::uint64_t> parse_size(std::string_view text)
{
    if (const auto bytes = parse_quantity(text, size_units))
        return *bytes;
    return fail(ErrorCode::usage, format("\"{}\" is not a size; write 65536, 64KiB, 256MiB or 4GiB", text));
}

Result<std::chrono::microseconds> parse_duration(std::string_view text)
{
    if (const auto time = parse_quantity(text, duration_units))
        return std::chrono::microseconds(*time);
    return fail(ErrorCode::usage, format("\"{}\" is not a time; write 500ms, 1.5s or 2m", text));
}

Result<std::uint64_t> parse_count(std::string_view text)
{
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size())
        return fail(ErrorCode::usage, format("\"{}\" is not a whole number", text));
    return number;
}

} // namespace trellis
