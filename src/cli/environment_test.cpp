#include "cli/environment.hpp"

#include <cstdlib>
#include <gtest/gtest.h>

namespace trellis::cli {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// What a file of that text says; its error as the value of "error".
Pairs read(std::string_view text)
{
    auto read = environment_file(text, ".env");
    return read ? *read : Pairs{{"error", read.error().message}};
}

TEST(cli_environment, files_have_a_variable_in_each_line)
{
    EXPECT_EQ(read(""), Pairs());
    EXPECT_EQ(read("A=1\nB=two words\r\n\n  C = x=y  \nD="),
              Pairs({{"A", "1"}, {"B", "two words"}, {"C", "x=y"}, {"D", ""}}));
    EXPECT_EQ(read("A=1\nA=2\n"), Pairs({{"A", "1"}, {"A", "2"}}));
}

TEST(cli_environment, comments_mean_nothing)
{
    EXPECT_EQ(read("# one\n  # A=1\nA=1 # two\nB=http://a/#b\nC=\"#\" # three\n#"),
              Pairs({{"A", "1"}, {"B", "http://a/#b"}, {"C", "#"}}));
}

TEST(cli_environment, values_may_stand_in_quotes)
{
    EXPECT_EQ(read("A=\" a b \"\nB='x\"y'\nC=`'#'`\nD=\"\"\nE=a\"b\""),
              Pairs({{"A", " a b "}, {"B", "x\"y"}, {"C", "'#'"}, {"D", ""}, {"E", "a\"b\""}}));
    for (const auto* const bad : {"A=\"b", "A='b' c", "A=\""})
        EXPECT_EQ(read(bad), Pairs({{"error", ".env:1: the value's quotes don't end with it"}})) << bad;
}

TEST(cli_environment, names_alone_are_passed_on)
{
    ::setenv("TRELLIS_TEST_PASSED", "on", 1);
    ::unsetenv("TRELLIS_TEST_MISSING");
    EXPECT_EQ(read("TRELLIS_TEST_PASSED # yes"), Pairs({{"TRELLIS_TEST_PASSED", "on"}}));
    EXPECT_TRUE(read("A=1\nTRELLIS_TEST_MISSING")[0].second.starts_with(".env:2: "))
        << read("A=1\nTRELLIS_TEST_MISSING")[0].second;
    EXPECT_EQ(read("\n=x"), Pairs({{"error", ".env:2: write NAME=VALUE, or NAME to pass a variable on"}}));
}

} // namespace
} // namespace trellis::cli
