#include "net/host_name.hpp"

#include <algorithm>

namespace trellis::net {

namespace {

constexpr std::size_t longest_name = 253; // https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4, as text

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_of_a_name(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_';
}

} // namespace

bool ends_in_a_number(std::string_view name)
{
    const std::string_view last = name.substr(name.rfind('.') + 1);
    return std::ranges::all_of(last, is_digit) || last.starts_with("0x");
}

std::optional<std::string> host_name(std::string_view text)
{
    if (text.ends_with('.'))
        text.remove_suffix(1);
    if (text.empty() || text.size() > longest_name || text.front() == '.' || text.find("..") != std::string_view::npos)
        return std::nullopt;
    std::string name(text);
    std::ranges::transform(name, name.begin(), lower);
    if (!std::ranges::all_of(name, is_of_a_name))
        return std::nullopt;
    return name;
}

} // namespace trellis::net
