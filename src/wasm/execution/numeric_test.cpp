#include "wasm/execution/numeric.hpp"

#include <gtest/gtest.h>

// The official suite checks these functions through every tier; here are the edges that their code has cases for.

namespace trellis::wasm::numeric {
namespace {

constexpr f64 infinity = std::numeric_limits<f64>::infinity();

TEST(wasm_numeric, division_traps)
{
    u32 r = 0;
    EXPECT_EQ(i32_div_s(1, 0, r), Trap::integer_divide_by_zero);
    EXPECT_EQ(i32_div_u(1, 0, r), Trap::integer_divide_by_zero);
    EXPECT_EQ(i32_rem_s(1, 0, r), Trap::integer_divide_by_zero);
    EXPECT_EQ(i32_rem_u(1, 0, r), Trap::integer_divide_by_zero);
    EXPECT_EQ(i32_div_s(0x80000000, u32(-1), r), Trap::integer_overflow);
    u64 l = 0;
    EXPECT_EQ(i64_div_s(1, 0, l), Trap::integer_divide_by_zero);
    EXPECT_EQ(i64_div_s(u64(1) << 63, u64(-1), l), Trap::integer_overflow);
}

TEST(wasm_numeric, signed_division_rounds_to_zero)
{
    u32 r = 1;
    EXPECT_EQ(i32_div_s(u32(-7), 2, r), Trap::none);
    EXPECT_EQ(r, u32(-3));
    EXPECT_EQ(i32_rem_s(u32(-7), 2, r), Trap::none);
    EXPECT_EQ(r, u32(-1));
    EXPECT_EQ(i32_div_s(7, u32(-1), r), Trap::none);
    EXPECT_EQ(r, u32(-7));
    EXPECT_EQ(i32_rem_s(0x80000000, u32(-1), r), Trap::none);
    EXPECT_EQ(r, 0u);
    EXPECT_EQ(i32_div_u(0x80000000, u32(-1), r), Trap::none);
    EXPECT_EQ(r, 0u);
    u64 l = 1;
    EXPECT_EQ(i64_rem_s(u64(1) << 63, u64(-1), l), Trap::none);
    EXPECT_EQ(l, 0u);
}

TEST(wasm_numeric, shifts_take_the_count_modulo_the_width)
{
    EXPECT_EQ(i32_shl(1, 33), 2u);
    EXPECT_EQ(i32_shr_s(0x80000000, 63), u32(-1));
    EXPECT_EQ(i32_shr_u(0x80000000, 63), 1u);
    EXPECT_EQ(i64_shl(1, 65), 2u);
    EXPECT_EQ(i32_rotl(0x80000001, 33), 3u);
    EXPECT_EQ(i64_rotr(1, u64(1) << 40 | 1), u64(1) << 63);
}

TEST(wasm_numeric, counting_zeros_of_zero)
{
    EXPECT_EQ(i32_clz(0), 32u);
    EXPECT_EQ(i32_ctz(0), 32u);
    EXPECT_EQ(i64_clz(0), 64u);
    EXPECT_EQ(i64_ctz(0), 64u);
}

TEST(wasm_numeric, extension_takes_the_low_bits)
{
    EXPECT_EQ(i32_extend8_s(0x12345680), 0xffffff80);
    EXPECT_EQ(i64_extend16_s(0xabcd'7fff), 0x7fffu);
    EXPECT_EQ(i64_extend32_s(0x80000000), 0xffffffff80000000);
    EXPECT_EQ(i64_extend_i32_s(0x80000000), 0xffffffff80000000);
    EXPECT_EQ(i64_extend_i32_u(0x80000000), 0x80000000u);
}

TEST(wasm_numeric, wide_arithmetic_carries)
{
    u64 lo = 0;
    u64 hi = 0;
    i64_add128(u64(-1), 1, 1, 2, lo, hi);
    EXPECT_EQ(lo, 0u);
    EXPECT_EQ(hi, 4u);
    i64_sub128(0, 4, 1, 2, lo, hi);
    EXPECT_EQ(lo, u64(-1));
    EXPECT_EQ(hi, 1u);
    i64_mul_wide_s(u64(-1), 2, lo, hi);
    EXPECT_EQ(lo, u64(-2));
    EXPECT_EQ(hi, u64(-1));
    i64_mul_wide_u(u64(-1), 2, lo, hi);
    EXPECT_EQ(lo, u64(-2));
    EXPECT_EQ(hi, 1u);
}

TEST(wasm_numeric, sign_operations_keep_the_payload_of_a_signalling_nan)
{
    const f32 signalling = f32_reinterpret_i32(0x7fa12345);
    EXPECT_EQ(i32_reinterpret_f32(f32_neg(signalling)), 0xffa12345);
    EXPECT_EQ(i32_reinterpret_f32(f32_abs(f32_neg(signalling))), 0x7fa12345u);
    EXPECT_EQ(i32_reinterpret_f32(f32_copysign(signalling, -0.0F)), 0xffa12345);
    const f64 wide = f64_reinterpret_i64(0x7ff4'0000'0000'0001);
    EXPECT_EQ(i64_reinterpret_f64(f64_neg(wide)), 0xfff4'0000'0000'0001);
}

TEST(wasm_numeric, arithmetic_makes_a_nan_quiet)
{
    volatile u32 bits = 0x7fa12345; // hidden from the optimiser, which may keep a constant NaN signalling
    const f32 signalling = f32_reinterpret_i32(bits);
    for (const f32 nan : {f32_add(signalling, 1), f32_min(1, signalling), f32_max(signalling, 1), f32_ceil(signalling),
                          f32_nearest(signalling), f32_sqrt(signalling)}) {
        EXPECT_TRUE(f32_ne(nan, nan));
        EXPECT_TRUE(i32_reinterpret_f32(nan) & 0x00400000);
    }
    EXPECT_TRUE(i64_reinterpret_f64(f64_promote_f32(signalling)) & 0x0008'0000'0000'0000);
}

TEST(wasm_numeric, min_and_max_know_negative_zero)
{
    EXPECT_EQ(i32_reinterpret_f32(f32_min(0.0F, -0.0F)), 0x80000000);
    EXPECT_EQ(i32_reinterpret_f32(f32_min(-0.0F, 0.0F)), 0x80000000);
    EXPECT_EQ(i32_reinterpret_f32(f32_max(0.0F, -0.0F)), 0u);
    EXPECT_EQ(i64_reinterpret_f64(f64_max(-0.0, 0.0)), 0u);
    EXPECT_EQ(f64_min(-infinity, 3), -infinity);
    EXPECT_EQ(f64_max(2, 3), 3);
}

TEST(wasm_numeric, nearest_rounds_ties_to_even)
{
    EXPECT_EQ(f64_nearest(2.5), 2);
    EXPECT_EQ(f64_nearest(3.5), 4);
    EXPECT_EQ(i64_reinterpret_f64(f64_nearest(-0.5)), u64(1) << 63);
    EXPECT_EQ(i64_reinterpret_f64(f64_ceil(-0.5)), u64(1) << 63);
    EXPECT_EQ(i64_reinterpret_f64(f64_trunc(-0.5)), u64(1) << 63);
    EXPECT_EQ(f32_nearest(8388609.0F), 8388609.0F);
}

/// That truncation gives exactly what fits: `first` and `last` do, `below` and `above` are their neighbours outside.
template <typename Integer, typename Result, typename Float>
void expect_range(Trap (*truncate)(Float, Result&), Result (*saturate)(Float), Float below, Float first, Float last,
                  Float above)
{
    Result r = 0;
    for (const Float fits : {first, last}) {
        EXPECT_EQ(truncate(fits, r), Trap::none) << fits;
        EXPECT_EQ(r, static_cast<Result>(static_cast<Integer>(fits))) << fits;
        EXPECT_EQ(saturate(fits), r) << fits;
    }
    EXPECT_EQ(truncate(below, r), Trap::integer_overflow) << below;
    EXPECT_EQ(truncate(above, r), Trap::integer_overflow) << above;
    EXPECT_EQ(truncate(std::numeric_limits<Float>::quiet_NaN(), r), Trap::invalid_conversion_to_integer);
    EXPECT_EQ(saturate(below), static_cast<Result>(std::numeric_limits<Integer>::min()));
    EXPECT_EQ(saturate(above), static_cast<Result>(std::numeric_limits<Integer>::max()));
    EXPECT_EQ(saturate(-std::numeric_limits<Float>::infinity()), saturate(below));
    EXPECT_EQ(saturate(std::numeric_limits<Float>::infinity()), saturate(above));
    EXPECT_EQ(saturate(std::numeric_limits<Float>::quiet_NaN()), 0u);
}

TEST(wasm_numeric, truncation_ranges)
{
    expect_range<s32>(i32_trunc_f32_s, i32_trunc_sat_f32_s, -0x1.000002p31F, -0x1p31F, 0x1.fffffep30F, 0x1p31F);
    expect_range<u32>(i32_trunc_f32_u, i32_trunc_sat_f32_u, -1.0F, -0.99F, 0x1.fffffep31F, 0x1p32F);
    expect_range<s32>(i32_trunc_f64_s, i32_trunc_sat_f64_s, -2147483649.0, -2147483648.9, 2147483647.9, 2147483648.0);
    expect_range<u32>(i32_trunc_f64_u, i32_trunc_sat_f64_u, -1.0, -0.99, 4294967295.9, 4294967296.0);
    expect_range<s64>(i64_trunc_f32_s, i64_trunc_sat_f32_s, -0x1.000002p63F, -0x1p63F, 0x1.fffffep62F, 0x1p63F);
    expect_range<u64>(i64_trunc_f32_u, i64_trunc_sat_f32_u, -1.0F, -0.99F, 0x1.fffffep63F, 0x1p64F);
    expect_range<s64>(i64_trunc_f64_s, i64_trunc_sat_f64_s, -0x1.0000000000001p63, -0x1p63, 0x1.fffffffffffffp62,
                      0x1p63);
    expect_range<u64>(i64_trunc_f64_u, i64_trunc_sat_f64_u, -1.0, -0.99, 0x1.fffffffffffffp63, 0x1p64);
}

TEST(wasm_numeric, conversion_rounds_once)
{
    EXPECT_EQ(f32_convert_i64_u(u64(-1)), 0x1p64F);
    EXPECT_EQ(f32_convert_i64_u(0x8000'0080'0000'0001), 0x1.000002p63F); // through f64 it would be a tie
    EXPECT_EQ(f32_convert_i64_s(0x4000'0040'0000'0001), 0x1.000002p62F);
    EXPECT_EQ(f64_convert_i64_u(u64(1) << 63), 0x1p63);
    EXPECT_EQ(f64_convert_i32_u(0x80000000), 0x1p31);
    EXPECT_EQ(f32_convert_i32_s(0x80000000), -0x1p31F);
}

} // namespace
} // namespace trellis::wasm::numeric
