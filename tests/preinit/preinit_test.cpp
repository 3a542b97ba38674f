// trellis preinit, as people use it: with C programs that take long to start.
#include "preinit/guests.hpp"

namespace trellis::testing {
namespace {

class system_preinit : public PreinitGuests {};

const std::string words = guests + "/lexicon.wasm";

TEST_F(system_preinit, a_program_says_the_same_before_and_after)
{
    const auto before = trellis({"run", words, "argument"});
    EXPECT_EQ(before.exit_code, 7) << before.errors;
    EXPECT_NE(before.output.find("20000 words"), std::string::npos) << before.output;
    const auto module = made({"preinit", words}, "words.init.wasm");
    const auto after = trellis({"run", module, "argument"});
    EXPECT_EQ(after.output, before.output);
    EXPECT_EQ(after.exit_code, 7);
    EXPECT_EQ(trellis({"validate", "--strict", module}).exit_code, 0);
}

TEST_F(system_preinit, the_work_is_not_done_again)
{
    const auto module = made({"preinit", words}, "words.init.wasm");
    constexpr std::string_view fuel = "3000000";
    EXPECT_EQ(trellis({"run", "--fuel", std::string(fuel), module}).exit_code, 7);
    EXPECT_EQ(trellis({"run", "--fuel", std::string(fuel), words}).exit_code, 152);
}

TEST_F(system_preinit, output_is_the_same_every_time_and_comes_by_pipe)
{
    const auto first = read_whole_file(made({"preinit", words}, "1.wasm"));
    const auto second = trellis({"preinit", "-"}, read_whole_file(words));
    EXPECT_EQ(second.exit_code, 0) << second.errors;
    EXPECT_TRUE(first == second.output);
}

TEST_F(system_preinit, names_stay_for_backtraces)
{
    const auto text = trellis({"wat", made({"preinit", words}, "words.init.wasm")}).output;
    EXPECT_NE(text.find("(func $make_words"), std::string::npos);
    EXPECT_EQ(text.find("(export \"wizer-initialize\""), std::string::npos);
    EXPECT_NE(text.find("(export \"_start\""), std::string::npos);
}

TEST_F(system_preinit, the_program_can_begin_elsewhere)
{
    const auto module = made({"preinit", words, "-r", "_start=resume"}, "words.init.wasm");
    EXPECT_EQ(trellis({"run", module}).output, "resumed with 20000 words\n");
}

TEST_F(system_preinit, a_reactor_is_initialised_once)
{
    const auto module = made({"preinit", guests + "/reactor.wasm", "-f", "warm_up"}, "reactor.init.wasm");
    EXPECT_EQ(trellis({"run", "--invoke", "constructed", module}).output, "42\n");
    EXPECT_EQ(trellis({"run", "--invoke", "sum", module}).output, "100000\n");
    EXPECT_EQ(trellis({"run", "--invoke", "warm_up", module}).exit_code, 127);
}

constexpr std::string_view asks_wasi = R"wat((module
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\10\00\00\00\06\00\00\00")
  (data (i32.const 16) "hello\n")
  (data (i32.const 32) "rules")
  (func $init (export "wizer-initialize")
    (drop (call $sizes (i32.const 64) (i32.const 68)))
    (i32.store (i32.const 72)
      (call $open (i32.const 3) (i32.const 0) (i32.const 32) (i32.const 5) (i32.const 0) (i64.const 2) (i64.const 0)
        (i32.const 0) (i32.const 80)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "variables") (result i32) (i32.load (i32.const 64)))
  (func (export "opened") (result i32) (i32.load (i32.const 72)))
))wat";

TEST_F(system_preinit, wasi_is_given_only_if_asked_for)
{
    const auto file = directory_.file("asks.wat", asks_wasi);
    const auto refused = trellis({"preinit", file});
    EXPECT_EQ(refused.exit_code, 134);
    EXPECT_EQ(refused.output, "");
    EXPECT_NE(refused.errors.find("wasi_snapshot_preview1.environ_sizes_get"), std::string::npos) << refused.errors;
    EXPECT_NE(refused.errors.find("at init"), std::string::npos) << refused.errors;

    const auto module = made({"preinit", "--allow-wasi", file}, "none.wasm");
    EXPECT_EQ(trellis({"run", "--invoke", "variables", module}).output, "0\n");
    EXPECT_NE(trellis({"run", "--invoke", "opened", module}).output, "0\n");
}

TEST_F(system_preinit, grants_reach_the_initialisation)
{
    const auto file = directory_.file("asks.wat", asks_wasi);
    EXPECT_NE(directory_.file("rules", "x"), "");
    const auto result = trellis({"preinit", "--allow-wasi", "--inherit-stdio", "--env", "A=B", "--env=C=D", "--dir",
                                 directory_.path() + "::/::ro", file, "-o", path("out.wasm")});
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.output, "hello\n");
    EXPECT_EQ(result.errors, "note: the module keeps what these gave it: environ_sizes_get, fd_write, path_open\n");
    EXPECT_EQ(trellis({"run", "--invoke", "variables", path("out.wasm")}).output, "2\n");
    EXPECT_EQ(trellis({"run", "--invoke", "opened", path("out.wasm")}).output, "0\n");
}

