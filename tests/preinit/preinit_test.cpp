// trellis preinit, as people use it: with C programs that take long to start.
#include "preinit/guests.hpp"

#include <filesystem>

namespace trellis::testing {
namespace {

namespace fs = std::filesystem;

class system_preinit : public PreinitGuests {};

const std::string lexicon = guests + "/lexicon.wasm";

TEST_F(system_preinit, a_program_says_the_same_before_and_after)
{
    const auto before = trellis({"run", lexicon, "argument"});
    EXPECT_EQ(before.exit_code, 7) << before.errors;
    EXPECT_NE(before.output.find("20000 words"), std::string::npos) << before.output;
    const auto module = made({"preinit", lexicon}, "lexicon.init.wasm");
    const auto after = trellis({"run", module, "argument"});
    EXPECT_EQ(after.output, before.output);
    EXPECT_EQ(after.exit_code, 7);
    EXPECT_EQ(trellis({"validate", "--strict", module}).exit_code, 0);
}

TEST_F(system_preinit, the_work_is_not_done_again)
{
    const auto module = made({"preinit", lexicon}, "lexicon.init.wasm");
    constexpr std::string_view fuel = "3000000";
    EXPECT_EQ(trellis({"run", "--fuel", std::string(fuel), module}).exit_code, 7);
    EXPECT_EQ(trellis({"run", "--fuel", std::string(fuel), lexicon}).exit_code, 152);
}

TEST_F(system_preinit, output_is_the_same_every_time_and_comes_by_pipe)
{
    const auto first = read_whole_file(made({"preinit", lexicon}, "1.wasm"));
    const auto second = trellis({"preinit", "-"}, read_whole_file(lexicon));
    EXPECT_EQ(second.exit_code, 0) << second.errors;
    EXPECT_TRUE(first == second.output);
}

TEST_F(system_preinit, names_stay_for_backtraces)
{
    const auto text = trellis({"wat", made({"preinit", lexicon}, "lexicon.init.wasm")}).output;
    EXPECT_NE(text.find("(func $make_words"), std::string::npos);
    EXPECT_EQ(text.find("(export \"wizer-initialize\""), std::string::npos);
    EXPECT_NE(text.find("(export \"_start\""), std::string::npos);
}

TEST_F(system_preinit, the_program_can_begin_elsewhere)
{
    const auto module = made({"preinit", lexicon, "-r", "_start=resume"}, "lexicon.init.wasm");
    EXPECT_EQ(trellis({"run", module}).output, "resumed with 20000 words\n");
}

TEST_F(system_preinit, a_reactor_is_initialised_once)
{
    const auto module = made({"preinit", guests + "/reactor.wasm", "-f", "warm_up"}, "reactor.init.wasm");
    EXPECT_EQ(trellis({"run", "--invoke", "constructed", module}).output, "42\n");
    EXPECT_EQ(trellis({"run", "--invoke", "sum", module}).output, "100000\n");
    EXPECT_EQ(trellis({"run", "--invoke", "warm_up", module}).exit_code, 127);
}

TEST_F(system_preinit, constructors_of_cpp_run_once)
{
    const auto module = made({"preinit", guests + "/phone_book.wasm", "-r", "_start=resume"}, "phone_book.init.wasm");
    const auto result = trellis({"run", module, "name 77"});
    EXPECT_EQ(result.output, "5001 numbers, constructed 1 times, name 77 has 609763\n");
    EXPECT_EQ(result.exit_code, 3);
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
    EXPECT_EQ(trellis({"preinit", lexicon, "--dir", "/"}).exit_code, 2);
    EXPECT_EQ(trellis({"preinit", lexicon, "--inherit-env"}).exit_code, 2);
    EXPECT_EQ(trellis({"preinit", lexicon, "--allow-wasi", "--inherit-stdio"}).exit_code, 2);
    EXPECT_EQ(trellis({"preinit", lexicon, "-r", "a"}).exit_code, 2);
    EXPECT_EQ(trellis({"preinit", lexicon, "-f", "nothing"}).exit_code, 127);
    EXPECT_EQ(trellis({"preinit", lexicon, "--fuel", "1000"}).exit_code, 152);
    const auto endless = directory_.file("endless.wat", R"((module (func (export "wizer-initialize") (loop (br 0)))))");
    EXPECT_EQ(trellis({"preinit", endless, "--timeout", "50ms"}).exit_code, 124);
}

/// The one that was fetched knows WebAssembly 3.0; one on PATH may be old.
const std::string current_node = guests + "/node_modules/.bin/node";

std::string any_node()
{
    return fs::exists(current_node) ? current_node : TRELLIS_NODE_PROGRAM;
}

/// Runs a WASI program; its exit code is the guest's.
constexpr std::string_view node_script = R"js(
  import { readFileSync } from 'node:fs';
  import { WASI } from 'node:wasi';
  const wasi = new WASI({ version: 'preview1', args: ['lexicon.wasm', 'argument'], returnOnExit: true });
  const module = new WebAssembly.Module(readFileSync(process.argv[2]));
  process.exitCode = wasi.start(new WebAssembly.Instance(module, { wasi_snapshot_preview1: wasi.wasiImport }));
)js";

TEST_F(system_preinit, another_engine_runs_the_result)
{
    const auto node = any_node();
    if (node.empty())
        GTEST_SKIP() << "no node: that other engines accept what is written was NOT tested";
    const auto script = directory_.file("run.mjs", node_script);
    const auto module = made({"preinit", lexicon}, "lexicon.init.wasm");
    const auto by_node = run_process({.words = {node, "--no-warnings", script, module}});
    EXPECT_EQ(by_node.output, trellis({"run", lexicon, "argument"}).output) << by_node.errors;
    EXPECT_EQ(by_node.exit_code, 7);
}

/// Something of everything that is written: each check gives 1.
constexpr std::string_view everything = R"wat((module
  (type $t (func (result i32)))
  (memory $a 1) (memory $b i64 1)
  (data $old (memory $a) (i32.const 0) "old") (data $kept "kept") (data $gone "gone")
  (table $f 3 funcref) (table $typed 2 (ref null $t)) (table $long i64 2 externref) (table $i 2 (ref null i31))
  (global $v (mut v128) (v128.const i64x2 0 0)) (global $n (mut (ref null $t)) (ref.func $one))
  (global $small (mut i31ref) (ref.null i31))
  (elem $list func $one $two)
  (tag $e)
  (func $one (type $t) (i32.const 1))
  (func $two (type $t) (i32.const 2))
  (func $init (export "wizer-initialize")
    (i32.store $a (i32.const 40000) (i32.const 7)) (drop (memory.grow $b (i64.const 2)))
    (i32.store $b (i64.const 190000) (i32.const 8))
    (table.init $f $list (i32.const 1) (i32.const 0) (i32.const 2)) (elem.drop $list) (data.drop $gone)
    (table.set $typed (i32.const 1) (ref.func $two))
    (table.set $i (i32.const 0) (ref.i31 (i32.const 5)))
    (drop (table.grow $long (extern.convert_any (ref.i31 (i32.const 9))) (i64.const 2)))
    (global.set $v (v128.const i64x2 3 4)) (global.set $n (ref.null $t)) (global.set $small (ref.i31 (i32.const -1))))
  (func (export "memories") (type $t)
    (i32.eq (i32.add (i32.load $a (i32.const 40000)) (i32.load $b (i64.const 190000))) (i32.const 15)))
  (func (export "functions") (type $t) (i32.eq (call_indirect $f (type $t) (i32.const 2)) (i32.const 2)))
  (func (export "typed") (type $t) (i32.eq (call_ref $t (table.get $typed (i32.const 1))) (i32.const 2)))
  (func (export "small") (type $t)
    (i32.eq (i32.add (i31.get_s (table.get $i (i32.const 0))) (i31.get_s (global.get $small))) (i32.const 4)))
  (func (export "long") (type $t)
    (i32.eq (i31.get_u (ref.cast (ref i31) (any.convert_extern (table.get $long (i64.const 3))))) (i32.const 9)))
  (func (export "vector") (type $t) (i32.eq (i32x4.extract_lane 2 (global.get $v)) (i32.const 4)))
  (func (export "null") (type $t) (ref.is_null (global.get $n)))
  (func (export "declared") (type $t) (i32.and (call_ref $t (ref.func $one)) (ref.test (ref func) (ref.func $init))))
))wat";

constexpr std::string_view node_checks = R"js(
  import { readFileSync } from 'node:fs';
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(process.argv[2])));
  for (const name in exports) console.log(name, exports[name]());
)js";

TEST_F(system_preinit, everything_that_is_written_is_accepted_by_others)
{
    const auto module = made({"preinit", directory_.file("all.wat", everything)}, "all.wasm");
    const std::vector<std::string> names = {"memories", "functions", "typed", "small",
                                            "long",     "vector",    "null",  "declared"};
    std::string expected;
    for (const auto& name : names) {
        EXPECT_EQ(trellis({"run", "--invoke", name, module}).output, "1\n") << name;
        expected += name + " 1\n";
    }
    if (!fs::exists(current_node))
        GTEST_SKIP() << "no current node: that other engines accept all of what is written was NOT tested; build the "
                        "target preinit_tools first";
    const auto by_node = run_process({.words = {current_node, directory_.file("checks.mjs", node_checks), module}});
    EXPECT_EQ(by_node.output, expected) << by_node.errors;
}

} // namespace
} // namespace trellis::testing
