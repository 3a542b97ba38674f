// Programs of wasi:cli, as people run them. Their core modules are text, their worlds the part of the interfaces that
// they use, in different versions.
#include "system/process.hpp"

#include <filesystem>
#include <gtest/gtest.h>

namespace trellis::testing {
namespace {

constexpr std::string_view io = R"(package wasi:io@0.2.3;

interface error {
  resource error;
}

interface streams {
  use error.{error};
  variant stream-error { last-operation-failed(error), closed }
  resource output-stream {
    blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>;
  }
}
)";

constexpr std::string_view cli = R"(package wasi:cli@0.2.3;

interface stdout {
  use wasi:io/streams@0.2.3.{output-stream};
  get-stdout: func() -> output-stream;
}

interface environment {
  get-arguments: func() -> list<string>;
}

interface exit {
  exit-with-code: func(status-code: u8);
}

interface run {
  run: func() -> result;
}
)";

constexpr std::string_view world = R"(package demo:app;

world program {
  import wasi:cli/stdout@0.2.3;
  import wasi:cli/environment@0.2.3;
  import wasi:cli/exit@0.2.3;
  export wasi:cli/run@0.2.3;
}
)";

/// Writes its second argument to standard output; without one it gives an error.
constexpr std::string_view echo = R"wat((module
  (import "wasi:cli/stdout@0.2.3" "get-stdout" (func $stdout (result i32)))
  (import "wasi:cli/environment@0.2.3" "get-arguments" (func $arguments (param i32)))
  (import "wasi:io/streams@0.2.3" "[method]output-stream.blocking-write-and-flush"
    (func $write (param i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.3" "[resource-drop]output-stream" (func $drop (param i32)))
  (memory (export "memory") 1)
  (global $top (mut i32) (i32.const 1024))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
    (global.set $top (i32.add (local.get $at) (local.get 3)))
    (local.get $at))
  (func (export "wasi:cli/run@0.2.3#run") (result i32)
    (local $out i32) (local $list i32)
    (call $arguments (i32.const 0))
    (if (i32.lt_u (i32.load (i32.const 4)) (i32.const 2)) (then (return (i32.const 1))))
    (local.set $list (i32.load (i32.const 0)))
    (local.set $out (call $stdout))
    (call $write (local.get $out) (i32.load offset=8 (local.get $list)) (i32.load offset=12 (local.get $list))
      (i32.const 16))
    (call $drop (local.get $out))
    (i32.load8_u (i32.const 16)))
))wat";

/// What a program does that has no arguments.
std::string program_that(std::string_view body)
{
    return R"wat((module
  (import "wasi:cli/exit@0.2.3" "exit-with-code" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func $fail (unreachable))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "wasi:cli/run@0.2.3#run") (result i32) )wat" +
           std::string(body) + "))";
}

class system_run_component : public ::testing::Test {
protected:
    system_run_component()
    {
        for (const std::string folder : {"wit/deps/io", "wit/deps/cli"})
            std::filesystem::create_directories(path(folder));
        (void)directory_.file("wit/app.wit", world);
        (void)directory_.file("wit/deps/io/io.wit", io);
        (void)directory_.file("wit/deps/cli/cli.wit", cli);
    }
    [[nodiscard]] std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
    std::string make(std::string_view module)
    {
        const auto file = directory_.file("app.wat", module);
        const auto made = run_process(
            {.words = {TRELLIS_PROGRAM, "component", "new", "--wit", path("wit"), file, "-o", path("app.wasm")}});
        EXPECT_EQ(made.exit_code, 0) << made.errors;
        return path("app.wasm");
    }
    static ProcessResult run(std::vector<std::string> words)
    {
        words.insert(words.begin(), {TRELLIS_PROGRAM, "run"});
        return run_process({.words = std::move(words)});
    }

    TemporaryDirectory directory_;
};

} // namespace

TEST_F(system_run_component, arguments_come_in_and_bytes_go_out_on_every_tier)
{
    const auto app = make(echo);
    for (const std::string tier : {"interpreter", "jit", "aot"}) {
        const auto result = run({"--tier", tier, app, "hello, component"});
        EXPECT_EQ(result.output, "hello, component") << tier << result.errors;
        EXPECT_EQ(result.exit_code, 0) << tier;
    }
}

TEST_F(system_run_component, an_error_of_run_is_exit_code_1_and_others_are_the_guest_s)
{
    EXPECT_EQ(run({make(echo)}).exit_code, 1);
    EXPECT_EQ(run({make(program_that("(call $exit (i32.const 42)) (i32.const 0)"))}).exit_code, 42);
    EXPECT_EQ(run({make(program_that("(i32.const 0)"))}).exit_code, 0);
}

TEST_F(system_run_component, traps_are_told_with_the_functions_that_ran)
{
    const auto trap = run({make(program_that("(call $fail) (i32.const 0)"))});
    EXPECT_EQ(trap.exit_code, 134);
    EXPECT_NE(trap.errors.find("unreachable"), std::string::npos) << trap.errors;
    const auto endless = run({"--timeout", "50ms", make(program_that("(loop (br 0)) (i32.const 0)"))});
    EXPECT_EQ(endless.exit_code, 124);
}

TEST_F(system_run_component, what_is_no_program_is_said_to_be_none)
{
    (void)directory_.file("wit/app.wit", "package demo:app;\n\nworld program {\n  export other: func();\n}\n");
    const auto result = run({make(R"((module (func (export "other"))))")});
    EXPECT_EQ(result.exit_code, 127);
    EXPECT_NE(result.errors.find("wasi:cli/run@0.2"), std::string::npos) << result.errors;
}

} // namespace trellis::testing
