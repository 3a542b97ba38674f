// The code cache as people meet it: trellis run --tier aot, and trellis cache.
#include "system/process.hpp"

#include <filesystem>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <thread>

namespace trellis::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view program = R"wat((module
  (func (export "answer") (result i32) (i32.const 42))
  (func $divide (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0)))
  (func (export "trap") (result i32) (call $divide (i32.const 0)))
))wat";

class system_cache : public ::testing::Test {
protected:
    system_cache() : source_(directory_.file("module.wat", program)) {}

    [[nodiscard]] std::string folder() const { return directory_.path() + "/cache"; }

    ProcessResult trellis(std::vector<std::string> words, std::vector<std::string> environment = {})
    {
        words.insert(words.begin(), TRELLIS_PROGRAM);
        environment.push_back("TRELLIS_CACHE_DIR=" + folder());
        environment.emplace_back("TRELLIS_CACHE_LOG=1");
        return any(std::move(words), std::move(environment));
    }
    static ProcessResult any(std::vector<std::string> words, std::vector<std::string> environment = {})
    {
        return run_process({.words = std::move(words), .environment = std::move(environment), .may_use_cache = true});
    }
    ProcessResult run(std::vector<std::string> environment = {})
    {
        return trellis({"run", "--tier", "aot", source_, "--invoke", "answer"}, std::move(environment));
    }
    void expect_answer_and(std::string_view note, const ProcessResult& result)
    {
        EXPECT_EQ(result.output, "42\n");
        EXPECT_NE(result.errors.find(note), std::string::npos) << result.errors;
    }
    std::vector<fs::path> entries()
    {
        std::vector<fs::path> all;
        if (fs::exists(folder()))
            for (const auto& file : fs::directory_iterator(folder()))
                if (file.path().filename().string().size() == 32)
                    all.push_back(file.path());
        return all;
    }

    TemporaryDirectory directory_;
    std::string source_;
};

TEST_F(system_cache, the_second_run_needs_no_compiler)
{
    expect_answer_and("code cache: written", run());
    ASSERT_EQ(entries().size(), 1u);
    // A copy of the program that has no compiler beside it.
    const auto alone = directory_.path() + "/trellis";
    fs::copy_file(TRELLIS_PROGRAM, alone);
    const auto result = any({alone, "run", "--tier", "aot", source_, "--invoke", "answer"},
                            {"TRELLIS_CACHE_DIR=" + folder(), "TRELLIS_CACHE_LOG=1"});
    expect_answer_and("code cache: used", result);
    const auto without = any({alone, "run", "--tier", "aot", "--no-cache", source_, "--invoke", "answer"},
                             {"TRELLIS_CACHE_DIR=" + folder()});
    EXPECT_NE(without.errors.find("compiler is not installed"), std::string::npos) << without.errors;
}

TEST_F(system_cache, backtraces_are_the_same_from_the_cache)
{
    const std::vector<std::string> words = {"run", "--tier", "aot", source_, "--invoke", "trap"};
    const auto compiled = trellis(words), cached = trellis(words);
    EXPECT_EQ(compiled.exit_code, 134);
    EXPECT_EQ(cached.exit_code, 134);
    EXPECT_NE(cached.errors.find("code cache: used"), std::string::npos);
    EXPECT_EQ(compiled.errors.substr(compiled.errors.find("error:")),
              cached.errors.substr(cached.errors.find("error:")));
}

TEST_F(system_cache, other_features_are_another_entry)
{
    run();
    const auto result = trellis({"run", "--tier", "aot", "--no-feature", "threads", source_, "--invoke", "answer"});
    expect_answer_and("code cache: written", result);
    EXPECT_EQ(entries().size(), 2u);
}

TEST_F(system_cache, what_is_invalid_stays_invalid)
{
    const auto bad = directory_.file("bad.wat", R"((module (func (export "f") (result i32))))");
    for (int i = 0; i < 2; ++i) {
        const auto result = trellis({"run", "--tier", "aot", bad, "--invoke", "f"});
        EXPECT_EQ(result.exit_code, 126) << result.errors;
        EXPECT_NE(result.errors.find("type mismatch"), std::string::npos) << result.errors;
    }
    EXPECT_TRUE(entries().empty());
}

TEST_F(system_cache, a_damaged_entry_is_rebuilt)
{
    run();
    const auto entry = entries().at(0);
    auto content = read_whole_file(entry);
    const auto good = content;
    content[4096 + 8] ^= 1; // in its code
    ASSERT_TRUE(write_whole_file(entry, content));
    expect_answer_and("is damaged", run());
    EXPECT_EQ(read_whole_file(entry), good);
    expect_answer_and("code cache: used", run());
}

