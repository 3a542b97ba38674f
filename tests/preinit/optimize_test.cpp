// trellis optimize: with Binaryen where it was fetched, and with programs that are not what is needed.
#include "preinit/guests.hpp"

#include <filesystem>

namespace trellis::testing {
namespace {

namespace fs = std::filesystem;

class system_optimize : public PreinitGuests {
protected:
    /// A program that answers --version like that and otherwise does as told.
    std::string fake(std::string_view version, std::string_view otherwise = "exit 9")
    {
        const auto script =
            directory_.file("wasm-opt", "#!/bin/sh\nif [ \"$1\" = --version ]; then echo '" + std::string(version) +
                                            "'; exit 0; fi\n" + std::string(otherwise) + "\n");
        fs::permissions(script, fs::perms::owner_all);
        return script;
    }

    ProcessResult optimize_with(const std::string& program)
    {
        return trellis({"optimize", words_, "--wasm-opt", program, "-o", path("out.wasm")});
    }

    const std::string words_ = guests + "/lexicon.wasm";
    const std::string wasm_opt_ = guests + "/node_modules/.bin/wasm-opt";
};

TEST_F(system_optimize, without_binaryen_says_how_to_get_it)
{
    const auto result = optimize_with("no-such-wasm-opt");
    EXPECT_EQ(result.exit_code, 127);
    EXPECT_NE(result.errors.find("npm install binaryen"), std::string::npos) << result.errors;
    EXPECT_FALSE(fs::exists(path("out.wasm")));
}

TEST_F(system_optimize, an_old_binaryen_is_refused_with_the_reason)
{
    const auto result = optimize_with(fake("wasm-opt version 108 (version_108)"));
    EXPECT_EQ(result.exit_code, 126);
    EXPECT_NE(result.errors.find("version 108, which does not know WebAssembly 3.0"), std::string::npos)
        << result.errors;
}

TEST_F(system_optimize, another_program_is_refused)
{
    EXPECT_EQ(optimize_with(fake("something 1.2.3")).exit_code, 126);
    EXPECT_EQ(optimize_with(fake("wasm-opt version unknown")).exit_code, 126);
    EXPECT_EQ(optimize_with(directory_.path()).exit_code, 126);
}

TEST_F(system_optimize, failures_of_the_program_are_ours)
{
    const auto failed = optimize_with(fake("wasm-opt version 132", "echo bad >&2; exit 3"));
    EXPECT_EQ(failed.exit_code, 126);
    EXPECT_NE(failed.errors.find("bad"), std::string::npos);
    EXPECT_NE(failed.errors.find("exit code 3"), std::string::npos);
    const auto nonsense = optimize_with(fake("wasm-opt version 132", "echo nonsense > /dev/fd/4"));
    EXPECT_EQ(nonsense.exit_code, 126);
    EXPECT_NE(nonsense.errors.find("is not accepted: magic header not detected"), std::string::npos) << nonsense.errors;
    EXPECT_FALSE(fs::exists(path("out.wasm")));
}

TEST_F(system_optimize, input_is_validated_first)
{
    const auto file = directory_.file("bad.wat", "(module (func (result i32)))");
    const auto result = trellis({"optimize", file, "--wasm-opt", fake("wasm-opt version 132"), "-o", path("out.wasm")});
    EXPECT_EQ(result.exit_code, 126);
    EXPECT_NE(result.errors.find("type mismatch"), std::string::npos) << result.errors;
    EXPECT_EQ(trellis({"optimize", words_, "-O9", "-o", path("out.wasm")}).exit_code, 2);
}

TEST_F(system_optimize, the_program_is_told_what_the_module_uses)
{
    const auto file = directory_.file("simd.wat", R"((module (memory i64 1)
        (func (param v128) (result i64) (i32x4.extract_lane 0 (local.get 0)) (drop)
          (i64.extend8_s (i64.const 1)))))");
    const auto program = fake("wasm-opt version 132", "echo \"$@\"; cat < /dev/fd/3 > /dev/fd/4");
    const auto result = trellis({"optimize", file, "-O4", "-g", "--wasm-opt", program, "-o", path("out.wasm")});
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.errors, "-O4 --mvp-features --enable-mutable-globals --enable-sign-ext --enable-simd "
                             "--enable-memory64 --debuginfo /dev/fd/3 --output /dev/fd/4\n");
    EXPECT_EQ(trellis({"validate", path("out.wasm")}).exit_code, 0);
}

TEST_F(system_optimize, every_level_is_passed_on)
{
    const auto program = fake("wasm-opt version 132", "echo \"$1\"; cat < /dev/fd/3 > /dev/fd/4");
    for (const std::string level : {"-O0", "-O1", "-O2", "-O3", "-O4", "-Os", "-Oz"})
        EXPECT_EQ(trellis({"optimize", words_, level, "--wasm-opt", program, "-o", path("out.wasm")}).errors,
                  level + "\n");
    EXPECT_EQ(optimize_with(program).errors, "-Os\n");
}

TEST_F(system_optimize, optimised_and_then_pre_initialised)
{
    if (!fs::exists(wasm_opt_))
        GTEST_SKIP() << "no Binaryen: optimising was NOT tested; build the target preinit_tools first";
    const auto before = trellis({"run", words_, "argument"});
    const auto small = made({"optimize", words_, "-O3", "--wasm-opt", wasm_opt_}, "small.wasm");
    const auto ready = made({"preinit", small}, "ready.wasm");
    for (const auto& module : {small, ready}) {
        const auto after = trellis({"run", module, "argument"});
        EXPECT_EQ(after.output, before.output) << module << after.errors;
        EXPECT_EQ(after.exit_code, 7);
    }
    EXPECT_LT(fs::file_size(small), fs::file_size(words_));
}

TEST_F(system_optimize, pre_initialised_and_then_optimised)
{
    if (!fs::exists(wasm_opt_))
        GTEST_SKIP() << "no Binaryen: optimising was NOT tested; build the target preinit_tools first";
    const auto ready = made({"preinit", words_}, "ready.wasm");
    const auto small = made({"optimize", ready, "--wasm-opt", wasm_opt_}, "small.wasm");
    EXPECT_EQ(trellis({"run", small, "argument"}).output, trellis({"run", words_, "argument"}).output);
}

} // namespace
} // namespace trellis::testing
