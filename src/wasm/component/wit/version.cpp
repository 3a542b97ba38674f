#include "wasm/component/wit/version.hpp"

#include "base/format.hpp"

#include <algorithm>
#include <charconv>

namespace trellis::wasm::component::wit {

namespace {

bool is_digits(std::string_view text)
{
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool has_leading_zero(std::string_view digits)
{
    return digits.size() > 1 && digits[0] == '0';
}

std::optional<std::uint64_t> number(std::string_view text)
{
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (!is_digits(text) || has_leading_zero(text) || error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

/// Cuts `text` at the first `separator` and gives what was before it.
std::string_view cut(std::string_view& text, char separator)
{
    const auto end = std::min(text.find(separator), text.size());
    const auto part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return part;
}

bool are_identifiers(std::string_view dotted, bool zeros_allowed)
{
    if (dotted.ends_with('.'))
        return false;
    while (!dotted.empty()) {
        const auto part = cut(dotted, '.');
        const bool legal = part.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") ==
                           std::string_view::npos;
        if (part.empty() || !legal || (!zeros_allowed && is_digits(part) && has_leading_zero(part)))
            return false;
    }
    return true;
}

/// Numbers below words; numbers by value, words by their characters.
std::strong_ordering order_of_parts(std::string_view left, std::string_view right)
{
    const bool left_digits = is_digits(left);
    const bool right_digits = is_digits(right);
    if (left_digits != right_digits)
        return left_digits ? std::strong_ordering::less : std::strong_ordering::greater;
    if (left_digits && left.size() != right.size())
        return left.size() <=> right.size();
    return left <=> right;
}

std::strong_ordering order_of_prereleases(std::string_view left, std::string_view right)
{
    if (left.empty() || right.empty())
        return left.empty() <=> right.empty();
    while (!left.empty() && !right.empty())
        if (const auto order = order_of_parts(cut(left, '.'), cut(right, '.')); order != 0)
            return order;
    return right.empty() <=> left.empty();
}

} // namespace

std::optional<Version> Version::parse(std::string_view text)
{
    const bool has_build = text.contains('+');
    auto before_build = cut(text, '+');
    const auto build = text;
    const bool has_prerelease = before_build.contains('-');
    auto numbers = cut(before_build, '-');
    const auto prerelease = before_build;
    const auto major = number(cut(numbers, '.'));
    const auto minor = number(cut(numbers, '.'));
    const auto patch = number(numbers);
    if (!major || !minor || !patch || has_build == build.empty() || has_prerelease == prerelease.empty() ||
        !are_identifiers(prerelease, false) || !are_identifiers(build, true))
        return std::nullopt;
    return Version{*major, *minor, *patch, std::string(prerelease), std::string(build)};
}

std::string Version::text() const
{
    auto result = format("{}.{}.{}", major, minor, patch);
    if (!prerelease.empty())
        result.append("-").append(prerelease);
    if (!build.empty())
        result.append("+").append(build);
    return result;
}

std::string Version::compatibility() const
{
    if (!prerelease.empty())
        return text();
    if (major > 0)
        return format("{}", major);
    return minor > 0 ? format("0.{}", minor) : format("0.0.{}", patch);
}

std::strong_ordering precedence(const Version& left, const Version& right)
{
    if (const auto order = left.major <=> right.major; order != 0)
        return order;
    if (const auto order = left.minor <=> right.minor; order != 0)
        return order;
    if (const auto order = left.patch <=> right.patch; order != 0)
        return order;
    return order_of_prereleases(left.prerelease, right.prerelease);
}

} // namespace trellis::wasm::component::wit
