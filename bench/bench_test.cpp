#include "process.hpp"
#include "table.hpp"

#include <gtest/gtest.h>

namespace trellis::bench {
namespace {

TEST(bench_table, median_takes_the_middle_or_the_mean_of_two)
{
    EXPECT_EQ(median({}), 0);
    EXPECT_EQ(median({3, 1, 2}), 2);
    EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
}

TEST(bench_table, geometric_mean_of_ratios)
{
    EXPECT_DOUBLE_EQ(geometric_mean({1, 4, 16}), 4);
}

TEST(bench_table, rows_that_an_engine_cannot_run_are_gaps_and_not_in_the_mean)
{
    const std::vector<Row> rows = {{"a", {{"native", {1}}, {"fast", {2}}, {"slow", {8}}}},
                                   {"b", {{"native", {2}}, {"fast", {6}}}}};
    EXPECT_EQ(rows[1].ratio("slow", "native"), 0);
    EXPECT_DOUBLE_EQ(mean_speed_up(rows, "fast", "slow"), 4);
    EXPECT_DOUBLE_EQ(least_speed_up(rows, "slow", "fast"), 0.25);
    const std::string text = markdown_table(rows, {"native", "fast", "slow"}, "native", "ms");
    EXPECT_NE(text.find("| a | 1.00 | 2.00 | 8.00 |"), text.npos) << text;
    EXPECT_NE(text.find("| b | 2.00 | 3.00 | - |"), text.npos) << text;
    EXPECT_NE(text.find("| **geometric mean** | | 2.45 | 8.00 |"), text.npos) << text;
}

TEST(bench_process, output_and_exit_code)
{
    const Result<Outcome> outcome = run({"sh", "-c", "echo out; echo err >&2; exit 3"});
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->output, "out\n");
    EXPECT_EQ(outcome->exit_code, 3);
    EXPECT_GT(outcome->peak_resident_kib, 0);
}

TEST(bench_process, a_missing_program_is_an_error)
{
    const Result<Outcome> outcome = run({"/nowhere/no-such-program"});
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, ErrorCode::not_found);
    EXPECT_EQ(find_program("no-such-program"), "");
}

} // namespace
} // namespace trellis::bench
