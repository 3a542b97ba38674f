// Programs of WASI 0.1 that become components with what clang and trellis bring along, and nothing else.
#include "system/process.hpp"

#include <filesystem>
#include <gtest/gtest.h>

namespace trellis::testing {
namespace {

using Words = std::vector<std::string>;

class system_wasi_adapter : public ::testing::Test {
protected:
    [[nodiscard]] std::string path(const std::string& name) const { return directory_.path() + "/" + name; }

    /// The component of a module, whose making has to succeed.
    std::string made(const std::string& module, const Words& options = {})
    {
        Words words = {TRELLIS_PROGRAM, "component", "new", module, "-o", path("made.wasm")};
        words.insert(words.end(), options.begin(), options.end());
        EXPECT_EQ(run_process({.words = words}).errors, "");
        return path("made.wasm");
    }
    static ProcessResult run(Words words, const std::string& input = {})
    {
        words.insert(words.begin(), {TRELLIS_PROGRAM, "run"});
        return run_process({.words = std::move(words), .input = input});
    }
    static std::string imports_of(const std::string& component)
    {
        return run_process({.words = {TRELLIS_PROGRAM, "component", "wit", component}}).output;
    }

    /// A folder as each run of the program finds it.
    std::string new_data()
    {
        std::filesystem::remove_all(path("data"));
        std::filesystem::create_directories(path("data/many"));
        (void)directory_.file("data/in.txt", "one\ntwo\n");
        for (int i = 0; i < 500; ++i)
            (void)directory_.file("data/many/a_name_that_takes_some_room_" + std::to_string(i), "");
        return path("data");
    }
    ProcessResult run_everyday(const std::string& file, const std::string& tier)
    {
        return run({"--tier", tier, "--env", "COLOUR=red", "--dir", new_data() + "::/data", file, "--", "a", "b c"},
                   "first\nlast\n");
    }

    TemporaryDirectory directory_;
};

} // namespace

TEST_F(system_wasi_adapter, a_program_in_c_is_the_same_as_a_component)
{
    const std::string module = TRELLIS_GUESTS "/everyday.wasm";
    const auto component = made(module, {"--exit-codes"});
    const auto wanted = run_everyday(module, "interpreter");
    EXPECT_EQ(wanted.exit_code, 7) << wanted.errors;
    EXPECT_NE(wanted.output.find("502 entries, . to a_name_that_takes_some_room_99\n"), std::string::npos);
    for (const std::string tier : {"interpreter", "jit", "aot"}) {
        const auto found = run_everyday(component, tier);
        EXPECT_EQ(found.output, wanted.output) << tier;
        EXPECT_EQ(found.errors, wanted.errors) << tier;
        EXPECT_EQ(found.exit_code, 7) << tier;
    }
}

TEST_F(system_wasi_adapter, without_exit_codes_there_are_success_and_failure)
{
    const auto exits_with = [&](const std::string& code) {
        const auto module = directory_.file("exit.wat", R"((module
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (func (export "_start") (call $exit (i32.const )" +
                                                            code + "))))");
        const int plain = run({made(module)}).exit_code;
        EXPECT_EQ(imports_of(path("made.wasm")).find("exit-with-code"), std::string::npos);
        return std::pair(plain, run({made(module, {"--exit-codes"})}).exit_code);
    };
    EXPECT_EQ(exits_with("0"), std::pair(0, 0));
    EXPECT_EQ(exits_with("33"), std::pair(1, 33));
}

TEST_F(system_wasi_adapter, a_component_imports_what_its_program_needs)
{
    const auto module = directory_.file("random.wat", R"((module
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "_start") (drop (call $random (i32.const 0) (i32.const 8))))))");
    const std::string world = "package root:component;\n\nworld root {\n  import wasi:random/random@0.2.0;\n\n"
                              "  export wasi:cli/run@0.2.0;\n}\n";
    EXPECT_EQ(imports_of(made(module)).substr(0, world.size()), world);
    EXPECT_LT(std::filesystem::file_size(path("made.wasm")), 12000U) << "and carries little more than that";
}

/// A reactor: it is initialised, and then called for what its world exports.
TEST_F(system_wasi_adapter, a_reactor_may_write_from_the_beginning_on)
{
    const auto wit = directory_.file("app.wit", "package demo:app; world app { export wasi:cli/run@0.2.3; }\n"
                                                "package wasi:cli@0.2.3 { interface run { run: func() -> result; } }");
    const auto module = directory_.file("app.wat", R"((module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "\10\00\00\00\06\00\00\00\16\00\00\00\04\00\00\00early\nrun\n")
        (func (export "_initialize") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 40))))
        (func (export "wasi:cli/run@0.2.3#run") (result i32)
          (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 40)))))");
    const auto result = run({made(module, {"--wit", wit})});
    EXPECT_EQ(result.output, "early\nrun\n") << result.errors;
    EXPECT_EQ(result.exit_code, 0);
}

/// What would be the end of a component: memory that is not there, and a path that is no text. Ends with the errors'
/// numbers.
TEST_F(system_wasi_adapter, what_is_wrong_is_an_error_as_ever)
{
    const auto exits_with = [&](const std::string& call) {
        const auto module = directory_.file("wrong.wat", R"((module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "path_unlink_file" (func $unlink (param i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "sock_shutdown" (func $shutdown (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "\f8\ff\00\00\09\00\00\00")
            (data (i32.const 32) "a\ff")
            (func (export "_start") (call $exit )" + call + ")))");
        const auto result = run({"--dir", directory_.path() + "::/", made(module, {"--exit-codes"})});
        EXPECT_EQ(result.errors, "");
        return result.exit_code;
    };
    constexpr int badf = 8, fault = 21, ilseq = 25, noent = 44, notsock = 57;
    EXPECT_EQ(exits_with("(call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))"), fault);
    EXPECT_EQ(exits_with("(call $write (i32.const 1) (i32.const -8) (i32.const 1) (i32.const 16))"), fault);
    EXPECT_EQ(exits_with("(call $write (i32.const 1) (i32.const 8) (i32.const 0) (i32.const 65533))"), fault);
    EXPECT_EQ(exits_with("(call $write (i32.const 99) (i32.const 0) (i32.const 1) (i32.const 16))"), badf);
    EXPECT_EQ(exits_with("(call $unlink (i32.const 3) (i32.const 32) (i32.const 2))"), ilseq);
    EXPECT_EQ(exits_with("(call $unlink (i32.const 3) (i32.const 32) (i32.const 1))"), noent);
    EXPECT_EQ(exits_with("(call $shutdown (i32.const 1) (i32.const 1))"), notsock);
}

TEST_F(system_wasi_adapter, others_can_answer_instead)
{
    const auto module = directory_.file("app.wat", R"((module
        (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))
        (func (export "f"))))");
    const auto wit = directory_.file("app.wit", "package demo:app; world app { export f: func(); }");
    const std::string without = "package root:component;\n\nworld root {\n  export f: func();\n}\n";
    EXPECT_EQ(imports_of(made(module, {"--wit", wit, "--stub-wasi"})), without);
    EXPECT_EQ(imports_of(made(module, {"--wit", wit})), without);
    const auto own = directory_.file("own.wat", R"((module (func (export "sched_yield") (result i32) (i32.const 0))))");
    EXPECT_EQ(imports_of(made(module, {"--wit", wit, "--adapt", "wasi_snapshot_preview1=" + own})), without);
    EXPECT_LT(std::filesystem::file_size(path("made.wasm")), 1000U);
}

} // namespace trellis::testing
