// The real program: what people type, and what comes back.
#include "system/golden.hpp"
#include "system/process.hpp"

#include <csignal>
#include <filesystem>
#include <gtest/gtest.h>

namespace trellis::testing {
namespace {

/// Writes "hello\n" to stdout and ends with code 7.
constexpr std::string_view hello = R"wat((module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\10\00\00\00\06\00\00\00")
  (data (i32.const 16) "hello\n")
  (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (call $exit (i32.const 7)))
))wat";

/// Copies stdin to stdout.
constexpr std::string_view cat = R"wat((module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 2)
  (func (export "_start") (local $error i32)
    (loop $again
      (i32.store (i32.const 0) (i32.const 1024))
      (i32.store (i32.const 4) (i32.const 65536))
      (if (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)) (then (call $exit (i32.const 1))))
      (if (i32.eqz (i32.load (i32.const 8))) (then (return)))
      (i32.store (i32.const 4) (i32.load (i32.const 8)))
      (local.set $error (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))
      (if (local.get $error) (then (call $exit (local.get $error))))
      (br $again)))
))wat";

/// Prints its arguments (`args`) or its environment (`env`) as they stand in memory: each followed by a NUL.
constexpr std::string_view show = R"wat((module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $env (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $env_sizes (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func $print (param $size i32)
    (i32.store (i32.const 0) (i32.const 4096))
    (i32.store (i32.const 4) (local.get $size))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start")
    (drop (call $args_sizes (i32.const 16) (i32.const 20)))
    (drop (call $args (i32.const 1024) (i32.const 4096)))
    (call $print (i32.load (i32.const 20)))
    (drop (call $env_sizes (i32.const 16) (i32.const 20)))
    (drop (call $env (i32.const 1024) (i32.const 4096)))
    (call $print (i32.load (i32.const 20))))
))wat";

constexpr std::string_view functions = R"wat((module
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "swap") (param i64 f64) (result f64 i64) (local.get 1) (local.get 0))
  (func (export "splat") (param i32) (result v128) (i32x4.splat (local.get 0)))
  (func (export "is_null") (param externref) (result i32) (ref.is_null (local.get 0)))
  (func $divide (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func $outer (export "outer") (result i32) (call $divide (i32.const 1) (i32.const 0)))
  (func $deep (export "deep") (call $deep))
  (func (export "forever") (loop $again (br $again)))
))wat";

using Words = std::vector<std::string>;

ProcessResult trellis(Words words, ProcessRequest request = {})
{
    words.insert(words.begin(), TRELLIS_PROGRAM);
    request.words = std::move(words);
    return run_process(request);
}

class system_run : public ::testing::Test {
protected:
    TemporaryDirectory directory_;

    std::string module(std::string_view text) { return directory_.file("module.wat", text); }
};

TEST_F(system_run, passes_output_and_exit_code)
{
    const auto result = trellis({"run", module(hello)});
    EXPECT_EQ(result.output, "hello\n");
    EXPECT_EQ(result.exit_code, 7);
    EXPECT_EQ(result.errors, "");
}

