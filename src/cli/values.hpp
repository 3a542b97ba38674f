// Options' values: split in parts, and read into what they set.
#pragma once

#include "base/format.hpp"
#include "cli/arguments.hpp"

#include <optional>
#include <string_view>
#include <utility>

namespace trellis::cli {

/// Text split at the first `separator`; the second part is absent where there is none.
inline std::pair<std::string_view, std::optional<std::string_view>> split(std::string_view text,
                                                                          std::string_view separator)
{
    const auto at = text.find(separator);
    if (at == std::string_view::npos)
        return {text, std::nullopt};
    return {text.substr(0, at), text.substr(at + separator.size())};
}

/// A limit's option, parsed if it is given. The message names the option.
template <class Number, class Parsed>
Result<> read_limit(const Arguments& arguments, std::string_view option, Result<Parsed> (*parse)(std::string_view),
                    Number& limit)
{
    const auto word = arguments.value(option);
    if (!word)
        return {};
    auto parsed = parse(*word);
    if (!parsed)
        return fail(ErrorCode::usage, format("--{}: {}", option, parsed.error().message));
    limit = static_cast<Number>(*parsed);
    return {};
}

} // namespace trellis::cli
