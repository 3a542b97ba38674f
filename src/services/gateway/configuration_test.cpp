#include "services/gateway/configuration.hpp"

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

namespace trellis::gateway {
namespace {

using namespace std::string_literals;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Texts = std::vector<std::string>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

Result<Configuration> parse(const std::string& text)
{
    return parse_configuration(text, "/etc/trellis/modules.toml");
}

/// The entry that these lines make.
ModuleEntry entry(const std::string& lines)
{
    const auto parsed = parse("[[module]]\n" + lines);
    EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
    return parsed && parsed->modules.size() == 1 ? parsed->modules[0] : ModuleEntry();
}

/// The message that a text brings.
std::string failure(const std::string& text)
{
    const auto parsed = parse(text);
    EXPECT_FALSE(parsed) << text;
    return parsed ? "" : parsed.error().message;
}

/// The same for a field of an entry that is fine otherwise; it stands in line 4.
std::string field_failure(const std::string& line)
{
    const auto message = failure("[[module]]\nroute = \"/a\"\nmodule = \"a.wasm\"\n" + line);
    EXPECT_TRUE(message.starts_with("/etc/trellis/modules.toml:4: ")) << message;
    return message.substr(std::min(message.size(), "/etc/trellis/modules.toml:4: "s.size()));
}

constexpr auto least = "route = \"/a\"\nmodule = \"a.wasm\"\n";

TEST(gateway_configuration, the_least_that_an_entry_says)
{
    const auto one = entry(least);
    EXPECT_EQ(one.route, "/a");
    EXPECT_EQ(one.module, "/etc/trellis/a.wasm");
    EXPECT_EQ(one.line, 1u);
    EXPECT_EQ(one.entrypoint, "_start");
    EXPECT_EQ(one.argv, std::nullopt);
    EXPECT_TRUE(one.volumes.empty() && one.allowed_hosts.empty() && one.environment.empty());
    EXPECT_TRUE(one.methods.empty() && one.hosts.empty());
    EXPECT_EQ(one.http_max_concurrency, 16u);
    EXPECT_EQ(one.limits.memory_bytes, 256u << 20);
    EXPECT_EQ(one.limits.fuel, std::nullopt);
    EXPECT_EQ(one.limits.timeout, seconds(30));
    EXPECT_EQ(one.limits.concurrency, 64u);
    EXPECT_EQ(one.limits.queue_timeout, seconds(10));
    EXPECT_EQ(one.limits.body_bytes, 64u << 20);
}

TEST(gateway_configuration, every_field)
{
    const auto one = entry(R"(
route = "/static/..."
module = "/srv/app.wasm"
entrypoint = "main"
argv = "ruby ${SCRIPT_NAME} ${ARGS}"
volumes = {"/data" = "data", "/read" = "/srv/read::ro"}
allowed_hosts = ["https://example.com", "http://localhost:8080"]
http_max_concurrency = 3
environment = {STAGE = "test", EMPTY = ""}
methods = ["GET", "M-SEARCH"]
hosts = ["example.com", "*.example.com", "[::1]"]
max_memory = "64MiB"
timeout = "1.5s"
fuel = 1000
deterministic = true
max_concurrency = 4
queue_timeout = "250ms"
max_body = 1024
)");
    EXPECT_EQ(one.route, "/static/...");
    EXPECT_EQ(one.module, "/srv/app.wasm");
    EXPECT_EQ(one.entrypoint, "main");
    EXPECT_EQ(one.argv, "ruby ${SCRIPT_NAME} ${ARGS}");
    ASSERT_EQ(one.volumes.size(), 2u);
    EXPECT_EQ(one.volumes[0].guest, "/data");
    EXPECT_EQ(one.volumes[0].host, "/etc/trellis/data");
    EXPECT_FALSE(one.volumes[0].read_only);
    EXPECT_EQ(one.volumes[1].host, "/srv/read");
    EXPECT_TRUE(one.volumes[1].read_only);
    EXPECT_EQ(one.allowed_hosts, Texts({"https://example.com", "http://localhost:8080"}));
    EXPECT_EQ(one.http_max_concurrency, 3u);
    EXPECT_EQ(one.environment, Pairs({{"EMPTY", ""}, {"STAGE", "test"}}));
    EXPECT_EQ(one.methods, Texts({"GET", "M-SEARCH"}));
    EXPECT_EQ(one.hosts, Texts({"example.com", "*.example.com", "[::1]"}));
    EXPECT_EQ(one.limits.memory_bytes, 64u << 20);
    EXPECT_EQ(one.limits.timeout, milliseconds(1500));
    EXPECT_EQ(one.limits.fuel, 1000u);
    EXPECT_TRUE(one.limits.deterministic);
    EXPECT_EQ(one.limits.concurrency, 4u);
    EXPECT_EQ(one.limits.queue_timeout, milliseconds(250));
    EXPECT_EQ(one.limits.body_bytes, 1024u);
}

TEST(gateway_configuration, entries_keep_their_order_and_lines)
{
    const auto parsed =
        parse("\n[[module]]\nroute = \"/b\"\nmodule = \"b\"\n\n[[module]]\nroute = \"/a\"\nmodule = \"a\"\n");
    ASSERT_TRUE(parsed);
    ASSERT_EQ(parsed->modules.size(), 2u);
    EXPECT_EQ(parsed->modules[0].route, "/b");
    EXPECT_EQ(parsed->modules[0].line, 2u);
    EXPECT_EQ(parsed->modules[1].route, "/a");
    EXPECT_EQ(parsed->modules[1].line, 6u);
}

TEST(gateway_configuration, fields_without_effect_are_told)
{
    const auto parsed =
        parse("default_host = \"x\"\n[[module]]\nroute = \"/a\"\nmodule = \"a\"\nbindle_server = \"b\"\n"
              "repository = 1\n");
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(parsed->warnings, Texts({"/etc/trellis/modules.toml:1: default_host has no effect; use --hostname",
                                       "/etc/trellis/modules.toml:5: bindle_server has no effect",
                                       "/etc/trellis/modules.toml:6: repository has no effect"}));
}

TEST(gateway_configuration, files_are_relative_to_the_folder_of_modules_toml)
{
    const auto module = [](const std::string& name, const std::string& origin) {
        const auto parsed = parse_configuration("[[module]]\nroute = \"/\"\nmodule = \"" + name + "\"\n", origin);
        return parsed ? parsed->modules[0].module : parsed.error().message;
    };
    EXPECT_EQ(module("a.wasm", "modules.toml"), "a.wasm");
    EXPECT_EQ(module("a.wasm", "x/modules.toml"), "x/a.wasm");
    EXPECT_EQ(module("../a.wat", "/x/modules.toml"), "/x/../a.wat");
    EXPECT_EQ(module("/a.wasm", "x/modules.toml"), "/a.wasm");
    EXPECT_EQ(module("file:///a%20b.wasm", "x/modules.toml"), "/a b.wasm");
    EXPECT_EQ(module("./a:b.wasm", "modules.toml"), "./a:b.wasm");
}

TEST(gateway_configuration, sources_that_there_are_not)
{
    const auto error = [](const std::string& module) {
        const auto parsed = parse("[[module]]\nroute = \"/\"\nmodule = \"" + module + "\"\n");
        EXPECT_FALSE(parsed) << module;
        EXPECT_TRUE(parsed || parsed.error().code == ErrorCode::unsupported) << module;
        return parsed ? "" : parsed.error().message;
    };
    const auto begin = "/etc/trellis/modules.toml:3: module: "s;
    for (const auto& reference : {"oci:name:tag"s, "oci://host:5000/name:tag"s})
        EXPECT_EQ(error(reference),
                  begin + reference + ": registries can't be read yet; fetch the module and name the file");
    EXPECT_EQ(error("bindle:example.com/a/1.2.3"),
              begin + "bindle:example.com/a/1.2.3: bindles are not supported; fetch the module and name the file");
    EXPECT_EQ(error("https://example.com/a.wasm"),
              begin + "https://example.com/a.wasm: fetch the module and name the file");
    EXPECT_EQ(error("file:a.wasm"), begin + "file:a.wasm: write file:/// and an absolute path, or the path alone");
    EXPECT_EQ(error("file://a.wasm"), begin + "file://a.wasm: write file:/// and an absolute path, or the path alone");
    EXPECT_EQ(error("a:b.wasm"), begin + "a:b.wasm: there are no sources of kind a:; write ./a:b.wasm for a file");
}

TEST(gateway_configuration, names_that_there_are_not)
{
    EXPECT_EQ(field_failure("entrypiont = \"x\""), "there is no field entrypiont; did you mean entrypoint?");
    EXPECT_EQ(field_failure("max_memroy = \"x\""), "there is no field max_memroy; did you mean max_memory?");
    EXPECT_EQ(field_failure("zzzzzzzz = 1"), "there is no field zzzzzzzz");
    EXPECT_EQ(failure("modules = 1"), "/etc/trellis/modules.toml:1: there is no field modules; did you mean module?");
    EXPECT_EQ(failure("\n[cache]\n"), "/etc/trellis/modules.toml:2: there is no field cache");
}

TEST(gateway_configuration, entries_that_are_none)
{
    for (const auto* const text :
         {"", "# nothing\n", "module = 1", "[module]\nroute = \"/\"\n", "module = []", "module = [1]"})
        EXPECT_TRUE(failure(text).ends_with("there are no modules; write [[module]] and below it route and module"))
            << text;
    EXPECT_EQ(failure("\n\n[[module]]\nroute = \"/\"\n"), "/etc/trellis/modules.toml:3: the module has no module");
    EXPECT_EQ(failure("[[module]]\nmodule = \"a\"\n"), "/etc/trellis/modules.toml:1: the module has no route");
}

TEST(gateway_configuration, values_that_mean_nothing)
{
    struct Case {
        std::string line;
        std::string_view message;
    };
    for (const auto& [line, message] : {
             Case{"entrypoint = 1", "entrypoint: must be a string"},
             Case{"entrypoint = \"\"", "entrypoint: must not be empty or hold a NUL"},
             Case{"entrypoint = \"a\\u0000b\"", "entrypoint: must not be empty or hold a NUL"},
             Case{"argv = [\"a\"]", "argv: must be a string"},
             Case{"argv = \"a\\u0000\"", "argv: must not be empty or hold a NUL"},
             Case{"volumes = \"/a\"", "volumes: must be a table of strings"},
             Case{"volumes = {\"/a\" = 1}", "volumes: /a must be a string"},
             Case{"volumes = {\"/a\" = \"\"}", "volumes: write {\"/in/the/guest\" = \"folder\"}"},
             Case{"volumes = {\"/a\" = \"::ro\"}", "volumes: write {\"/in/the/guest\" = \"folder\"}"},
             Case{"volumes = {\"\" = \"a\"}", "volumes: write {\"/in/the/guest\" = \"folder\"}"},
             Case{"volumes = {\"/a\" = \"b\\u0000\"}", "volumes: write {\"/in/the/guest\" = \"folder\"}"},
             Case{"allowed_hosts = \"a\"", "allowed_hosts: must be a list of strings"},
             Case{"allowed_hosts = [1]", "allowed_hosts: must be a string"},
             Case{"http_max_concurrency = 0", "http_max_concurrency: must be a whole number above 0"},
             Case{"http_max_concurrency = -1", "http_max_concurrency: must be a whole number above 0"},
             Case{"http_max_concurrency = 1.5", "http_max_concurrency: must be a whole number above 0"},
             Case{"environment = [\"A=b\"]", "environment: must be a table of strings"},
             Case{"environment = {A = 1}", "environment: A must be a string"},
             Case{"environment = {\"A=B\" = \"c\"}", "environment: A=B: is no name and value of a variable"},
             Case{"environment = {\"\" = \"c\"}", "environment: : is no name and value of a variable"},
             Case{"environment = {A = \"\\u0000\"}", "environment: A: is no name and value of a variable"},
             Case{"methods = \"GET\"", "methods: must be a list of strings"},
             Case{"methods = [\"get\"]", "methods: get: methods are written in capitals"},
             Case{"methods = [\"\"]", "methods: : methods are written in capitals"},
             Case{"methods = [\"A B\"]", "methods: A B: methods are written in capitals"},
             Case{"hosts = [\"http://a\"]", "hosts: http://a: write example.com or *.example.com"},
             Case{"hosts = [\"a:80\"]", "hosts: a:80: write example.com or *.example.com"},
             Case{"hosts = [\"*\"]", "hosts: *: write example.com or *.example.com"},
             Case{"hosts = [\"a.*\"]", "hosts: a.*: write example.com or *.example.com"},
             Case{"hosts = [\"*.\"]", "hosts: *.: write example.com or *.example.com"},
             Case{"hosts = [\"\"]", "hosts: : write example.com or *.example.com"},
             Case{"max_memory = \"many\"", "max_memory: "},
             Case{"max_memory = 0", "max_memory: must be a whole number above 0"},
             Case{"max_memory = true", "max_memory: must be a string"},
             Case{"timeout = 30", "timeout: must be a time such as \"30s\" or \"500ms\""},
             Case{"timeout = \"soon\"", "timeout: "},
             Case{"timeout = \"0s\"", "timeout: "},
             Case{"fuel = \"1\"", "fuel: must be a whole number above 0"},
             Case{"deterministic = 1", "deterministic: must be true or false"},
             Case{"max_concurrency = 0", "max_concurrency: must be a whole number above 0"},
             Case{"queue_timeout = 1.5", "queue_timeout: must be a time such as"},
             Case{"max_body = -1", "max_body: must be a whole number above 0"},
         })
        EXPECT_TRUE(field_failure(line).starts_with(message)) << line << "\n" << field_failure(line);
}

TEST(gateway_configuration, routes_that_are_none)
{
    const auto error = [](const std::string& route) {
        return failure("[[module]]\nmodule = \"a\"\nroute = \"" + route + "\"\n");
    };
    const auto begin = "/etc/trellis/modules.toml:3: route: "s;
    EXPECT_EQ(error("a"), begin + "a: must begin with /");
    EXPECT_EQ(error(""), begin + ": must begin with /");
    EXPECT_EQ(error("/a/.../b"), begin + "/a/.../b: /... may only stand at the end");
    EXPECT_EQ(error("/.../..."), begin + "/.../...: /... may only stand at the end");
    for (const auto* const route : {"/a b", "/a?b", "/a#b", "/a\\tb", "/a\\u0000"})
        EXPECT_NE(error(route).find("no path holds spaces, ? or #"), std::string::npos) << route;
    for (const auto* const route : {"/", "/...", "/a...", "/a/b/...", "/\xc3\xa9", "/%20"})
        EXPECT_TRUE(parse("[[module]]\nmodule = \"a\"\nroute = \""s + route + "\"\n")) << route;
}

TEST(gateway_configuration, text_that_is_no_toml)
{
    for (const auto* const text :
         {"[[module]", "a = ", "\xff", "a = \"", "[[module]]\nroute = \"/a\"\nroute = \"/b\"\n",
          "a = 99999999999999999999999", "\xef\xbb", "a = 0x"}) {
        const auto parsed = parse(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code, ErrorCode::malformed) << text;
        EXPECT_TRUE(parsed.error().message.starts_with("/etc/trellis/modules.toml:")) << parsed.error().message;
    }
}

TEST(gateway_configuration, hostile_toml_is_refused_in_time)
{
    for (const std::size_t depth : {300u, 200'000u}) {
        EXPECT_FALSE(parse("a = " + std::string(depth, '[')));
        EXPECT_FALSE(parse("a = " + std::string(depth, '[') + std::string(depth, ']')));
        std::string tables = "a = ";
        for (std::size_t i = 0; i < depth; ++i)
            tables += "{a=";
        EXPECT_FALSE(parse(tables));
        std::string dots = "a";
        for (std::size_t i = 0; i < depth / 10; ++i)
            dots += ".a";
        EXPECT_FALSE(parse(dots + " = 1"));
        EXPECT_FALSE(parse("[" + dots + "]"));
    }
    std::string many;
    for (int i = 0; i < 3'000; ++i)
        many += "[[module]]\n"s + least;
    EXPECT_TRUE(parse(many));
}

TEST(gateway_configuration, the_reference_page_names_every_field)
{
    std::ifstream file(TRELLIS_SOURCE_DIR "/docs/reference/modules-toml.md");
    std::stringstream page;
    page << file.rdbuf();
    for (const auto field : module_field_names())
        EXPECT_NE(page.str().find("\n| `" + std::string(field) + "` |"), std::string::npos) << field;
}

} // namespace
} // namespace trellis::gateway