TEST_F(system_run, copies_binary_input_exactly)
{
    std::string input;
    for (unsigned i = 0; i < 300'000; ++i)
        input += static_cast<char>(i * 7 + i / 256);
    const auto result = trellis({"run", module(cat)}, {.words = {}, .input = input});
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_TRUE(result.output == input);
}

TEST_F(system_run, module_comes_from_standard_input)
{
    const auto result = trellis({"run", "-"}, {.words = {}, .input = std::string(hello)});
    EXPECT_EQ(result.output, "hello\n");
    EXPECT_EQ(result.exit_code, 7);
}

TEST_F(system_run, options_before_and_behind_the_file)
{
    const std::string expected("name\0a\0-b\0--env\0K=V\0", 20);
    const auto file = module(show);
    EXPECT_EQ(trellis({"run", "--argv0", "name", "--env", "K=V", file, "a", "--", "-b", "--env"}).output, expected);
    EXPECT_EQ(trellis({"run", file, "a", "--argv0=name", "--env=K=V", "--", "-b", "--env"}).output, expected);
}

TEST_F(system_run, first_argument_is_the_files_name)
{
    EXPECT_EQ(trellis({"run", module(show)}).output, std::string("module.wat\0", 11));
}

TEST_F(system_run, environment_is_passed_by_name_only)
{
    const auto file = module(show);
    const ProcessRequest request{.words = {}, .input = {}, .environment = {"SECRET=1", "WANTED=2"}};
    EXPECT_EQ(trellis({"run", "--argv0", "x", "--env", "WANTED", file}, request).output,
              std::string("x\0WANTED=2\0", 11));
    const auto missing = trellis({"run", "--env", "NOT_THERE_AT_ALL", file});
    EXPECT_EQ(missing.exit_code, 2);
    EXPECT_NE(missing.errors.find("NOT_THERE_AT_ALL"), std::string::npos);
}

TEST_F(system_run, invoke_prints_results_by_line)
{
    const auto file = module(functions);
    EXPECT_EQ(trellis({"run", "--invoke", "add", file, "2", "40"}).output, "42\n");
    EXPECT_EQ(trellis({"run", file, "--invoke", "add", "2", "-3"}).output, "-1\n");
    EXPECT_EQ(trellis({"run", file, "--invoke", "swap", "--", "-1", "0.5"}).output, "0.5\n-1\n");
    EXPECT_EQ(trellis({"run", file, "--invoke", "splat", "1"}).output, "0x00000001000000010000000100000001\n");
    EXPECT_EQ(trellis({"run", file, "--invoke", "is_null", "null"}).output, "1\n");
}

TEST_F(system_run, invoke_teaches)
{
    const auto file = module(functions);
    const auto count = trellis({"run", file, "--invoke", "add", "2"});
    EXPECT_EQ(count.exit_code, 2);
    EXPECT_EQ(count.errors, "error: 1 arguments given; the function takes 2: (i32, i32) -> i32\n");
    const auto type = trellis({"run", file, "--invoke", "add", "2", "x"});
    EXPECT_EQ(type.exit_code, 2);
    EXPECT_EQ(type.errors, "error: \"x\" is not an argument of type i32\n");
    const auto name = trellis({"run", file, "--invoke", "ad", "2"});
    EXPECT_EQ(name.exit_code, 127);
    EXPECT_NE(name.errors.find("add, swap"), std::string::npos);
}

TEST_F(system_run, trap_has_a_backtrace_with_names)
{
    const auto result = trellis({"run", module(functions), "--invoke", "outer"});
    EXPECT_EQ(result.exit_code, 134);
    EXPECT_EQ(result.output, "");
    EXPECT_TRUE(result.errors.starts_with("error: integer divide by zero")) << result.errors;
    const auto inner = result.errors.find("divide", 20);
    const auto outer = result.errors.find("outer");
    EXPECT_NE(inner, std::string::npos) << result.errors;
    EXPECT_NE(outer, std::string::npos) << result.errors;
    EXPECT_LT(inner, outer);
}

TEST_F(system_run, limits_have_exit_codes_of_their_own)
{
    const auto file = module(functions);
    const auto deep = trellis({"run", file, "--invoke", "deep", "--max-stack", "1MiB"});
    EXPECT_EQ(deep.exit_code, 139);
    EXPECT_TRUE(deep.errors.starts_with("error: call stack exhausted")) << deep.errors;
    const auto late = trellis({"run", file, "--invoke", "forever", "--timeout", "100ms"});
    EXPECT_EQ(late.exit_code, 124);
    const auto fuel = trellis({"run", file, "--invoke", "forever", "--fuel", "100000"});
    EXPECT_EQ(fuel.exit_code, 152);
    const auto big = directory_.file("big.wat", "(module (memory 100) (func (export \"_start\")))");
    EXPECT_EQ(trellis({"run", big, "--max-memory", "1MiB"}).exit_code, 122);
    EXPECT_EQ(trellis({"run", big}).exit_code, 0);
}

TEST_F(system_run, full_heap_and_too_many_instances_have_codes_too)
{
    const auto file = directory_.file("heap.wat", R"wat((module
      (type $list (struct (field (ref null $list)) (field i64 i64 i64 i64)))
      (func (export "_start") (local $all (ref null $list))
        (loop $again
          (local.set $all (struct.new $list (local.get $all) (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0)))
          (br $again)))
    ))wat");
    const auto full = trellis({"run", file, "--max-gc-heap", "1MiB"});
    EXPECT_EQ(full.exit_code, 137) << full.errors;
    const auto linked = directory_.file("linked.wat", "(module)");
    EXPECT_EQ(trellis({"run", module(hello), "--link", "a=" + linked, "--max-instances", "1"}).exit_code, 122);
}

TEST_F(system_run, closed_output_is_an_error_of_the_guests_write)
{
    constexpr int wasi_broken_pipe = 64;
    const auto input = directory_.file("input", std::string(1'000'000, 'x'));
    const auto command = "(" TRELLIS_PROGRAM " run " + module(cat) + " < " + input + "; echo $? >&2) | true";
    EXPECT_EQ(run_process({.words = {"/bin/sh", "-c", command}}).errors, std::to_string(wasi_broken_pipe) + "\n");
}

