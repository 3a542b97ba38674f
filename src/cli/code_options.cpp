#include "cli/code_options.hpp"

#include "base/format.hpp"
#include "base/quantity.hpp"
#include "cli/terminal.hpp"
#include "cli/values.hpp"

#include <algorithm>
#include <array>

namespace trellis::cli {

Result<embed::CodeChoice> code_choice_of(const Arguments& arguments)
{
    constexpr std::array<std::string_view, 3> words = {"interpreter", "jit", "aot"};
    const auto tier = arguments.value("tier").value_or(embed::has_compiler() ? "jit" : "interpreter");
    const auto found = std::ranges::find(words, tier);
    if (found == words.end())
        return fail(ErrorCode::usage, format("no tier {}; there are: interpreter, jit, aot", tier));
    return static_cast<embed::CodeChoice>(found - words.begin());
}

Result<embed::CacheSettings> cache_settings(const Arguments& arguments)
{
    embed::CacheSettings settings;
    TRELLIS_TRY(read_limit(arguments, cache_size_option.name, parse_size, settings.most_bytes));
    const auto folder = arguments.value(cache_dir_option.name);
    if (folder && folder->empty())
        return fail(ErrorCode::usage, "--cache-dir: name a folder; --no-cache does without one");
    settings.folder = folder ? std::string(*folder) : TRELLIS_TRY(embed::default_cache_folder());
    return settings;
}

Result<std::optional<embed::CodeCache>> cache_of(const Arguments& arguments)
{
    const bool tells = arguments.has(cache_log_option.name);
    if (arguments.has(no_cache_option.name))
        return std::nullopt;
    auto settings = cache_settings(arguments);
    if (!settings && settings.error().code != ErrorCode::not_found)
        return std::unexpected(std::move(settings).error());
    if (!settings) {
        if (tells)
            print_note(settings.error().message);
        return std::nullopt;
    }
    if (tells)
        settings->tell = [](std::string_view line) { print_note(line); };
    return embed::CodeCache(*std::move(settings));
}

} // namespace trellis::cli
