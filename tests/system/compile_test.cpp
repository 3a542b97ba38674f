// trellis compile, and compiled code in trellis run.
#include "system/process.hpp"

#include <filesystem>
#include <gtest/gtest.h>

namespace trellis::testing {
namespace {

constexpr std::string_view functions = R"wat((module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (call $exit (i32.const 7)))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func $divide (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func $outer (export "outer") (result i32) (call $divide (i32.const 1) (i32.const 0)))
  (func $deep (export "deep") (call $deep))
  (func (export "forever") (loop $again (br $again)))
  (func $beyond (export "beyond") (result i32) (i32.load (i32.const 65533)))
))wat";

ProcessResult trellis(std::vector<std::string> words)
{
    words.insert(words.begin(), TRELLIS_PROGRAM);
    return run_process({.words = std::move(words)});
}

/// With so little address space that no memory can be guarded, yet enough for the compiler.
ProcessResult in_short_space(std::string program, const std::vector<std::string>& words)
{
    std::vector<std::string> all = {"/bin/sh", "-c", "ulimit -v 4000000; exec \"$0\" \"$@\"", std::move(program)};
    all.insert(all.end(), words.begin(), words.end());
    return run_process({.words = std::move(all)});
}

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool space_can_be_short = false; // the sanitizers reserve terabytes
#else
constexpr bool space_can_be_short = true;
#endif

class system_compile : public ::testing::Test {
protected:
    /// The module compiled.
    std::string artifact(const std::string& memory = "guarded")
    {
        const auto path = directory_.path() + "/module.cwasm";
        const auto made = trellis({"compile", source(), "--memory", memory, "-o", path});
        EXPECT_EQ(made.exit_code, 0) << made.errors;
        return path;
    }
    std::string source() { return directory_.file("module.wat", functions); }

    TemporaryDirectory directory_;
};

TEST_F(system_compile, artifact_runs_like_its_module)
{
    const auto file = artifact();
    EXPECT_EQ(trellis({"run", file}).exit_code, 7);
    EXPECT_EQ(trellis({"run", file, "--invoke", "add", "40", "2"}).output, "42\n");
    EXPECT_EQ(trellis({"run", file, "--tier", "interpreter"}).exit_code, 7);
    EXPECT_EQ(trellis({"run", "--tier", "aot", source()}).exit_code, 7);
}

TEST_F(system_compile, progress_is_shown_on_a_terminal_only)
{
    const auto path = directory_.path() + "/module.cwasm";
    EXPECT_EQ(trellis({"compile", source(), "-o", path}).errors, "");
    const auto command = std::string(TRELLIS_PROGRAM) + " compile " + source() + " -o " + path;
    const auto shown = run_process({.words = {"/usr/bin/script", "-qec", command, "/dev/null"}});
    EXPECT_EQ(shown.exit_code, 0);
    EXPECT_NE(shown.output.find("\rcompiling " + source() + ": 100 %"), std::string::npos) << shown.output;
    EXPECT_TRUE(shown.output.ends_with("\r")) << shown.output;
}

TEST_F(system_compile, traps_are_the_interpreters)
{
    const auto file = artifact();
    const auto compiled = trellis({"run", file, "--invoke", "beyond"});
    EXPECT_EQ(compiled.exit_code, 134);
    EXPECT_EQ(compiled.errors, trellis({"run", file, "--invoke", "beyond", "--tier", "interpreter"}).errors);
    // A function that was compiled into its caller has a frame of its own.
    const auto inlined = trellis({"run", file, "--invoke", "outer"});
    EXPECT_TRUE(inlined.errors.starts_with("error: integer divide by zero\n    at ")) << inlined.errors;
    EXPECT_EQ(inlined.errors, trellis({"run", file, "--invoke", "outer", "--tier", "interpreter"}).errors);
}

TEST_F(system_compile, limits_have_the_same_exit_codes)
{
    const auto file = artifact();
    EXPECT_EQ(trellis({"run", file, "--invoke", "deep"}).exit_code, 139);
#if !__has_feature(thread_sanitizer) // it hands a signal on when the program calls the system: a compiled loop doesn't
    EXPECT_EQ(trellis({"run", file, "--invoke", "forever", "--timeout", "100ms"}).exit_code, 124);
#endif
}

TEST_F(system_compile, fuel_is_the_interpreters)
{
    const auto without = trellis({"run", artifact(), "--fuel", "100"});
    EXPECT_NE(without.exit_code, 7);
    EXPECT_NE(without.errors.find("compiled without fuel"), std::string::npos) << without.errors;

    const auto file = directory_.path() + "/fuel.cwasm";
    EXPECT_EQ(trellis({"compile", source(), "--fuel", "-o", file}).exit_code, 0);
    EXPECT_EQ(trellis({"run", file}).exit_code, 7); // counted, not limited
    for (const auto& run : {std::vector<std::string>{"run", file},
                            {"run", "--tier", "aot", source()},
                            {"run", "--tier", "interpreter", source()}}) {
        const auto with = [&](const std::string& fuel, const std::string& function) {
            auto words = run;
            words.insert(words.end(), {"--fuel", fuel, "--invoke", function});
            if (function == "add")
                words.insert(words.end(), {"40", "2"});
            return trellis(words);
        };
        EXPECT_EQ(with("3", "add").output, "42\n");
        EXPECT_EQ(with("2", "add").exit_code, 152);
        EXPECT_EQ(with("1000000", "forever").exit_code, 152);
    }
}