TEST_F(system_run, names_of_guests_cannot_steer_the_terminal)
{
    const auto file = directory_.file("n.wat", "(module (func (export \"\\1b[2J\") unreachable))");
    const auto result = trellis({"run", file, "--invoke", "\x1b[2J"});
    EXPECT_EQ(result.exit_code, 134);
    EXPECT_EQ(result.errors.find('\x1b'), std::string::npos);
    EXPECT_NE(result.errors.find("\\1b[2J"), std::string::npos) << result.errors;
}

TEST_F(system_run, limits_come_from_the_environment_too)
{
    const auto big = directory_.file("big.wat", "(module (memory 100) (func (export \"_start\")))");
    const ProcessRequest request{.words = {}, .input = {}, .environment = {"TRELLIS_MAX_MEMORY=1MiB"}};
    EXPECT_EQ(trellis({"run", big}, request).exit_code, 122);
    EXPECT_EQ(trellis({"run", big, "--max-memory", "64MiB"}, request).exit_code, 0);
}

TEST_F(system_run, control_c_ends_a_busy_guest)
{
    const auto result = trellis({"run", module(functions), "--invoke", "forever"}, {.words = {}, .signal = SIGINT});
    EXPECT_EQ(result.exit_code, 130);
    EXPECT_TRUE(result.errors.starts_with("error: interrupted")) << result.errors;
}

TEST_F(system_run, control_c_ends_a_guest_that_waits_for_input)
{
    const auto result = trellis({"run", module(cat)}, {.words = {}, .signal = SIGINT, .keep_input_open = true});
    EXPECT_EQ(result.exit_code, 130);
}

TEST_F(system_run, deadline_ends_a_guest_that_waits_for_input)
{
    const auto result = trellis({"run", module(cat), "--timeout", "100ms"}, {.words = {}, .keep_input_open = true});
    EXPECT_EQ(result.exit_code, 124);
}

TEST_F(system_run, linked_modules_satisfy_imports)
{
    const auto library = directory_.file("library.wat", "(module (func (export \"f\") (result i32) (i32.const 42)))");
    const auto user = directory_.file("user.wat", "(module (import \"lib\" \"f\" (func $f (result i32)))"
                                                  "(func (export \"g\") (result i32) (call $f)))");
    EXPECT_EQ(trellis({"run", user, "--link", "lib=" + library, "--invoke", "g"}).output, "42\n");
    const auto missing = trellis({"run", user, "--invoke", "g"});
    EXPECT_EQ(missing.exit_code, 126);
    EXPECT_TRUE(missing.errors.starts_with("error: unknown import")) << missing.errors;
    EXPECT_NE(missing.errors.find("--link lib=FILE"), std::string::npos) << missing.errors;
}

TEST_F(system_run, directories_are_granted_by_name)
{
    const auto missing = trellis({"run", module(hello), "--dir", directory_.path() + "/nowhere"});
    EXPECT_EQ(missing.exit_code, 127);
    EXPECT_NE(missing.errors.find("nowhere"), std::string::npos);
    EXPECT_EQ(trellis({"run", module(hello), "--dir", "a::b::rw"}).exit_code, 2);
    EXPECT_EQ(trellis({"run", module(hello), "--dir", directory_.path() + "::/data::ro"}).exit_code, 7);
}

TEST_F(system_run, files_that_are_no_modules)
{
    const auto absent = trellis({"run", directory_.path() + "/absent.wasm"});
    EXPECT_EQ(absent.exit_code, 127);
    EXPECT_NE(absent.errors.find("absent.wasm"), std::string::npos);
    const auto garbage = trellis({"run", directory_.file("garbage.wasm", "GIF89a")});
    EXPECT_EQ(garbage.exit_code, 126);
    EXPECT_NE(garbage.errors.find("magic header not detected"), std::string::npos) << garbage.errors;
    const auto component = trellis({"run", directory_.file("c.wasm", std::string_view("\0asm\x0d\0\1\0", 8))});
    EXPECT_EQ(component.exit_code, 127);
    EXPECT_NE(component.errors.find("component"), std::string::npos) << component.errors;
    EXPECT_EQ(trellis({"run", directory_.path()}).exit_code, 2);
}

TEST_F(system_run, nothing_to_run)
{
    const auto result = trellis({"run", directory_.file("empty.wat", "(module (func (export \"f\")))")});
    EXPECT_EQ(result.exit_code, 127);
    EXPECT_NE(result.errors.find("--invoke"), std::string::npos);
}

TEST_F(system_run, tier_is_accepted)
{
    EXPECT_EQ(trellis({"run", module(hello), "--tier", "interpreter"}).exit_code, 7);
    EXPECT_EQ(trellis({"run", module(hello), "--tier", "fast"}).exit_code, 2);
}

