#include "cli/arguments.hpp"

#include <array>
#include <cstdlib>
#include <gtest/gtest.h>

namespace trellis::cli {
namespace {

constexpr std::array options = {
    Option{.name = "dir", .value = "HOST", .help = "A directory", .example = "--dir /srv", .repeats = true},
    Option{
        .name = "max-memory", .value = "SIZE", .help = "A size", .example = "--max-memory 1MiB", .environment = true},
    Option{.name = "output", .value = "FILE", .help = "A file", .example = "-o a", .letter = 'o'},
    Option{.name = "json", .value = {}, .help = "A flag", .example = {}},
};
constexpr std::array foreign_options = {ForeignOption{"config", 'c', "name the file alone"}};
constexpr Command command = {
    .name = "test",
    .operands = "FILE [ARGUMENT...]",
    .summary = "Tests",
    .details = {},
    .options = options,
    .examples = {},
    .run = nullptr,
    .max_operands = unlimited_operands,
    .foreign_options = foreign_options,
};

template <std::size_t n>
Result<Arguments> parse(const char* const (&words)[n])
{
    return Arguments::parse(command, words);
}

using Words = std::vector<std::string_view>;

TEST(cli_arguments, options_stand_before_and_behind_operands)
{
    const auto arguments = parse({"--dir", "a", "app.wasm", "--json", "word", "--dir=b", "--", "--dir", "c"});
    ASSERT_TRUE(arguments.has_value());
    EXPECT_EQ(arguments->values("dir"), (Words{"a", "b"}));
    EXPECT_EQ(arguments->operands(), (Words{"app.wasm", "word"}));
    EXPECT_EQ(arguments->after_dashes(), (Words{"--dir", "c"}));
    EXPECT_TRUE(arguments->has("json"));
}

TEST(cli_arguments, options_have_letters)
{
    EXPECT_EQ(parse({"f", "-o", "a"})->value("output"), "a");
    EXPECT_EQ(parse({"f", "-oa=b"})->value("output"), "a=b");
    EXPECT_EQ(parse({"f", "-o=a"})->value("output"), "a");
    EXPECT_EQ(parse({"f", "-output", "a"})->value("output"), "a");
    EXPECT_FALSE(parse({"f", "--o", "a"}).has_value());
    EXPECT_FALSE(parse({"f", "-o"}).has_value());
    EXPECT_FALSE(parse({"f", "-x"}).has_value());
}

TEST(cli_arguments, options_of_other_programs_bring_advice)
{
    EXPECT_EQ(parse({"f", "--config", "a"}).error().message, "--config: name the file alone");
    EXPECT_EQ(parse({"f", "-c", "a"}).error().message, "--config: name the file alone");
    EXPECT_EQ(parse({"f", "--c"}).error().code, ErrorCode::usage);
    EXPECT_TRUE(parse({"f", "--c"}).error().message.starts_with("unknown option --c"));
}

TEST(cli_arguments, last_value_wins)
{
    EXPECT_EQ(parse({"f", "--max-memory=1", "--max-memory=2"})->value("max-memory"), "2");
}

TEST(cli_arguments, dash_and_negative_numbers_are_operands)
{
    EXPECT_EQ(parse({"-", "-1", "-.5"})->operands(), (Words{"-", "-1", "-.5"}));
}

TEST(cli_arguments, unknown_option_names_the_nearest)
{
    const auto arguments = parse({"f", "--max-memroy=1"});
    ASSERT_FALSE(arguments.has_value());
    EXPECT_EQ(arguments.error().code, ErrorCode::usage);
    EXPECT_EQ(arguments.error().message, "unknown option --max-memroy; did you mean --max-memory?");
}

TEST(cli_arguments, unlike_option_points_to_help_and_dashes)
{
    EXPECT_NE(parse({"f", "--zzz"}).error().message.find("behind --"), std::string::npos);
}

TEST(cli_arguments, missing_value_shows_an_example)
{
    EXPECT_EQ(parse({"f", "--dir"}).error().message, "--dir needs a value: --dir HOST, for example --dir /srv");
}

TEST(cli_arguments, flag_takes_no_value)
{
    EXPECT_FALSE(parse({"f", "--json=yes"}).has_value());
}

TEST(cli_arguments, missing_operand)
{
    EXPECT_FALSE(parse({"--json"}).has_value());
}

TEST(cli_arguments, flag_before_environment_before_nothing)
{
    EXPECT_FALSE(parse({"f"})->has("max-memory"));
    setenv("TRELLIS_MAX_MEMORY", "7MiB", 1);
    EXPECT_EQ(parse({"f"})->value("max-memory"), "7MiB");
    EXPECT_EQ(parse({"f", "--max-memory", "8MiB"})->value("max-memory"), "8MiB");
    unsetenv("TRELLIS_MAX_MEMORY");
}

TEST(cli_arguments, help_is_seen_even_without_operands)
{
    EXPECT_TRUE(parse({"--help"})->asks_for_help());
    EXPECT_FALSE(parse({"f", "--", "--help"})->asks_for_help());
}

TEST(cli_arguments, nearest_is_nothing_where_nothing_is_like_it)
{
    constexpr std::array<std::string_view, 2> names = {"run", "inspect"};
    EXPECT_EQ(nearest("rnu", names), std::nullopt);
    EXPECT_EQ(nearest("ru", names), "run");
    EXPECT_EQ(nearest("inspct", names), "inspect");
    EXPECT_EQ(nearest("zebra", names), std::nullopt);
}

} // namespace
} // namespace trellis::cli
