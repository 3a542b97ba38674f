// trellis cache: what is in the code cache, and out with it.
#include "base/format.hpp"
#include "cli/arguments.hpp"
#include "cli/code_options.hpp"
#include "cli/json_writer.hpp"
#include "cli/terminal.hpp"

#include <algorithm>
#include <array>
#include <ctime>

namespace trellis::cli {
namespace {

constexpr std::array options = {
    cache_dir_option,
    cache_size_option,
    Option{.name = "json", .value = "", .help = "Print JSON", .example = ""},
};

constexpr std::array examples = {
    Example{"trellis cache list", "shows entries, the most recently used first"},
    Example{"trellis cache list --json", "the same for programs"},
    Example{"trellis cache clear", "removes everything; the next runs compile anew"},
    Example{"trellis cache path", "prints where the cache is"},
};

constexpr std::string_view details =
    "WHAT is list, clear or path. The cache keeps compiled code in a folder that only its owner may open; an entry is\n"
    "named by everything it depends on: the module's content, this build of trellis, the processor and the options.\n"
    "Entries are verified by a secret in the folder, each time before they run; anything else counts as not there.";

std::string date_of(std::int64_t seconds)
{
    const auto time = static_cast<std::time_t>(seconds);
    std::tm parts{};
    gmtime_r(&time, &parts);
    return format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                  parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::uint64_t sum_of(const std::vector<embed::CodeCache::Entry>& entries)
{
    std::uint64_t sum = 0;
    for (const auto& entry : entries)
        sum += entry.bytes;
    return sum;
}

std::string list_as_json(const embed::CodeCache& cache, const std::vector<embed::CodeCache::Entry>& entries)
{
    JsonWriter json;
    json.begin_object();
    json.member("path", cache.settings().folder);
    json.member("bytes", sum_of(entries));
    json.member("most_bytes", cache.settings().most_bytes);
    json.key("entries");
    json.begin_array();
    for (const auto& entry : entries) {
        json.begin_object();
        json.member("name", entry.name);
        json.member("bytes", entry.bytes);
        json.member("used", static_cast<std::uint64_t>(entry.used));
        json.end_object();
    }
    json.end_array();
    json.end_object();
    return json.take();
}

Result<std::string> list(const embed::CodeCache& cache, bool as_json)
{
    const auto entries = TRELLIS_TRY(cache.entries());
    if (as_json)
        return list_as_json(cache, entries);
    std::string text;
    for (const auto& entry : entries)
        text += format("{}  {:>12}  {}\n", entry.name, entry.bytes, date_of(entry.used));
    return text + format("{} entries, {} of {} bytes, in {}\n", entries.size(), sum_of(entries),
                         cache.settings().most_bytes, cache.settings().folder);
}

Result<std::string> clear(const embed::CodeCache& cache, bool as_json)
{
    const auto freed = TRELLIS_TRY(cache.clear());
    if (!as_json)
        return format("removed {} bytes from {}\n", freed, cache.settings().folder);
    JsonWriter json;
    json.begin_object();
    json.member("path", cache.settings().folder);
    json.member("removed_bytes", freed);
    json.end_object();
    return json.take();
}

Result<std::string> path(const embed::CodeCache& cache, bool as_json)
{
    if (!as_json)
        return cache.settings().folder + "\n";
    JsonWriter json;
    json.begin_object();
    json.member("path", cache.settings().folder);
    json.end_object();
    return json.take();
}

struct Action {
    std::string_view name;
    Result<std::string> (*run)(const embed::CodeCache& cache, bool as_json);
};
constexpr std::array actions = {Action{"list", list}, Action{"clear", clear}, Action{"path", path}};

Result<int> act(const Arguments& arguments)
{
    const auto name = arguments.operands()[0];
    const auto* const action = std::ranges::find(actions, name, &Action::name);
    if (action == actions.end())
        return fail(ErrorCode::usage, format("cache {}: write list, clear or path", name));
    const embed::CodeCache cache(TRELLIS_TRY(cache_settings(arguments)));
    return print(TRELLIS_TRY(action->run(cache, arguments.has("json"))));
}

int run_cache(const Arguments& arguments)
{
    const auto code = act(arguments);
    return code ? *code : report(code.error());
}

} // namespace

const Command cache_command = {
    .name = "cache",
    .operands = "WHAT",
    .summary = "Shows and empties the cache of compiled code",
    .details = details,
    .options = options,
    .examples = examples,
    .run = run_cache,
};

} // namespace trellis::cli