TEST(system_usage, help_has_examples)
{
    const auto all = trellis({"--help"});
    EXPECT_EQ(all.exit_code, 0);
    EXPECT_NE(all.output.find("trellis run app.wasm"), std::string::npos);
    for (const std::string name : {"run", "inspect", "wat", "assemble", "validate"}) {
        const auto by_command = trellis({"help", name});
        EXPECT_EQ(by_command.exit_code, 0);
        EXPECT_NE(by_command.output.find("Examples:\n  trellis " + name), std::string::npos);
        EXPECT_EQ(trellis({name, "--help"}).output, by_command.output);
    }
}

TEST(system_usage, version)
{
    EXPECT_TRUE(trellis({"--version"}).output.starts_with("trellis "));
}

TEST(system_usage, mistakes_are_answered)
{
    EXPECT_EQ(trellis({}).exit_code, 2);
    EXPECT_EQ(trellis({"runn", "x"}).errors, "error: unknown command runn; did you mean run?\n");
    EXPECT_EQ(trellis({"run", "--max-memroy", "1", "x"}).errors,
              "error: unknown option --max-memroy; did you mean --max-memory?\n");
    EXPECT_EQ(trellis({"run"}).exit_code, 2);
    const auto size = trellis({"run", "--max-memory", "lots", "x"});
    EXPECT_EQ(size.exit_code, 2);
    EXPECT_TRUE(size.errors.starts_with("error: --max-memory: \"lots\" is not a size")) << size.errors;
}

class system_tools : public system_run {};

TEST_F(system_tools, validate_is_silent_or_has_an_offset)
{
    const auto good = trellis({"validate", module(hello)});
    EXPECT_EQ(good.exit_code, 0);
    EXPECT_EQ(good.output + good.errors, "");
    const auto bad = trellis({"validate", directory_.file("bad.wat", "(module (func (result i32) (i64.const 1)))")});
    EXPECT_EQ(bad.exit_code, 126);
    EXPECT_NE(bad.errors.find("type mismatch"), std::string::npos) << bad.errors;
    EXPECT_NE(bad.errors.find("at offset 0x"), std::string::npos) << bad.errors;
}

TEST_F(system_tools, features_are_switched)
{
    const auto file = directory_.file("simd.wat", "(module (func (result v128) (v128.const i64x2 0 0)))");
    EXPECT_EQ(trellis({"validate", file}).exit_code, 0);
    EXPECT_EQ(trellis({"validate", "--no-feature", "simd", file}).exit_code, 126);
    EXPECT_EQ(trellis({"validate", "--no-feature", "sim", file}).errors, "error: no feature sim; did you mean simd?\n");
}

TEST_F(system_tools, assemble_and_print_and_assemble_again)
{
    const auto binary = directory_.path() + "/a.wasm";
    ASSERT_EQ(trellis({"assemble", module(functions), "--output", binary}).exit_code, 0);
    const auto text = trellis({"wat", binary});
    ASSERT_EQ(text.exit_code, 0) << text.errors;
    const auto again = trellis({"assemble", "-"}, {.words = {}, .input = text.output});
    EXPECT_EQ(again.exit_code, 0) << again.errors;
    EXPECT_TRUE(again.output == read_whole_file(binary));
    EXPECT_EQ(trellis({"run", binary, "--invoke", "add", "1", "2"}).output, "3\n");
}

TEST(system_inspect, text_and_json_are_as_kept)
{
    for (const std::string name : {"hello", "features"}) {
        const ProcessRequest there{
            .words = {}, .input = {}, .environment = {}, .directory = TRELLIS_SOURCE_DIR "/tests/system/guests"};
        const auto text = trellis({"inspect", name + ".wat"}, there);
        EXPECT_EQ(text.exit_code, 0) << text.errors;
        expect_golden(name + ".inspect.txt", text.output);
        const auto json = trellis({"inspect", "--json", name + ".wat"}, there);
        EXPECT_EQ(json.exit_code, 0) << json.errors;
        expect_golden(name + ".inspect.json", json.output);
    }
}

TEST(system_reference, page_is_made_from_the_tables)
{
    const auto page = trellis({"help", "--reference"});
    const std::string path = TRELLIS_SOURCE_DIR "/docs/reference/command-line.md";
    if (std::getenv("TRELLIS_REFRESH_GOLDEN"))
        ASSERT_TRUE(write_whole_file(path, page.output));
    EXPECT_TRUE(page.output == read_whole_file(path))
        << "docs/reference/command-line.md is old: trellis help --reference > docs/reference/command-line.md";
}

} // namespace
} // namespace trellis::testing
