#include "cli/environment.hpp"

#include "base/format.hpp"
#include "cli/values.hpp"

#include <cstdlib>

namespace trellis::cli {
namespace {

constexpr std::string_view space = " \t\r";

std::string_view trimmed(std::string_view text)
{
    const auto first = text.find_first_not_of(space);
    return first == std::string_view::npos ? std::string_view()
                                           : text.substr(first, text.find_last_not_of(space) - first + 1);
}

/// Without what stands behind a # that begins it or follows a space.
std::string_view without_comment(std::string_view text)
{
    for (std::size_t at = text.find('#'); at != std::string_view::npos; at = text.find('#', at + 1))
        if (at == 0 || space.contains(text[at - 1]))
            return text.substr(0, at);
    return text;
}

Result<std::string_view> unquoted(std::string_view value)
{
    value = trimmed(value);
    if (value.empty() || !std::string_view("'\"`").contains(value[0]))
        return trimmed(without_comment(value));
    const auto end = value.find(value[0], 1);
    if (end == std::string_view::npos || !trimmed(without_comment(value.substr(end + 1))).empty())
        return fail(ErrorCode::usage, "the value's quotes don't end with it");
    return value.substr(1, end - 1);
}

Result<std::pair<std::string, std::string>> entry_of_line(std::string_view line)
{
    const auto [name, value] = split(line, "=");
    if (!value)
        return environment_entry(trimmed(without_comment(line)));
    if (trimmed(name).empty())
        return fail(ErrorCode::usage, "write NAME=VALUE, or NAME to pass a variable on");
    return std::pair(std::string(trimmed(name)), std::string(TRELLIS_TRY(unquoted(*value))));
}

} // namespace

Result<std::pair<std::string, std::string>> environment_entry(std::string_view text)
{
    const auto [name, value] = split(text, "=");
    if (name.empty())
        return fail(ErrorCode::usage, format("--env {}: write NAME=VALUE, or NAME to pass a variable on", text));
    if (value)
        return std::pair(std::string(name), std::string(*value));
    const char* inherited = std::getenv(std::string(name).c_str());
    if (!inherited)
        return fail(ErrorCode::usage, format("--env {}: there is no such variable here; write {}=VALUE", text, name));
    return std::pair(std::string(name), std::string(inherited));
}

Result<std::vector<std::pair<std::string, std::string>>> environment_file(std::string_view text,
                                                                          std::string_view origin)
{
    std::vector<std::pair<std::string, std::string>> all;
    for (unsigned number = 1; !text.empty(); ++number) {
        const auto [line, rest] = split(text, "\n");
        text = rest.value_or("");
        if (trimmed(without_comment(line)).empty())
            continue;
        auto entry = entry_of_line(line);
        if (!entry)
            return fail(ErrorCode::usage, format("{}:{}: {}", origin, number, entry.error().message));
        all.push_back(std::move(*entry));
    }
    return all;
}

} // namespace trellis::cli
