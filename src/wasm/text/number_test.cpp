#include "wasm/text/number.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

namespace trellis::wasm {

namespace {

std::optional<std::uint32_t> bits(float value)
{
    return std::bit_cast<std::uint32_t>(value);
}

std::optional<std::uint64_t> bits(double value)
{
    return std::bit_cast<std::uint64_t>(value);
}

} // namespace

TEST(text_number, integers_are_signed_or_unsigned)
{
    EXPECT_EQ(parse_integer("4294967295", 32), 0xffffffffu);
    EXPECT_EQ(parse_integer("-2147483648", 32), 0x80000000u);
    EXPECT_EQ(parse_integer("-0x8000_0000", 32), 0x80000000u);
    EXPECT_EQ(parse_integer("+0xff", 8), 0xffu);
    EXPECT_EQ(parse_integer("-1", 64), ~std::uint64_t{0});
    EXPECT_EQ(parse_integer("4294967296", 32), std::nullopt);
    EXPECT_EQ(parse_integer("-2147483649", 32), std::nullopt);
    EXPECT_EQ(parse_integer("18446744073709551616", 64), std::nullopt);
    EXPECT_EQ(parse_integer("1.5", 32), std::nullopt);
}

TEST(text_number, decimal_floats_are_rounded_correctly)
{
    EXPECT_EQ(parse_f64("0.1"), bits(0.1));
    EXPECT_EQ(parse_f64("-0"), bits(-0.0));
    EXPECT_EQ(parse_f64("1_0.2_5e+0_1"), bits(102.5));
    EXPECT_EQ(parse_f32("16777217"), bits(16777216.0f));
    EXPECT_EQ(parse_f32("16777219"), bits(16777220.0f));
    EXPECT_EQ(parse_f64("4.9406564584124654e-324"), 1u);
    EXPECT_EQ(parse_f64("2.4703282292062327e-324"), 0u);
    EXPECT_EQ(parse_f64("1e-999999999999999999999999"), 0u);
    EXPECT_EQ(parse_f32("1e-60"), 0u);
    EXPECT_EQ(parse_f64("1.7976931348623157e308"), bits(1.7976931348623157e308));
    EXPECT_EQ(parse_f64("1.8e308"), std::nullopt);
    EXPECT_EQ(parse_f32("3.5e38"), std::nullopt);
    EXPECT_EQ(parse_f64("1e999999999999999999999999"), std::nullopt);
    EXPECT_EQ(parse_f64("0e999999999999999999999999"), 0u);
    EXPECT_EQ(parse_f64("1" + std::string(400, '0') + "e-400"), bits(1.0));
    EXPECT_EQ(parse_f64("0." + std::string(400, '0') + "1e401"), bits(1.0));
}

TEST(text_number, hexadecimal_floats_are_rounded_to_even)
{
    EXPECT_EQ(parse_f32("0x1.8p1"), bits(3.0f));
    EXPECT_EQ(parse_f32("0x1.000001p0"), bits(1.0f));                  // half a step: to even
    EXPECT_EQ(parse_f32("0x1.000003p0"), bits(1.0000002f));            // half a step: to even, up
    EXPECT_EQ(parse_f32("0x1.00000100000000001p0"), bits(1.0000001f)); // a little more than half
    EXPECT_EQ(parse_f32("0x1.fffffep127"), bits(3.4028235e38f));
    EXPECT_EQ(parse_f32("0x1.ffffffp127"), std::nullopt);
    EXPECT_EQ(parse_f32("0x1.fffffefffffff8p127"), bits(3.4028235e38f));
    EXPECT_EQ(parse_f32("0x1p-149"), 1u);
    EXPECT_EQ(parse_f32("0x1p-150"), 0u);
    EXPECT_EQ(parse_f32("0x1.000001p-150"), 1u);
    EXPECT_EQ(parse_f32("0x1.fffffcp-127"), 0x7fffffu);
    EXPECT_EQ(parse_f32("0x1.ffffffp-127"), 0x800000u); // rounds up into the normal numbers
    EXPECT_EQ(parse_f64("0x1p-1074"), 1u);
    EXPECT_EQ(parse_f64("0x1p-1075"), 0u);
    EXPECT_EQ(parse_f64("0x1.fffffffffffff8p1023"), std::nullopt);
    EXPECT_EQ(parse_f64("0x" + std::string(1000, '0') + "1p0"), bits(1.0));
    EXPECT_EQ(parse_f64("0x1" + std::string(1000, '0') + "p-4000"), bits(1.0));
    EXPECT_EQ(parse_f64("0x0." + std::string(1000, '0') + "1p4004"), bits(1.0));
    EXPECT_EQ(parse_f64("0x1p99999999999999999999"), std::nullopt);
    EXPECT_EQ(parse_f64("-0x1p-99999999999999999999"), bits(-0.0));
    EXPECT_EQ(parse_f64("0x0p99999999999999999999"), 0u);
}

TEST(text_number, hexadecimal_floats_agree_with_the_c_library)
{
    std::mt19937_64 random(1);
    for (int i = 0; i < 20'000; ++i) {
        char text[64];
        const auto mantissa = random() >> (random() % 64);
        std::snprintf(text, sizeof text, "0x%llx.%llxp%d", static_cast<unsigned long long>(mantissa),
                      static_cast<unsigned long long>(random() >> (random() % 64)),
                      static_cast<int>(random() % 2300) - 1200);
        const auto expected = std::strtod(text, nullptr);
        EXPECT_EQ(parse_f64(text), std::isinf(expected) ? std::nullopt : bits(expected)) << text;
        const auto expected_f32 = std::strtof(text, nullptr);
        EXPECT_EQ(parse_f32(text), std::isinf(expected_f32) ? std::nullopt : bits(expected_f32)) << text;
    }
}

TEST(text_number, nan_payloads_are_kept)
{
    EXPECT_EQ(parse_f32("nan"), 0x7fc00000u);
    EXPECT_EQ(parse_f32("-nan:0x1"), 0xff800001u);
    EXPECT_EQ(parse_f32("nan:0x0"), std::nullopt);
    EXPECT_EQ(parse_f32("nan:0x80_0000"), std::nullopt);
    EXPECT_EQ(parse_f64("nan:0xf_ffff_ffff_ffff"), 0x7fffffffffffffffu);
    EXPECT_EQ(parse_f32("-inf"), 0xff800000u);
}

TEST(text_number, printed_floats_read_back_bit_by_bit)
{
    std::mt19937_64 random(2);
    for (int i = 0; i < 20'000; ++i) {
        const auto f64_bits = random() ^ (i % 2 == 0 ? 0 : random() << 32);
        const auto f32_bits = static_cast<std::uint32_t>(random());
        EXPECT_EQ(parse_f64(print_f64(f64_bits)), f64_bits) << print_f64(f64_bits);
        EXPECT_EQ(parse_f32(print_f32(f32_bits)), f32_bits) << print_f32(f32_bits);
    }
    for (const std::uint32_t special : {0u, 0x80000000u, 1u, 0x7fffffu, 0x800000u, 0x7f7fffffu, 0x7f800000u,
                                        0xff800000u, 0x7fc00000u, 0xffc00000u, 0x7f800001u, 0xffffffffu})
        EXPECT_EQ(parse_f32(print_f32(special)), special) << print_f32(special);
}

} // namespace trellis::wasm
