#include "services/gateway/routes.hpp"

#include "base/format.hpp"
#include "services/gateway/url.hpp"
#include "services/gateway/words.hpp"
#include "wasm/text/characters.hpp"

#include <algorithm>
#include <span>

namespace trellis::gateway {
namespace {

constexpr std::string_view wildcard = "/...";

bool is_prefix(std::string_view pattern)
{
    return pattern.ends_with(wildcard);
}

/// "/foo/..." without the dots: "/foo"; of "/..." nothing is left.
std::string_view base_of(std::string_view pattern)
{
    return is_prefix(pattern) ? pattern.substr(0, pattern.size() - wildcard.size()) : pattern;
}

bool path_matches(std::string_view pattern, std::string_view path)
{
    if (!is_prefix(pattern))
        return path == pattern;
    const auto base = base_of(pattern);
    return path.starts_with(base) && (path.size() == base.size() || path[base.size()] == '/');
}

bool same_host(std::string_view one, std::string_view other)
{
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::ranges::equal(one, other, {}, lower, lower);
}

bool host_matches(std::string_view pattern, std::string_view host)
{
    if (!pattern.starts_with("*."))
        return same_host(pattern, host);
    const auto suffix = pattern.substr(1);
    return host.size() > suffix.size() && same_host(host.substr(host.size() - suffix.size()), suffix);
}

std::string_view without_port(std::string_view host)
{
    const auto colon = host.rfind(':');
    const bool is_port = colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos;
    return is_port ? host.substr(0, colon) : host;
}

bool takes_host(const Route& route, std::string_view host)
{
    return route.hosts.empty() ||
           std::ranges::any_of(route.hosts, [&](const auto& one) { return host_matches(one, host); });
}

bool takes_method(const Route& route, std::string_view method)
{
    return route.methods.empty() || std::ranges::find(route.methods, method) != route.methods.end();
}

Match match_of(const Route& route, std::string_view path)
{
    const auto base = base_of(route.pattern);
    Match match = {&route, std::string(base.empty() ? "/" : base), {}, {}};
    if (is_prefix(route.pattern)) // an exact route leaves nothing
        match.raw_path_info = path.substr(base.size());
    match.path_info = url_decoded(match.raw_path_info);
    return match;
}

bool pattern_covers(std::string_view outer, std::string_view inner)
{
    if (!is_prefix(outer))
        return outer == inner;
    return path_matches(outer, base_of(inner));
}

/// Whether the outer route takes whatever the inner one takes of this method and host; empty: of all.
bool takes_all(const Route& outer, const Route& inner, std::string_view method, std::string_view host)
{
    return pattern_covers(outer.pattern, inner.pattern) &&
           (method.empty() ? outer.methods.empty() : takes_method(outer, method)) &&
           (host.empty() ? outer.hosts.empty()
                         : takes_host(outer, host)); // "*.a.b" ends with ".b", as any of its hosts
}

std::string_view next_line(std::string_view& text)
{
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r'))
        line.remove_suffix(1);
    return line;
}

/// One slash between them.
std::string joined(std::string_view base, std::string_view rest)
{
    base = base_of(base);
    if (base.ends_with('/'))
        base.remove_suffix(1);
    if (rest.starts_with('/'))
        rest.remove_prefix(1);
    return std::string(base) + "/" + std::string(rest);
}

} // namespace

Result<std::vector<DeclaredRoute>> parse_declared_routes(std::string_view output, std::string_view base)
{
    if (output.empty())
        return fail(ErrorCode::invalid, "it printed nothing; a line for each route must have a path and an entrypoint");
    if (!wasm::is_utf8(output))
        return fail(ErrorCode::invalid, "what it printed is not UTF-8");
    std::vector<DeclaredRoute> routes;
    while (!output.empty()) {
        const auto line = next_line(output);
        const auto columns = words_of(line);
        if (columns.size() == 2)
            routes.push_back({joined(base, columns[0]), std::string(columns[1])});
        else if (!line.empty())
            return fail(ErrorCode::invalid, format("\"{}\": a line must have a path and an entrypoint", line));
    }
    std::ranges::reverse(routes);
    return routes;
}

RouteTable::RouteTable(std::vector<Route> routes) : routes_(std::move(routes)) {}

std::optional<Match> RouteTable::find(std::string_view path, std::string_view method, std::string_view host) const
{
    host = without_port(host);
    for (const auto& route : routes_)
        if (path_matches(route.pattern, path) && takes_method(route, method) && takes_host(route, host))
            return match_of(route, path);
    return std::nullopt;
}

NoMatch RouteTable::why_not(std::string_view path, std::string_view host) const
{
    host = without_port(host);
    NoMatch found;
    std::vector<std::string_view> methods;
    for (const auto& route : routes_) {
        if (!path_matches(route.pattern, path) || !takes_host(route, host))
            continue;
        found.other_methods = true;
        for (const auto& method : route.methods)
            if (std::ranges::find(methods, method) == methods.end())
                methods.push_back(method);
    }
    for (const auto method : methods)
        found.allowed.append(found.allowed.empty() ? "" : ", ").append(method);
    return found;
}

std::vector<const Route*> RouteTable::shadowed_by(std::size_t index) const
{
    const std::vector<std::string> any = {""};
    const auto& route = routes_[index];
    const std::span earlier(routes_.data(), index);
    std::vector<const Route*> shadows;
    for (const auto& method : route.methods.empty() ? any : route.methods)
        for (const auto& host : route.hosts.empty() ? any : route.hosts) {
            const auto found =
                std::ranges::find_if(earlier, [&](const Route& one) { return takes_all(one, route, method, host); });
            if (found == earlier.end())
                return {};
            if (std::ranges::find(shadows, &*found) == shadows.end())
                shadows.push_back(&*found);
        }
    return shadows;
}

} // namespace trellis::gateway