TEST_F(system_preinit, preloaded_modules_are_there)
{
    const auto math = directory_.file("math.wat", R"((module (global $n (mut i32) (i32.const 1))
        (func (export "_initialize") (global.set $n (i32.const 20)))
        (func (export "get") (result i32) (global.get $n))))");
    const auto file = directory_.file("app.wat", R"((module (import "math" "get" (func $get (result i32)))
        (global $n (mut i32) (i32.const 0))
        (func (export "wizer-initialize") (global.set $n (call $get)))
        (func (export "value") (result i32) (global.get $n))))");
    const auto module = made({"preinit", file, "--preload", "math=" + math}, "app.init.wasm");
    EXPECT_EQ(trellis({"run", "--link", "math=" + math, "--invoke", "value", module}).output, "20\n");
}

TEST_F(system_preinit, refusals_name_the_place_and_write_nothing)
{
    const auto file = directory_.file("gc.wat", R"((module (type $s (struct))
        (global $g (export "cache") (mut anyref) (ref.null any))
        (func (export "wizer-initialize") (global.set $g (struct.new $s)))))");
    const auto result = trellis({"preinit", file, "-o", path("out.wasm")});
    EXPECT_EQ(result.exit_code, 126);
    EXPECT_NE(result.errors.find("global 0 (cache)"), std::string::npos) << result.errors;
    EXPECT_EQ(read_whole_file(path("out.wasm")), "");
}

TEST_F(system_preinit, wrong_use_is_said)
{
    EXPECT_EQ(trellis({"preinit", words, "--dir", "/"}).exit_code, 2);
    EXPECT_EQ(trellis({"preinit", words, "--inherit-env"}).exit_code, 2);
    EXPECT_EQ(trellis({"preinit", words, "--allow-wasi", "--inherit-stdio"}).exit_code, 2);
    EXPECT_EQ(trellis({"preinit", words, "-r", "a"}).exit_code, 2);
    EXPECT_EQ(trellis({"preinit", words, "-f", "nothing"}).exit_code, 127);
    EXPECT_EQ(trellis({"preinit", words, "--fuel", "1000"}).exit_code, 152);
    const auto endless = directory_.file("endless.wat", R"((module (func (export "wizer-initialize") (loop (br 0)))))");
    EXPECT_EQ(trellis({"preinit", endless, "--timeout", "50ms"}).exit_code, 124);
}

/// Runs a WASI program; its exit code is the guest's.
constexpr std::string_view node_script = R"js(
  import { readFileSync } from 'node:fs';
  import { WASI } from 'node:wasi';
  const wasi = new WASI({ version: 'preview1', args: ['words.wasm', 'argument'], returnOnExit: true });
  const module = new WebAssembly.Module(readFileSync(process.argv[2]));
  process.exitCode = wasi.start(new WebAssembly.Instance(module, wasi.getImportObject()));
)js";

TEST_F(system_preinit, another_engine_runs_the_result)
{
    const std::string node = TRELLIS_NODE_PROGRAM;
    if (node.empty())
        GTEST_SKIP() << "no node: that other engines accept what is written was NOT tested";
    const auto script = directory_.file("run.mjs", node_script);
    const auto module = made({"preinit", words}, "words.init.wasm");
    const auto by_node = run_process({.words = {node, "--no-warnings", script, module}});
    EXPECT_EQ(by_node.output, trellis({"run", words, "argument"}).output) << by_node.errors;
    EXPECT_EQ(by_node.exit_code, 7);
}

} // namespace
} // namespace trellis::testing
