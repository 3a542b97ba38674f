#include "wasm/execution/numeric.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

// Every kind of vector instruction against a plain loop over lanes, on edges and random bits.

namespace trellis::wasm::numeric {
namespace {

using detail::view;

template <typename Lane>
using LanesOf = Lane __attribute__((vector_size(16)));
template <typename Lane>
constexpr int count_of = 16 / sizeof(Lane);

template <typename Lane>
std::vector<Lane> edges()
{
    using Limits = std::numeric_limits<Lane>;
    if constexpr (std::is_floating_point_v<Lane>) {
        std::vector<Lane> both;
        for (const Lane positive :
             {Lane(0), Limits::denorm_min(), Limits::min(), Lane(0.5), Lane(1), Lane(1.5), Lane(2.5), Lane(0x1p31),
              Lane(0x1p32), Lane(0x1.fffffep30), Lane(0x1.fffffep31), Lane(4294967295.0), Lane(2147483647.5),
              Lane(2147483649.0), Limits::max(), Limits::infinity(), Limits::quiet_NaN()})
            both.insert(both.end(), {positive, -positive});
        return both;
    } else {
        return {Lane(0),
                Lane(1),
                Lane(2),
                Lane(-1),
                Lane(-2),
                Limits::min(),
                Limits::max(),
                Lane(Limits::max() / 2 + 1),
                Lane(Limits::max() - 1)};
    }
}

/// Vectors of edges and random lanes: enough that every pair of edges meets in some lane.
template <typename Lane>
std::vector<Vector> interesting_vectors()
{
    const std::vector<Lane> values = edges<Lane>();
    std::mt19937_64 random(1);
    std::vector<Vector> vectors;
    for (std::size_t rotation = 0; rotation < 3 * values.size(); ++rotation) {
        LanesOf<Lane> lanes;
        for (int i = 0; i < count_of<Lane>; ++i) {
            lanes[i] = values[(static_cast<std::size_t>(i) * (rotation % 3 + 1) + rotation) % values.size()];
            if (!std::is_floating_point_v<Lane> && random() % 4 == 0)
                lanes[i] = static_cast<Lane>(random());
        }
        vectors.push_back(view<Vector>(lanes));
    }
    return vectors;
}

template <typename Lane>
bool same(Lane a, Lane b)
{
    if constexpr (std::is_floating_point_v<Lane>)
        return (a != a && b != b) || detail::to_bits(a) == detail::to_bits(b);
    else
        return a == b;
}

/// Expects `actual` to hold expected(i) in lane i.
template <typename Lane>
void expect_lanes(const char* name, Vector actual, auto expected)
{
    for (int i = 0; i < count_of<Lane>; ++i) {
        const Lane want = static_cast<Lane>(expected(i));
        const Lane got = view<LanesOf<Lane>>(actual)[i];
        ASSERT_TRUE(same(want, got)) << name << " lane " << i << ": " << +got << ", not " << +want;
    }
}

/// That lane i of function(a, b) is scalar(lane i of a, lane i of b).
template <typename Lane, typename Result = Lane>
void expect_lanewise(const char* name, Vector (*function)(Vector, Vector), auto scalar)
{
    for (const Vector a : interesting_vectors<Lane>())
        for (const Vector b : interesting_vectors<Lane>())
            expect_lanes<Result>(name, function(a, b),
                                 [&](int i) { return scalar(view<LanesOf<Lane>>(a)[i], view<LanesOf<Lane>>(b)[i]); });
}

template <typename Lane, typename Result = Lane>
void expect_lanewise(const char* name, Vector (*function)(Vector), auto scalar)
{
    for (const Vector a : interesting_vectors<Lane>())
        expect_lanes<Result>(name, function(a), [&](int i) { return scalar(view<LanesOf<Lane>>(a)[i]); });
}

#define EXPECT_LANEWISE(name, lane, ...) expect_lanewise<lane>(#name, name, __VA_ARGS__)

template <typename Narrow>
Narrow saturate(std::int64_t value)
{
    using Limits = std::numeric_limits<Narrow>;
    return static_cast<Narrow>(std::clamp<std::int64_t>(value, Limits::min(), Limits::max()));
}

constexpr auto less = [](auto a, auto b) { return a < b ? -1 : 0; };
constexpr auto not_greater = [](auto a, auto b) { return a <= b ? -1 : 0; };
constexpr auto smaller = [](auto a, auto b) { return std::min(a, b); };
constexpr auto greater = [](auto a, auto b) { return std::max(a, b); };
constexpr auto average = [](auto a, auto b) { return (a + b + 1) / 2; };
constexpr auto magnitude = [](auto a) { return a < 0 ? 0 - static_cast<u64>(a) : static_cast<u64>(a); };

TEST(wasm_numeric_vector, comparisons_know_the_sign)
{
    EXPECT_LANEWISE(i8x16_lt_s, s8, less);
    EXPECT_LANEWISE(i8x16_lt_u, u8, less);
    EXPECT_LANEWISE(i16x8_le_s, s16, not_greater);
    EXPECT_LANEWISE(i16x8_le_u, u16, not_greater);
    EXPECT_LANEWISE(i32x4_lt_s, s32, less);
    EXPECT_LANEWISE(i32x4_le_u, u32, not_greater);
    EXPECT_LANEWISE(i64x2_lt_s, s64, less);
    EXPECT_LANEWISE(i64x2_le_s, s64, not_greater);
}

TEST(wasm_numeric_vector, float_comparisons_with_nan_are_false)
{
    const auto mask = [](bool holds) { return holds ? -1 : 0; };
    expect_lanewise<f32, s32>("f32x4_le", f32x4_le, [&](f32 a, f32 b) { return mask(a <= b); });
    expect_lanewise<f32, s32>("f32x4_ne", f32x4_ne, [&](f32 a, f32 b) { return mask(a != b); });
    expect_lanewise<f64, s64>("f64x2_gt", f64x2_gt, [&](f64 a, f64 b) { return mask(a > b); });
}

TEST(wasm_numeric_vector, integer_arithmetic)
{
    EXPECT_LANEWISE(i8x16_add, u8, [](auto a, auto b) { return a + b; });
    EXPECT_LANEWISE(i16x8_mul, u16, [](u32 a, u32 b) { return a * b; });
    EXPECT_LANEWISE(i64x2_mul, u64, [](auto a, auto b) { return a * b; });
    EXPECT_LANEWISE(i8x16_add_sat_s, s8, [](int a, int b) { return saturate<s8>(a + b); });
    EXPECT_LANEWISE(i8x16_sub_sat_u, u8, [](int a, int b) { return saturate<u8>(a - b); });
    EXPECT_LANEWISE(i16x8_sub_sat_s, s16, [](int a, int b) { return saturate<s16>(a - b); });
    EXPECT_LANEWISE(i16x8_add_sat_u, u16, [](int a, int b) { return saturate<u16>(a + b); });
    EXPECT_LANEWISE(i8x16_min_s, s8, smaller);
    EXPECT_LANEWISE(i8x16_max_u, u8, greater);
    EXPECT_LANEWISE(i32x4_min_u, u32, smaller);
    EXPECT_LANEWISE(i32x4_max_s, s32, greater);
    EXPECT_LANEWISE(i8x16_avgr_u, u8, average);
    EXPECT_LANEWISE(i16x8_avgr_u, u16, average);
    EXPECT_LANEWISE(i8x16_abs, s8, magnitude);
    EXPECT_LANEWISE(i64x2_abs, s64, magnitude);
    EXPECT_LANEWISE(i32x4_neg, u32, [](u32 a) { return 0 - a; });
    EXPECT_LANEWISE(i8x16_popcnt, u8, [](u8 a) { return std::popcount(a); });
    const auto q15 = [](int a, int b) { return saturate<s16>((a * b + (1 << 14)) >> 15); };
    EXPECT_LANEWISE(i16x8_q15mulr_sat_s, s16, q15);
    EXPECT_LANEWISE(i16x8_relaxed_q15mulr_s, s16, q15);
}

template <typename Lane>
void expect_shifts(const char* name, Vector (*shift)(Vector, u32), auto scalar)
{
    for (const Vector a : interesting_vectors<Lane>())
        for (u32 count = 0; count < 140; ++count)
            expect_lanes<Lane>(name, shift(a, count),
                               [&](int i) { return scalar(view<LanesOf<Lane>>(a)[i], count % (8 * sizeof(Lane))); });
}

TEST(wasm_numeric_vector, shifts_take_the_count_modulo_the_lane_width)
{
    const auto left = [](auto a, u32 n) { return static_cast<u64>(a) << n; };
    const auto right = [](auto a, u32 n) { return a >> n; };
    expect_shifts<u8>("i8x16.shl", i8x16_shl, left);
    expect_shifts<s8>("i8x16.shr_s", i8x16_shr_s, right);
    expect_shifts<u8>("i8x16.shr_u", i8x16_shr_u, right);
    expect_shifts<s16>("i16x8.shr_s", i16x8_shr_s, right);
    expect_shifts<u32>("i32x4.shl", i32x4_shl, left);
    expect_shifts<s64>("i64x2.shr_s", i64x2_shr_s, right);
    expect_shifts<u64>("i64x2.shr_u", i64x2_shr_u, right);
}

template <typename Wide, typename Narrow, int from>
void expect_widening(Vector (*extend)(Vector), Vector (*multiply)(Vector, Vector))
{
    const auto lane = [](Vector v, int i) { return static_cast<Wide>(view<LanesOf<Narrow>>(v)[i + from]); };
    for (const Vector a : interesting_vectors<Narrow>()) {
        expect_lanes<Wide>("extend", extend(a), [&](int i) { return lane(a, i); });
        for (const Vector b : interesting_vectors<Narrow>())
            expect_lanes<Wide>("extmul", multiply(a, b),
                               [&](int i) { return static_cast<u64>(lane(a, i)) * static_cast<u64>(lane(b, i)); });
    }
}

TEST(wasm_numeric_vector, widening)
{
    expect_widening<s16, s8, 0>(i16x8_extend_low_i8x16_s, i16x8_extmul_low_i8x16_s);
    expect_widening<s16, s8, 8>(i16x8_extend_high_i8x16_s, i16x8_extmul_high_i8x16_s);
    expect_widening<u16, u8, 8>(i16x8_extend_high_i8x16_u, i16x8_extmul_high_i8x16_u);
    expect_widening<s32, s16, 4>(i32x4_extend_high_i16x8_s, i32x4_extmul_high_i16x8_s);
    expect_widening<u32, u16, 0>(i32x4_extend_low_i16x8_u, i32x4_extmul_low_i16x8_u);
    expect_widening<s64, s32, 2>(i64x2_extend_high_i32x4_s, i64x2_extmul_high_i32x4_s);
    expect_widening<u64, u32, 0>(i64x2_extend_low_i32x4_u, i64x2_extmul_low_i32x4_u);
}

template <typename Wide, typename Narrow>
void expect_pairwise_sums(Vector (*function)(Vector))
{
    for (const Vector a : interesting_vectors<Narrow>()) {
        const auto lanes = view<LanesOf<Narrow>>(a);
        expect_lanes<Wide>("extadd_pairwise", function(a), [&](int i) { return lanes[2 * i] + lanes[2 * i + 1]; });
    }
}

template <typename Wide, typename Narrow>
void expect_narrowing(Vector (*function)(Vector, Vector))
{
    for (const Vector a : interesting_vectors<Wide>())
        for (const Vector b : interesting_vectors<Wide>())
            expect_lanes<Narrow>("narrow", function(a, b), [&](int i) {
                return saturate<Narrow>(view<LanesOf<Wide>>(i < count_of<Wide> ? a : b)[i % count_of<Wide>]);
            });
}

TEST(wasm_numeric_vector, pairwise_sums_and_narrowing)
{
    expect_pairwise_sums<s16, s8>(i16x8_extadd_pairwise_i8x16_s);
    expect_pairwise_sums<u16, u8>(i16x8_extadd_pairwise_i8x16_u);
    expect_pairwise_sums<s32, s16>(i32x4_extadd_pairwise_i16x8_s);
    expect_pairwise_sums<u32, u16>(i32x4_extadd_pairwise_i16x8_u);
    expect_narrowing<s16, s8>(i8x16_narrow_i16x8_s);
    expect_narrowing<s16, u8>(i8x16_narrow_i16x8_u);
    expect_narrowing<s32, s16>(i16x8_narrow_i32x4_s);
    expect_narrowing<s32, u16>(i16x8_narrow_i32x4_u);
}

TEST(wasm_numeric_vector, dot_products)
{
    for (const Vector a : interesting_vectors<s16>())
        for (const Vector b : interesting_vectors<s16>())
            expect_lanes<s32>("dot", i32x4_dot_i16x8_s(a, b), [&](int i) {
                const auto product = [&](int j) { return s64(view<s16x8>(a)[j]) * view<s16x8>(b)[j]; };
                return product(2 * i) + product(2 * i + 1); // four times -32768 wraps
            });
    EXPECT_EQ(i32x4_extract_lane(i32x4_dot_i16x8_s(i16x8_splat(0x8000), i16x8_splat(0x8000)), 0), 0x80000000);
}

TEST(wasm_numeric_vector, relaxed_dot_products_are_signed_and_saturate)
{
    for (const Vector a : interesting_vectors<s8>())
        for (const Vector b : interesting_vectors<s8>()) {
            const auto dot = [&](int i) {
                const auto product = [&](int j) { return view<s8x16>(a)[j] * view<s8x16>(b)[j]; };
                return saturate<s16>(product(2 * i) + product(2 * i + 1));
            };
            expect_lanes<s16>("relaxed_dot", i16x8_relaxed_dot_i8x16_i7x16_s(a, b), dot);
            expect_lanes<u32>("relaxed_dot_add", i32x4_relaxed_dot_i8x16_i7x16_add_s(a, b, a),
                              [&](int i) { return static_cast<u32>(dot(2 * i) + dot(2 * i + 1)) + view<u32x4>(a)[i]; });
        }
}

TEST(wasm_numeric_vector, float_arithmetic_is_the_scalar_one)
{
    EXPECT_LANEWISE(f32x4_min, f32, f32_min);
    EXPECT_LANEWISE(f32x4_max, f32, f32_max);
    EXPECT_LANEWISE(f64x2_min, f64, f64_min);
    EXPECT_LANEWISE(f64x2_max, f64, f64_max);
    EXPECT_LANEWISE(f32x4_relaxed_min, f32, f32_min);
    EXPECT_LANEWISE(f64x2_relaxed_max, f64, f64_max);
    EXPECT_LANEWISE(f32x4_pmin, f32, [](f32 a, f32 b) { return b < a ? b : a; });
    EXPECT_LANEWISE(f64x2_pmax, f64, [](f64 a, f64 b) { return a < b ? b : a; });
    EXPECT_LANEWISE(f32x4_div, f32, f32_div);
    EXPECT_LANEWISE(f32x4_abs, f32, f32_abs);
    EXPECT_LANEWISE(f64x2_neg, f64, f64_neg);
    EXPECT_LANEWISE(f32x4_nearest, f32, f32_nearest);
    EXPECT_LANEWISE(f64x2_ceil, f64, f64_ceil);
    EXPECT_LANEWISE(f64x2_sqrt, f64, f64_sqrt);
}

TEST(wasm_numeric_vector, relaxed_multiply_add_rounds_twice)
{
    const f64 a = 1 + 0x1p-30; // its square needs 61 bits
    const Vector as = f64x2_splat(a);
    const Vector minus = f64x2_splat(-(a * a));
    EXPECT_EQ(f64x2_extract_lane(f64x2_relaxed_madd(as, as, minus), 1), 0);
    EXPECT_EQ(f64x2_extract_lane(f64x2_relaxed_nmadd(as, as, f64x2_neg(minus)), 0), 0);
    const f32 b = 1 + 0x1p-15F;
    const Vector bs = f32x4_splat(b);
    EXPECT_EQ(f32x4_extract_lane(f32x4_relaxed_madd(bs, bs, f32x4_splat(-(b * b))), 3), 0);
}

TEST(wasm_numeric_vector, truncation_saturates)
{
    expect_lanewise<f32, u32>("trunc_sat_f32x4_s", i32x4_trunc_sat_f32x4_s, i32_trunc_sat_f32_s);
    expect_lanewise<f32, u32>("trunc_sat_f32x4_u", i32x4_trunc_sat_f32x4_u, i32_trunc_sat_f32_u);
    for (const Vector a : interesting_vectors<f64>()) {
        const auto lane = [&](int i) { return view<f64x2>(a)[i]; };
        expect_lanes<u32>("trunc_sat_f64x2_s", i32x4_trunc_sat_f64x2_s_zero(a),
                          [&](int i) { return i < 2 ? i32_trunc_sat_f64_s(lane(i)) : 0; });
        expect_lanes<u32>("trunc_sat_f64x2_u", i32x4_relaxed_trunc_f64x2_u_zero(a),
                          [&](int i) { return i < 2 ? i32_trunc_sat_f64_u(lane(i)) : 0; });
    }
}

TEST(wasm_numeric_vector, conversion)
{
    for (const Vector a : interesting_vectors<u32>()) {
        const auto lane = [&](int i) { return view<u32x4>(a)[i]; };
        expect_lanes<f32>("convert_s", f32x4_convert_i32x4_s(a), [&](int i) { return f32_convert_i32_s(lane(i)); });
        expect_lanes<f32>("convert_u", f32x4_convert_i32x4_u(a), [&](int i) { return f32_convert_i32_u(lane(i)); });
        expect_lanes<f64>("low_s", f64x2_convert_low_i32x4_s(a), [&](int i) { return f64_convert_i32_s(lane(i)); });
        expect_lanes<f64>("low_u", f64x2_convert_low_i32x4_u(a), [&](int i) { return f64_convert_i32_u(lane(i)); });
    }
    for (const Vector a : interesting_vectors<f64>())
        expect_lanes<f32>("demote", f32x4_demote_f64x2_zero(a),
                          [&](int i) { return i < 2 ? f32_demote_f64(view<f64x2>(a)[i]) : 0; });
    for (const Vector a : interesting_vectors<f32>())
        expect_lanes<f64>("promote", f64x2_promote_low_f32x4(a), [&](int i) { return f64(view<f32x4>(a)[i]); });
}

TEST(wasm_numeric_vector, tests_of_all_lanes)
{
    for (u32 lane = 0; lane < 16; ++lane) {
        const Vector one = i8x16_replace_lane(i8x16_splat(0), 0x80, u8(lane));
        EXPECT_EQ(i8x16_bitmask(one), 1u << lane);
        EXPECT_EQ(i16x8_bitmask(one), lane % 2 == 1 ? 1u << lane / 2 : 0);
        EXPECT_EQ(i32x4_bitmask(one), lane % 4 == 3 ? 1u << lane / 4 : 0);
        EXPECT_EQ(i64x2_bitmask(one), lane % 8 == 7 ? 1u << lane / 8 : 0);
        EXPECT_EQ(v128_any_true(one), 1u);
        const Vector hole = i8x16_replace_lane(i8x16_splat(5), 0, u8(lane));
        EXPECT_EQ(i8x16_all_true(hole), 0u);
        EXPECT_EQ(i16x8_all_true(hole), 1u);
        EXPECT_EQ(i64x2_all_true(i64x2_replace_lane(hole, 0, u8(lane / 8))), 0u);
    }
    EXPECT_EQ(v128_any_true(i8x16_splat(0)), 0u);
    EXPECT_EQ(i8x16_all_true(i8x16_splat(1)), 1u);
    EXPECT_EQ(i64x2_bitmask(i8x16_splat(0xff)), 3u);
    EXPECT_EQ(i32x4_bitmask(i8x16_splat(0xff)), 15u);
}

TEST(wasm_numeric_vector, lanes_move_as_bits)
{
    const f32 signalling = f32_reinterpret_i32(0x7fa12345);
    const Vector splat = f32x4_splat(signalling);
    EXPECT_EQ(i32x4_extract_lane(splat, 3), 0x7fa12345u);
    EXPECT_EQ(i32x4_extract_lane(f32x4_splat(-0.0F), 0), 0x80000000);
    EXPECT_EQ(i32_reinterpret_f32(f32x4_extract_lane(splat, 2)), 0x7fa12345u);
    const Vector replaced = f64x2_replace_lane(splat, f64_reinterpret_i64(0x7ff4'0000'0000'0001), 1);
    EXPECT_EQ(i64x2_extract_lane(replaced, 1), 0x7ff4'0000'0000'0001u);
    EXPECT_EQ(i64x2_extract_lane(replaced, 0), 0x7fa12345'7fa12345u);
    EXPECT_EQ(i8x16_extract_lane_s(i8x16_splat(0x180), 7), 0xffffff80);
    EXPECT_EQ(i16x8_extract_lane_u(i16x8_splat(0x18000), 7), 0x8000u);
}

TEST(wasm_numeric_vector, shuffle_and_swizzle)
{
    std::mt19937 random(2);
    for (int round = 0; round < 100; ++round) {
        Vector a;
        Vector b;
        Vector indices;
        std::array<u8, 16> lanes{};
        for (int i = 0; i < 16; ++i) {
            a[i] = u8(i + 1);
            b[i] = u8(i + 101);
            lanes[static_cast<std::size_t>(i)] = u8(random() % 32);
            indices[i] = u8(random() % 2 == 0 ? random() % 20 : random());
        }
        expect_lanes<u8>("shuffle", i8x16_shuffle(a, b, lanes.data()), [&](int i) {
            const u8 from = lanes[static_cast<std::size_t>(i)];
            return from < 16 ? a[from] : b[from - 16];
        });
        const auto expected = [&](int i) { return indices[i] < 16 ? a[indices[i]] : 0; };
        expect_lanes<u8>("swizzle", i8x16_swizzle(a, indices), expected);
        expect_lanes<u8>("relaxed_swizzle", i8x16_relaxed_swizzle(a, indices), expected);
    }
}

TEST(wasm_numeric_vector, bit_operations)
{
    const Vector a = i32x4_splat(0b1100);
    const Vector b = i32x4_splat(0b1010);
    EXPECT_EQ(i32x4_extract_lane(v128_andnot(a, b), 0), 0b0100u);
    EXPECT_EQ(i32x4_extract_lane(v128_bitselect(a, b, i32x4_splat(0b0110)), 1), 0b1100u);
    EXPECT_EQ(i32x4_extract_lane(i32x4_relaxed_laneselect(a, b, i32x4_splat(0b0110)), 1), 0b1100u);
    EXPECT_EQ(i32x4_extract_lane(v128_not(a), 2), ~0b1100u);
}

TEST(wasm_numeric_vector, loads)
{
    constexpr u64 raw = 0x80ff'7f00'8001'0203;
    EXPECT_EQ(i16x8_extract_lane_u(v128_load8x8_s(raw), 7), 0xff80u);
    EXPECT_EQ(i16x8_extract_lane_u(v128_load8x8_u(raw), 6), 0xffu);
    EXPECT_EQ(i32x4_extract_lane(v128_load16x4_s(raw), 1), 0xffff8001u);
    EXPECT_EQ(i64x2_extract_lane(v128_load32x2_s(raw), 1), 0xffffffff'80ff7f00u);
    EXPECT_EQ(i64x2_extract_lane(v128_load32x2_u(raw), 0), 0x80010203u);
    EXPECT_EQ(i64x2_extract_lane(v128_load16_splat(0xabcd), 1), 0xabcdabcd'abcdabcdu);
    EXPECT_EQ(i64x2_extract_lane(v128_load32_zero(0xffffffff), 0), 0xffffffffu);
    EXPECT_EQ(i64x2_extract_lane(v128_load64_zero(raw), 0), raw);
    EXPECT_EQ(i64x2_extract_lane(v128_load64_zero(raw), 1), 0u);
}

} // namespace
} // namespace trellis::wasm::numeric