TEST_F(system_cache, where_it_is_wanted_options_come_before_the_environment)
{
    const auto elsewhere = directory_.path() + "/elsewhere";
    const auto result = trellis({"run", "--tier", "aot", "--cache-dir", elsewhere, source_, "--invoke", "answer"});
    expect_answer_and("code cache: written", result);
    EXPECT_TRUE(entries().empty());
    EXPECT_TRUE(fs::exists(elsewhere + "/secret"));
    // The default, with and without XDG_CACHE_HOME.
    for (const auto& [variables, path] :
         {std::pair(std::vector<std::string>{"XDG_CACHE_HOME=" + directory_.path()}, "/trellis"),
          std::pair(std::vector<std::string>{"XDG_CACHE_HOME=relative", "HOME=" + directory_.path()},
                    "/.cache/trellis")}) {
        std::vector<std::string> words = {"/usr/bin/env", "-u", "TRELLIS_CACHE_DIR", TRELLIS_PROGRAM, "cache", "path"};
        EXPECT_EQ(any(words, variables).output, directory_.path() + path + "\n");
    }
}

TEST_F(system_cache, without_a_place_for_it_programs_run)
{
    std::vector<std::string> words = {"/usr/bin/env", "-i",          TRELLIS_PROGRAM, "run",      "--tier",
                                      "aot",          "--cache-log", source_,         "--invoke", "answer"};
    expect_answer_and("there is no place for the code cache", any(words));
}

TEST_F(system_cache, a_folder_that_cannot_be_used_is_named_and_does_without)
{
    ASSERT_EQ(mkdir(folder().c_str(), 0755), 0);
    ASSERT_EQ(chmod(folder().c_str(), 0755), 0);
    expect_answer_and("is open to other users", run());
    EXPECT_TRUE(entries().empty());
    const auto list = trellis({"cache", "list"});
    EXPECT_NE(list.exit_code, 0);
    EXPECT_NE(list.errors.find("is open to other users"), std::string::npos) << list.errors;
    // Nobody is told who did not ask.
    const auto quiet = any({"/usr/bin/env", "-u", "TRELLIS_CACHE_LOG", TRELLIS_PROGRAM, "run", "--tier", "aot",
                            "--cache-dir", folder(), source_, "--invoke", "answer"});
    EXPECT_EQ(quiet.errors, "");
}

TEST_F(system_cache, on_a_full_disk_programs_run)
{
    const auto limited = "ulimit -f 1; exec \"$0\" \"$@\"";
    const auto result =
        any({"/bin/sh", "-c", limited, TRELLIS_PROGRAM, "run", "--tier", "aot", source_, "--invoke", "answer"},
            {"TRELLIS_CACHE_DIR=" + folder(), "TRELLIS_CACHE_LOG=1"});
    expect_answer_and("not written", result);
    EXPECT_TRUE(entries().empty());
    expect_answer_and("code cache: written", run());
}

TEST_F(system_cache, killed_at_any_time_it_leaves_nothing_that_runs_wrong)
{
    for (int delay = 1; delay <= 40; delay += 3) {
        fs::remove_all(folder());
        const auto killed =
            run_process({.words = {TRELLIS_PROGRAM, "run", "--tier", "aot", source_, "--invoke", "answer"},
                         .environment = {"TRELLIS_CACHE_DIR=" + folder()},
                         .signal = SIGKILL,
                         .signal_after = std::chrono::milliseconds(delay),
                         .may_use_cache = true});
        EXPECT_EQ(run().output, "42\n") << killed.exit_code;
        expect_answer_and("code cache: used", run());
    }
}

TEST_F(system_cache, several_processes_at_once_agree)
{
    std::vector<ProcessResult> results(4);
    {
        std::vector<std::jthread> threads;
        for (auto& result : results)
            threads.emplace_back([&] { result = run(); });
    }
    for (const auto& result : results)
        EXPECT_EQ(result.output, "42\n") << result.errors;
    EXPECT_EQ(entries().size(), 1u);
    expect_answer_and("code cache: used", run());
}

TEST_F(system_cache, lists_and_clears)
{
    EXPECT_EQ(trellis({"cache", "path"}).output, folder() + "\n");
    EXPECT_NE(trellis({"cache", "list", "--json"}).output.find("\"entries\": []"), std::string::npos);
    run();
    const auto list = trellis({"cache", "list", "--json"}).output;
    const auto entry = entries().at(0);
    for (const auto& part : {"\"path\": \"" + folder() + "\"", "\"name\": \"" + entry.filename().string() + "\"",
                             "\"bytes\": " + std::to_string(fs::file_size(entry))})
        EXPECT_NE(list.find(part), std::string::npos) << part << "\n" << list;
    EXPECT_NE(trellis({"cache", "list"}).output.find("1 entries"), std::string::npos);
    EXPECT_EQ(trellis({"cache", "clear"}).exit_code, 0);
    EXPECT_TRUE(entries().empty());
    EXPECT_FALSE(fs::exists(folder() + "/secret"));
    const auto wrong = trellis({"cache", "empty"});
    EXPECT_EQ(wrong.exit_code, 2);
    EXPECT_NE(wrong.errors.find("list, clear or path"), std::string::npos);
}

} // namespace
} // namespace trellis::testing
