// `trellis routes`, and the options of WAGI's command line that `trellis serve` does not have.
#include "serve/server.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

namespace trellis::testing {
namespace {

const std::string declaring = TRELLIS_SERVE_GUESTS "/routes.wasm";

class serve_routes_command : public ::testing::Test {
protected:
    ProcessResult run(const std::string& modules, std::vector<std::string> words = {"routes"})
    {
        words.insert(words.begin(), TRELLIS_PROGRAM);
        words.push_back(folder_.file("modules.toml", modules));
        ProcessRequest request;
        request.words = std::move(words);
        return run_process(request);
    }
    TemporaryDirectory folder_;
};

TEST_F(serve_routes_command, prints_the_table_in_its_order)
{
    const auto shown =
        run("[[module]]\nroute = \"/own/...\"\nmodule = \"" + declaring + "\"\nmethods = [\"GET\", \"HEAD\"]\n" +
            "[[module]]\nroute = \"/\"\nmodule = \"" + declaring + "\"\nhosts = [\"a.test\"]\n");
    EXPECT_EQ(shown.exit_code, 0) << shown.errors;
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < shown.output.size(); at = shown.output.find('\n', at) + 1)
        lines.push_back(shown.output.substr(at, shown.output.find('\n', at) - at));
    ASSERT_GE(lines.size(), 6u) << shown.output;
    EXPECT_TRUE(lines[0].starts_with("   route ")) << shown.output;
    EXPECT_TRUE(lines[1].starts_with(" 1 /healthz ")) << shown.output;
    const auto position = [&](std::string_view text) { return shown.output.find(text); };
    // What the module declares stands before its own route, later lines first.
    EXPECT_LT(position(" /own/deep/... "), position(" /own/hello ")) << shown.output;
    EXPECT_LT(position(" /own/hello "), position(" /own/... ")) << shown.output;
    EXPECT_LT(position(" /own/... "), position(" a.test ")) << shown.output;
    EXPECT_NE(position("line 1, _routes"), std::string::npos) << shown.output;
    EXPECT_NE(position("GET,HEAD"), std::string::npos) << shown.output;
    EXPECT_EQ(position("can never match"), std::string::npos) << shown.output;
}

TEST_F(serve_routes_command, says_what_can_never_match)
{
    const std::string own = "module = \"" TRELLIS_SERVE_GUESTS "/act.wasm\"\n";
    const auto entry = [&](std::string_view lines) { return "[[module]]\n" + own + std::string(lines) + "\n"; };
    const auto modules = entry("route = \"/a\"\nmethods = [\"GET\"]") + entry("route = \"/a\"\nmethods = [\"POST\"]") +
                         entry("route = \"/a\"\nmethods = [\"GET\", \"POST\"]") + entry("route = \"/healthz\"") +
                         entry("route = \"/...\"") + entry("route = \"/b\"");
    const auto shown = run(modules);
    EXPECT_EQ(shown.exit_code, 0) << shown.errors;
    EXPECT_TRUE(shown.output.ends_with("\n4 /a: can never match; 2 /a and 3 /a come first\n"
                                       "5 /healthz: can never match; 1 /healthz comes first\n"
                                       "7 /b: can never match; 6 /... comes first\n"))
        << shown.output;
    const auto json = run(modules, {"routes", "--json"});
    EXPECT_EQ(json.exit_code, 0);
    EXPECT_NE(json.output.find("\"shadowed_by\": [\n        2,\n        3\n      ]"), std::string::npos) << json.output;
    EXPECT_NE(json.output.find("\"shadowed_by\": []"), std::string::npos) << json.output;
    EXPECT_NE(json.output.find("\"built_in\": true"), std::string::npos) << json.output;
}

TEST_F(serve_routes_command, mistakes_are_those_of_serve)
{
    const auto wrong = run("[[module]]\nrout = \"/\"\n");
    EXPECT_EQ(wrong.exit_code, 2);
    EXPECT_EQ(wrong.errors,
              "error: " + folder_.path() + "/modules.toml:2: there is no field rout; did you mean route?\n");
    EXPECT_EQ(run("default_host = \"x\"\n[[module]]\nroute = \"/\"\nmodule = \"" + declaring + "\"\n").errors,
              folder_.path() + "/modules.toml:1: default_host has no effect; use --hostname\n");
}

/// A module whose _routes prints that.
std::string declares(std::string_view text, std::string_view parameters = "")
{
    std::string data;
    for (const char c : text)
        data += c == '\n' ? std::string("\\n") : std::string(1, c);
    return "(module (import \"wasi_snapshot_preview1\" \"fd_write\" (func $write (param i32 i32 i32 i32) (result i32)))"
           "(memory (export \"memory\") 1) (data (i32.const 0) \"\\10\\00\\00\\00\\" +
           std::string{"0123456789abcdef"[text.size() / 16], "0123456789abcdef"[text.size() % 16]} +
           "\\00\\00\\00\") (data (i32.const 16) \"" + data +
           "\") (func (export \"_start\")) (func (export \"_routes\") " + std::string(parameters) +
           " (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))";
}

TEST_F(serve_routes_command, modules_that_declare_nonsense_are_refused)
{
    const auto errors = [&](std::string_view text, std::string_view parameters = "") {
        (void)folder_.file("a.wat", declares(text, parameters));
        const auto shown = run("[[module]]\nroute = \"/a/...\"\nmodule = \"a.wat\"\n");
        return shown.exit_code == 0 ? "" : shown.errors;
    };
    EXPECT_EQ(errors("/b _start\n\n/c _start"), "");
    EXPECT_NE(errors("").find("_routes: it printed nothing"), std::string::npos) << errors("");
    EXPECT_NE(errors("/b").find("a path and an entrypoint"), std::string::npos) << errors("/b");
    EXPECT_NE(errors("/b nobody").find("exports no function nobody"), std::string::npos) << errors("/b nobody");
    EXPECT_NE(errors("/b _start", "(param i32)").find("no function _routes without parameters"), std::string::npos);
}

TEST_F(serve_routes_command, routes_are_declared_without_arguments_variables_and_files)
{
    // Traps if it sees anything of the kind; at a request it has all of them.
    (void)folder_.file("a.wat", R"wat((module
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "environ_sizes_get" (func $variables (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "\10\00\00\00\08\00\00\00")
      (data (i32.const 16) "/b main\n")
      (func $expect (param $count i32) (param $folder_error i32)
        (drop (call $args (i32.const 32) (i32.const 36)))
        (drop (call $variables (i32.const 40) (i32.const 44)))
        (if (i32.ne (i32.eqz (i32.load (i32.const 32))) (local.get $count)) (then unreachable))
        (if (i32.ne (i32.eqz (i32.load (i32.const 40))) (local.get $count)) (then unreachable))
        (if (i32.ne (call $prestat (i32.const 3) (i32.const 48)) (local.get $folder_error)) (then unreachable)))
      (func (export "_routes")
        (call $expect (i32.const 1) (i32.const 8))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
      (func (export "main") (call $expect (i32.const 0) (i32.const 0)))
      (func (export "_start") (call $expect (i32.const 0) (i32.const 0)))
    ))wat");
    const auto modules = "[[module]]\nroute = \"/a/...\"\nmodule = \"" + folder_.path() +
                         "/a.wat\"\nenvironment = {A = \"b\"}\nvolumes = {\"/a\" = \"" + folder_.path() + "\"}\n";
    const auto shown = run(modules);
    EXPECT_EQ(shown.exit_code, 0) << shown.errors;
    EXPECT_NE(shown.output.find(" /a/b "), std::string::npos) << shown.output;
    const Server server(modules);
    EXPECT_NE(server.get("/a/b").body.find("ended before"), std::string::npos); // and not: trapped
}

TEST_F(serve_routes_command, initialize_comes_before_an_entrypoint_of_its_own)
{
    (void)folder_.file("a.wat", R"wat((module
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "\10\00\00\00\0d\00\00\00")
      (data (i32.const 16) "status: 201\n\n")
      (global $ready (mut i32) (i32.const 0))
      (func (export "_initialize") (global.set $ready (i32.const 1)))
      (func (export "go")
        (if (i32.eqz (global.get $ready)) (then unreachable))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
    ))wat");
    const Server server(module_entry("/", "entrypoint = \"go\"", folder_.path() + "/a.wat"));
    EXPECT_EQ(server.get("/").status, 201u);
}

TEST_F(serve_routes_command, declared_routes_have_their_own_log)
{
    const auto file_of = [&](const std::string& route) {
        const auto hash =
            run_process({.words = {"/bin/sh", "-c", "printf " + route + " | sha256sum | cut -c1-64 | tr -d '\\n'"}});
        return folder_.path() + "/" + hash.output + "/module.stderr";
    };
    const Server server(module_entry("/own/...", "", declaring), {"--log-dir", folder_.path()});
    for (const auto* const route : {"/own/...", "/own/hello", "/own/deep/..."})
        EXPECT_EQ(::access(file_of(route).c_str(), F_OK), 0) << route;
}

TEST_F(serve_routes_command, options_of_wagi_that_serve_does_not_have_bring_advice)
{
    for (const auto& [option, advice] : std::initializer_list<std::pair<std::string, std::string_view>>{
             {"--config", "error: --config: name the file without it: trellis serve modules.toml\n"},
             {"-c", "error: --config: name the file without it: trellis serve modules.toml\n"},
             {"--bindle", "error: --bindle: bindles are not supported; fetch the modules"},
             {"-b", "error: --bindle: bindles are not supported; fetch the modules"},
             {"--bindle-path", "error: --bindle-path: bindles are not supported"},
             {"--bindle-url", "error: --bindle-url: bindles are not supported"},
             {"--bindle-http-user", "error: --bindle-http-user: bindles are not supported"},
             {"--bindle-http-password", "error: --bindle-http-password: bindles are not supported"},
             {"--bindle-insecure", "error: --bindle-insecure: bindles are not supported"},
             {"-k", "error: --bindle-insecure: bindles are not supported"},
             {"--cache", "error: --cache: compiled code is kept without it"},
             {"--module-cache", "error: --module-cache: modules are read from files only"},
         }) {
        const auto refused = run("", {"serve", option});
        EXPECT_EQ(refused.exit_code, 2);
        EXPECT_TRUE(refused.errors.starts_with(advice)) << option << refused.errors;
    }
    for (const auto* const source : {"oci:name:tag", "bindle:a/1.2.3"})
        EXPECT_EQ(run("[[module]]\nroute = \"/\"\nmodule = \"" + std::string(source) + "\"\n").exit_code, 126);
}

TEST_F(serve_routes_command, environment_files_are_weaker_than_options)
{
    const auto one = folder_.file("one.env", "A=file\nB='one'\nC=one\n"),
               other = folder_.file("two.env", "C=two # later\n");
    const Server server(module_entry("/..."), {"--env-file", one, "--env-file", other, "-e", "A=option"});
    const auto body = server.get("/env").body;
    for (const auto* const line : {"\nA=option\n", "\nB=one\n", "\nC=two\n"})
        EXPECT_NE(body.find(line), std::string::npos) << body;
    EXPECT_EQ(body.find("\nA=file\n"), std::string::npos) << body;
}

} // namespace
} // namespace trellis::testing
