#include "services/gateway/routes.hpp"

#include <gtest/gtest.h>

namespace trellis::gateway {
namespace {

using Patterns = std::vector<std::string>;

Route route(std::string pattern, std::vector<std::string> methods = {}, std::vector<std::string> hosts = {})
{
    return {.pattern = std::move(pattern),
            .module = 0,
            .entrypoint = "_start",
            .methods = std::move(methods),
            .hosts = std::move(hosts)};
}

/// The pattern that answers; "-": none.
std::string found(const RouteTable& table, std::string_view path, std::string_view method = "GET",
                  std::string_view host = "")
{
    const auto match = table.find(path, method, host);
    return match ? match->route->pattern : "-";
}

/// "script_name|path_info|raw_path_info" of a table with this route alone.
std::string split(const std::string& pattern, std::string_view path)
{
    const RouteTable table({route(pattern)});
    const auto match = table.find(path, "GET", "");
    return match ? match->script_name + "|" + match->path_info + "|" + match->raw_path_info : "-";
}

TEST(gateway_routes, exact_ones_match_that_path_alone)
{
    const RouteTable table({route("/foo"), route("/bar/")});
    EXPECT_EQ(found(table, "/foo"), "/foo");
    for (const auto* const other : {"/foo/", "/fo", "/foobar", "/foo/bar", "/", "", "/FOO", "/%66oo", "//foo", "/bar"})
        EXPECT_EQ(found(table, other), "-") << other;
    EXPECT_EQ(found(table, "/bar/"), "/bar/");
}

TEST(gateway_routes, prefixes_match_whole_segments)
{
    const RouteTable table({route("/foo/...")});
    for (const auto* const path : {"/foo", "/foo/", "/foo/bar", "/foo/bar/baz", "/foo//", "/foo/...", "/foo/../x"})
        EXPECT_EQ(found(table, path), "/foo/...") << path;
    for (const auto* const other : {"/foobar", "/fo", "/", "/bar/foo", "/Foo/bar"})
        EXPECT_EQ(found(table, other), "-") << other;
}

TEST(gateway_routes, dots_alone_match_everything)
{
    const RouteTable table({route("/...")});
    for (const auto* const path : {"/", "/foo", "/foo/bar", "//"})
        EXPECT_EQ(found(table, path), "/...") << path;
    EXPECT_EQ(found(table, "*"), "-");
}

TEST(gateway_routes, first_match_wins)
{
    const RouteTable table({route("/a/b/..."), route("/a/..."), route("/a/b/c"), route("/a/d"), route("/...")});
    EXPECT_EQ(found(table, "/a/b/c"), "/a/b/...");
    EXPECT_EQ(found(table, "/a/d"), "/a/...");
    EXPECT_EQ(found(table, "/e"), "/...");
}

TEST(gateway_routes, script_name_and_path_info)
{
    EXPECT_EQ(split("/foo", "/foo"), "/foo||");
    EXPECT_EQ(split("/foo/", "/foo/"), "/foo/||");
    EXPECT_EQ(split("/", "/"), "/||");
    EXPECT_EQ(split("/foo/...", "/foo"), "/foo||");
    EXPECT_EQ(split("/foo/...", "/foo/"), "/foo|/|/");
    EXPECT_EQ(split("/foo/...", "/foo/a%2Fb/c"), "/foo|/a/b/c|/a%2Fb/c");
    EXPECT_EQ(split("/...", "/"), "/|/|/");
    EXPECT_EQ(split("/...", "/a"), "/|/a|/a");
    EXPECT_EQ(split("/a%20b/...", "/a%20b/c"), "/a%20b|/c|/c"); // patterns are compared as they came
}

TEST(gateway_routes, methods_and_hosts_are_conditions)
{
    const RouteTable table({route("/a", {"GET", "HEAD"}), route("/a", {"POST"}, {"example.com"}),
                            route("/...", {}, {"*.example.org"}), route("/b", {}, {"[::1]"})});
    EXPECT_EQ(found(table, "/a", "HEAD"), "/a");
    EXPECT_EQ(found(table, "/a", "POST"), "-");
    EXPECT_EQ(found(table, "/a", "get"), "-"); // methods are case-sensitive
    EXPECT_EQ(found(table, "/a", "POST", "example.com"), "/a");
    EXPECT_EQ(found(table, "/a", "POST", "EXAMPLE.com:8080"), "/a");
    EXPECT_EQ(found(table, "/a", "POST", "example.com.evil.test"), "-");
    EXPECT_EQ(found(table, "/c", "GET", "www.Example.ORG:1"), "/...");
    EXPECT_EQ(found(table, "/c", "GET", "a.b.example.org"), "/...");
    EXPECT_EQ(found(table, "/c", "GET", "example.org"), "-");
    EXPECT_EQ(found(table, "/c", "GET", ".example.org"), "-");
    EXPECT_EQ(found(table, "/c", "GET", "wwwexample.org"), "-");
    EXPECT_EQ(found(table, "/b", "GET", "[::1]:8080"), "/b");
    EXPECT_EQ(found(table, "/b", "GET", "[::1]"), "/b");
}

TEST(gateway_routes, why_nothing_matched)
{
    const RouteTable table({route("/a", {"GET", "HEAD"}), route("/a", {"POST", "GET"}), route("/b", {}, {"x"})});
    const auto other_method = table.why_not("/a", "");
    EXPECT_TRUE(other_method.other_methods);
    EXPECT_EQ(other_method.allowed, "GET, HEAD, POST");
    EXPECT_FALSE(table.why_not("/c", "").other_methods);
    EXPECT_FALSE(table.why_not("/b", "y").other_methods);
}

Patterns shadows(const RouteTable& table, std::size_t index)
{
    Patterns patterns;
    for (const auto* one : table.shadowed_by(index))
        patterns.push_back(one->pattern);
    return patterns;
}

TEST(gateway_routes, shadowed_by_a_path)
{
    const RouteTable table({route("/a/..."), route("/a"), route("/a/b/..."), route("/a/..."), route("/ab"),
                            route("/..."), route("/"), route("/...")});
    for (const std::size_t seen : {0, 4, 5})
        EXPECT_EQ(shadows(table, seen), Patterns()) << seen;
    for (const std::size_t hidden : {1, 2, 3})
        EXPECT_EQ(shadows(table, hidden), Patterns({"/a/..."})) << hidden;
    for (const std::size_t hidden : {6, 7})
        EXPECT_EQ(shadows(table, hidden), Patterns({"/..."})) << hidden;
    // The path of a prefix's own base is not all of the prefix.
    EXPECT_EQ(shadows(RouteTable({route("/a"), route("/a/...")}), 1), Patterns());
}

TEST(gateway_routes, shadowed_with_methods_and_hosts)
{
    const auto of = [](std::vector<Route> routes) {
        const auto last = routes.size() - 1;
        return shadows(RouteTable(std::move(routes)), last);
    };
    EXPECT_EQ(of({route("/a", {"GET"}), route("/a")}), Patterns());
    EXPECT_EQ(of({route("/a"), route("/a", {"GET"})}), Patterns({"/a"}));
    EXPECT_EQ(of({route("/a", {"GET"}), route("/a", {"GET", "POST"})}), Patterns());
    EXPECT_EQ(of({route("/a", {"GET"}), route("/...", {"POST", "PUT"}), route("/a", {"GET", "POST"})}),
              Patterns({"/a", "/..."})); // together
    EXPECT_EQ(of({route("/a", {}, {"x"}), route("/a")}), Patterns());
    EXPECT_EQ(of({route("/a", {}, {"*.x"}), route("/a", {}, {"b.x"})}), Patterns({"/a"}));
    EXPECT_EQ(of({route("/a", {}, {"*.x"}), route("/a", {}, {"*.y.x"})}), Patterns({"/a"}));
    EXPECT_EQ(of({route("/a", {}, {"*.y.x"}), route("/a", {}, {"*.x"})}), Patterns());
    EXPECT_EQ(of({route("/a", {}, {"*.x"}), route("/a", {}, {"x"})}), Patterns());
    EXPECT_EQ(of({route("/a", {"GET"}, {"X"}), route("/a", {"GET"}, {"x"})}), Patterns({"/a"}));
    EXPECT_EQ(of({route("/a", {"GET"}, {"x"}), route("/a", {}, {"y"}), route("/a", {"GET"}, {"x", "y"})}),
              Patterns({"/a", "/a"}));
}

/// "pattern entrypoint" of each, in order; or the error.
Patterns declared(std::string_view output, std::string_view base = "/base/...")
{
    const auto routes = parse_declared_routes(output, base);
    if (!routes)
        return {"error: " + routes.error().message};
    Patterns lines;
    for (const auto& one : *routes)
        lines.push_back(one.pattern + " " + one.entrypoint);
    return lines;
}

TEST(gateway_routes, declared_ones_stand_in_reversed_order)
{
    EXPECT_EQ(declared("/a first\n/b/... second\n/c third"),
              Patterns({"/base/c third", "/base/b/... second", "/base/a first"}));
    EXPECT_EQ(declared("/a one\r\n\n\r\n/b two\n"), Patterns({"/base/b two", "/base/a one"})); // empty lines are none
    EXPECT_EQ(declared("  /a \t one  "), Patterns({"/base/a one"}));
    EXPECT_EQ(declared("\n\n"), Patterns());
}

TEST(gateway_routes, declared_ones_are_joined_without_a_double_slash)
{
    for (const auto* const base : {"/base/...", "/base", "/base/"})
        for (const auto* const line : {"/a x", "a x"})
            EXPECT_EQ(declared(line, base), Patterns({"/base/a x"})) << base << line;
    for (const auto* const base : {"/", "/..."})
        EXPECT_EQ(declared("/a/... x", base), Patterns({"/a/... x"})) << base;
    EXPECT_EQ(declared("/ x"), Patterns({"/base/ x"}));
    EXPECT_EQ(declared("/... x"), Patterns({"/base/... x"}));
}

TEST(gateway_routes, declared_ones_have_two_columns)
{
    const auto is_error = [](std::string_view output, std::string_view reason) {
        const auto lines = declared(output);
        return lines.size() == 1 && lines[0].starts_with("error: ") && lines[0].find(reason) != std::string::npos;
    };
    EXPECT_TRUE(is_error("", "nothing"));
    EXPECT_TRUE(is_error("/a", "\"/a\""));
    EXPECT_TRUE(is_error("/a b c", "a path and an entrypoint"));
    EXPECT_TRUE(is_error("/a b\n ", "a path and an entrypoint"));
    EXPECT_TRUE(is_error("/a b\n/c", "\"/c\""));
    EXPECT_TRUE(is_error("/a \xff", "UTF-8"));
}

} // namespace
} // namespace trellis::gateway