TEST_F(system_compile, nans_are_canonical_where_that_is_asked_for)
{
    const auto source = directory_.file("nan.wat", R"wat((module
        (func (export "nan") (param f32) (result i32) (i32.reinterpret_f32 (f32.sqrt (local.get 0))))))wat");
    const auto file = directory_.path() + "/nan.cwasm";
    EXPECT_EQ(trellis({"compile", source, "-o", file}).exit_code, 0);
    const auto refused = trellis({"run", "--deterministic", file, "--invoke", "nan", "--", "-1"});
    EXPECT_NE(refused.errors.find("not compiled for the deterministic profile"), std::string::npos) << refused.errors;
    EXPECT_EQ(trellis({"compile", "--deterministic", source, "-o", file}).exit_code, 0);
    for (const auto& run : {std::vector<std::string>{file},
                            {"--deterministic", file},
                            {"--deterministic", "--tier", "aot", source},
                            {"--deterministic", "--tier", "interpreter", source}}) {
        std::vector<std::string> words = {"run"};
        words.insert(words.end(), run.begin(), run.end());
        words.insert(words.end(), {"--invoke", "nan", "--", "-1"});
        EXPECT_EQ(trellis(words).output, "2143289344\n") << run.front();
    }
}

TEST_F(system_compile, two_times_the_same_bytes)
{
    EXPECT_EQ(trellis({"compile", source(), "-o", "-"}).output, trellis({"compile", source(), "-o", "-"}).output);
}

TEST_F(system_compile, checked_code_is_the_same_program)
{
    const auto file = artifact("checked");
    EXPECT_EQ(trellis({"run", file}).exit_code, 7);
    const auto beyond = trellis({"run", file, "--invoke", "beyond"});
    EXPECT_EQ(beyond.exit_code, 134);
    EXPECT_EQ(beyond.errors, trellis({"run", source(), "--invoke", "beyond"}).errors);
}

TEST_F(system_compile, short_of_address_space_code_checks)
{
    if (!space_can_be_short)
        GTEST_SKIP() << "not with a sanitizer";
    const auto whole = in_short_space(TRELLIS_PROGRAM, {"run", "--tier", "aot", source(), "--invoke", "beyond"});
    EXPECT_EQ(whole.exit_code, 134);
    EXPECT_TRUE(whole.errors.starts_with("note: less than 8 GiB of address space")) << whole.errors;
    EXPECT_NE(whole.errors.find("error: out of bounds memory access"), std::string::npos) << whole.errors;

    const auto checked = in_short_space(TRELLIS_PROGRAM, {"run", artifact("checked")});
    EXPECT_EQ(checked.exit_code, 7);
    EXPECT_EQ(checked.errors, "");
}

TEST_F(system_compile, short_of_address_space_a_guarded_artifact_is_compiled_anew_or_interpreted)
{
    if (!space_can_be_short)
        GTEST_SKIP() << "not with a sanitizer";
    const auto file = artifact();
    const auto anew = in_short_space(TRELLIS_PROGRAM, {"run", file});
    EXPECT_EQ(anew.exit_code, 7);
    EXPECT_NE(anew.errors.find("compiled anew, which trellis compile --memory checked saves"), std::string::npos)
        << anew.errors;

    const auto alone = directory_.path() + "/trellis"; // without the compiler beside it
    std::filesystem::copy_file(TRELLIS_PROGRAM, alone);
    const auto interpreted = in_short_space(alone, {"run", file});
    EXPECT_EQ(interpreted.exit_code, 7);
    EXPECT_NE(interpreted.errors.find("its module is interpreted"), std::string::npos) << interpreted.errors;
    const auto named = in_short_space(alone, {"run", file, "--tier", "aot"});
    EXPECT_NE(named.exit_code, 7);
    EXPECT_NE(named.errors.find("the compiler is not installed"), std::string::npos) << named.errors;
    EXPECT_EQ(run_process({.words = {alone, "run", file}}).errors, ""); // there is space: nothing has to be said
}

TEST_F(system_compile, an_artifact_for_aarch64_is_not_run_here)
{
    const auto path = directory_.path() + "/module.cwasm";
    EXPECT_EQ(trellis({"compile", source(), "--target", "aarch64", "-o", path}).exit_code, 0);
    const auto run = trellis({"run", path});
    EXPECT_EQ(run.exit_code, 126);
    EXPECT_NE(run.errors.find("was compiled for aarch64, this processor is"), std::string::npos) << run.errors;
    const auto guarded = trellis({"compile", source(), "--target", "aarch64", "--memory", "guarded", "-o", path});
    EXPECT_NE(guarded.errors.find("code for aarch64 checks memory"), std::string::npos) << guarded.errors;
}

TEST_F(system_compile, mistakes_are_answered)
{
    const auto nowhere = trellis({"compile", source()});
    EXPECT_EQ(nowhere.exit_code, 2);
    EXPECT_NE(nowhere.errors.find("-o app.cwasm"), std::string::npos);
    EXPECT_NE(trellis({"compile", source(), "--target", "sparc", "-o", "-"}).errors.find("x86-64-v3"),
              std::string::npos);
    EXPECT_NE(trellis({"compile", source(), "--memory", "none", "-o", "-"}).errors.find("guarded and checked"),
              std::string::npos);
    const auto whole = read_whole_file(artifact());
    const auto damaged = trellis({"run", directory_.file("cut.cwasm", whole.substr(0, whole.size() / 2))});
    EXPECT_NE(damaged.exit_code, 0);
    EXPECT_NE(damaged.errors.find("make it anew with trellis compile"), std::string::npos) << damaged.errors;
}

} // namespace
} // namespace trellis::testing
