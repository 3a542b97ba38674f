#include "services/gateway/routes.hpp"

#include "base/format.hpp"
#include "services/gateway/url.hpp"

#include <algorithm>

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
    Match match = {&route, std::string(base_of(route.pattern)), {}, {}};
    // An exact route has no rest; what a prefix leaves begins with a slash.
    if (is_prefix(route.pattern)) {
        match.raw_path_info = path.substr(match.script_name.size());
        if (match.raw_path_info.empty())
            match.raw_path_info = "/";
    } else if (route.pattern == "/") {
        match.raw_path_info = "/";
    }
    match.path_info = url_decoded(match.raw_path_info);
    return match;
}

/// Whether each of `inner`'s conditions is one of `outer`'s.
bool covers(const std::vector<std::string>& outer, const std::vector<std::string>& inner)
{
    return outer.empty() || (!inner.empty() && std::ranges::all_of(inner, [&](const auto& one) {
               return std::ranges::find(outer, one) != outer.end();
           }));
}

bool pattern_covers(std::string_view outer, std::string_view inner)
{
    if (!is_prefix(outer))
        return outer == inner;
    return path_matches(outer, base_of(inner));
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

/// Parts of a line between white space.
std::vector<std::string_view> columns_of(std::string_view line)
{
    std::vector<std::string_view> columns;
    constexpr std::string_view space = " \t";
    for (auto at = line.find_first_not_of(space); at != std::string_view::npos; at = line.find_first_not_of(space)) {
        line.remove_prefix(at);
        const auto end = std::min(line.find_first_of(space), line.size());
        columns.push_back(line.substr(0, end));
        line.remove_prefix(end);
    }
    return columns;
}

/// One slash between them.
std::string joined(std::string_view base, std::string_view rest)
{
    base = base_of(base);
    while (base.ends_with('/'))
        base.remove_suffix(1);
    while (rest.starts_with('/'))
        rest.remove_prefix(1);
    return std::string(base) + "/" + std::string(rest);
}

} // namespace

Result<std::vector<DeclaredRoute>> parse_declared_routes(std::string_view output, std::string_view base)
{
    std::vector<DeclaredRoute> routes;
    while (!output.empty()) {
        const auto line = next_line(output);
        const auto columns = columns_of(line);
        if (columns.size() != 2)
            return fail(ErrorCode::invalid, format("\"{}\": a line must have a path and an entrypoint", line));
        routes.push_back({joined(base, columns[0]), std::string(columns[1])});
    }
    if (routes.empty())
        return fail(ErrorCode::invalid, "it printed no routes");
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

const Route* RouteTable::shadowed_by(std::size_t index) const
{
    const auto& route = routes_[index];
    for (std::size_t i = 0; i < index; ++i)
        if (pattern_covers(routes_[i].pattern, route.pattern) && covers(routes_[i].methods, route.methods) &&
            covers(routes_[i].hosts, route.hosts))
            return &routes_[i];
    return nullptr;
}

} // namespace trellis::gateway
