// Whatever _routes prints and clients ask: a route that is called shadowed never answers, and what answers fits.
#include "base/check.hpp"
#include "services/gateway/routes.hpp"
#include "wasm/text/characters.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace {

using namespace trellis::gateway;

std::string_view take_line(std::string_view& text)
{
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

void check_match(const Match& match, std::string_view path)
{
    TRELLIS_CHECK(path.ends_with(match.raw_path_info) && trellis::wasm::is_utf8(match.path_info));
    if (match.script_name != "/")
        TRELLIS_CHECK(match.script_name + match.raw_path_info == path);
}

} // namespace

/// The first line is the base, the second a path that is asked for, the rest what the module prints.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto base = "/" + std::string(take_line(text)), path = "/" + std::string(take_line(text));
    const auto declared = parse_declared_routes(text, base);
    if (!declared)
        return 0;
    std::vector<Route> routes;
    for (const auto& one : *declared) {
        TRELLIS_CHECK(one.pattern.starts_with('/') && !one.entrypoint.empty());
        Route route = {.pattern = one.pattern, .module = 0, .entrypoint = one.entrypoint};
        // What else there may be to a route follows from its entrypoint's length.
        if (one.entrypoint.size() % 3 != 0)
            route.methods = {one.entrypoint.size() % 3 == 1 ? "GET" : "POST"};
        if (one.entrypoint.size() % 2 != 0)
            route.hosts = {one.entrypoint.size() % 5 < 3 ? "*.a.b" : "c.a.b"};
        routes.push_back(std::move(route));
    }
    const RouteTable table(std::move(routes));
    for (const auto* const method : {"GET", "POST", "PUT"})
        for (const auto* const host : {"", "c.a.b", "x.c.a.b:80"})
            if (const auto match = table.find(path, method, host)) {
                const auto index = static_cast<std::size_t>(match->route - table.routes().data());
                TRELLIS_CHECK(table.shadowed_by(index).empty());
                check_match(*match, path);
            }
    return 0;
}
