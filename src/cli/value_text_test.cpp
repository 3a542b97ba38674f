#include "cli/value_text.hpp"

#include <gtest/gtest.h>

namespace trellis::cli {
namespace {

using namespace wasm;

std::string round_trip(ValType type, std::string_view word)
{
    const auto value = parse_value(type, word);
    return value ? show_value(*value) : "error";
}

TEST(cli_value_text, integers_signed_and_unsigned)
{
    EXPECT_EQ(round_trip(i32, "42"), "42");
    EXPECT_EQ(round_trip(i32, "-1"), "-1");
    EXPECT_EQ(round_trip(i32, "4294967295"), "-1");
    EXPECT_EQ(round_trip(i32, "0x7fffffff"), "2147483647");
    EXPECT_EQ(round_trip(i32, "-2147483648"), "-2147483648");
    EXPECT_EQ(round_trip(i64, "18446744073709551615"), "-1");
    EXPECT_EQ(round_trip(i64, "-9223372036854775808"), "-9223372036854775808");
    for (const char* bad : {"", "4294967296", "-2147483649", "1.0", "x", "0x", "--1", "1 "})
        EXPECT_EQ(round_trip(i32, bad), "error") << bad;
}

TEST(cli_value_text, floats_as_short_as_they_can_be)
{
    EXPECT_EQ(round_trip(f32, "0.1"), "0.1");
    EXPECT_EQ(round_trip(f64, "-0"), "-0");
    EXPECT_EQ(round_trip(f64, "1e300"), "1e+300");
    EXPECT_EQ(round_trip(f64, "inf"), "inf");
    EXPECT_EQ(round_trip(f64, "nan"), "nan");
    EXPECT_EQ(round_trip(f64, "1,5"), "error");
    EXPECT_EQ(round_trip(f64, ""), "error");
}

TEST(cli_value_text, vectors_are_hexadecimal)
{
    EXPECT_EQ(round_trip(v128, "0x10000000000000002"), "0x00000000000000010000000000000002");
    EXPECT_EQ(round_trip(v128, "0xff"), "0x000000000000000000000000000000ff");
    EXPECT_EQ(round_trip(v128, "0x100000000000000000000000000000000"), "error");
    EXPECT_EQ(round_trip(v128, "12"), "error");
}

TEST(cli_value_text, references_are_null_or_nothing)
{
    EXPECT_EQ(round_trip(funcref, "null"), "null");
    EXPECT_EQ(round_trip(externref, "1"), "error");
    EXPECT_EQ(round_trip(ValType::ref(HeapType::func), "null"), "error");
}

TEST(cli_value_text, function_types)
{
    EXPECT_EQ(show_type(FuncType{{i32, funcref}, {i64}}), "(i32, funcref) -> i64");
    EXPECT_EQ(show_type(FuncType{{}, {}}), "() -> ()");
    EXPECT_EQ(show_type(FuncType{{}, {i32, f32}}), "() -> (i32, f32)");
}

} // namespace
} // namespace trellis::cli
