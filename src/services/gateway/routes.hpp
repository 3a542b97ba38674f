// Which entry answers a request: WAGI's table (first match wins, `/...` is a prefix, /healthz stands first), with
// methods and hosts as further conditions. Immutable, shared by threads. docs/reference/wagi.md, Routes
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trellis::gateway {

/// Answered by the gateway itself, before any route.
inline constexpr std::string_view health_path = "/healthz";

struct Route {
    std::string pattern;    ///< "/foo/...", "/foo"
    std::size_t module;     ///< index of the entry in the configuration
    std::string entrypoint; ///< of the module
    std::vector<std::string> methods = {};
    std::vector<std::string> hosts = {};
    bool declared_by_module = false; ///< by `_routes`
};

/// One line of what a module's `_routes` prints.
struct DeclaredRoute {
    std::string pattern; ///< joined to the module's own
    std::string entrypoint;
};
/// In the order in which they are asked: later lines first. Errors: invalid (no UTF-8, not two columns, nothing
/// printed).
Result<std::vector<DeclaredRoute>> parse_declared_routes(std::string_view output, std::string_view base);

/// What a path means for the route that it matched.
struct Match {
    const Route* route;
    std::string script_name;   ///< the pattern without "/..."; "/" where nothing is left
    std::string path_info;     ///< the rest, decoded
    std::string raw_path_info; ///< the rest as it came
};

struct NoMatch {
    bool other_methods = false; ///< the path exists for other methods: 405
    std::string allowed;        ///< "GET, HEAD"
};

class RouteTable {
public:
    explicit RouteTable(std::vector<Route> routes);
    /// `path`: the request's, without query, not decoded. `host`: without port, may be empty.
    [[nodiscard]] std::optional<Match> find(std::string_view path, std::string_view method,
                                            std::string_view host) const;
    [[nodiscard]] NoMatch why_not(std::string_view path, std::string_view host) const;
    [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }
    /// The earlier routes that together take every request this one could get; none: there is some left for it.
    [[nodiscard]] std::vector<const Route*> shadowed_by(std::size_t route) const;

private:
    std::vector<Route> routes_;
};

} // namespace trellis::gateway
