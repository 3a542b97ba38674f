// The integer vector instructions. The expressions are chosen so that clang makes the one machine instruction of them
// that most have (narrow: packsswb, avgr_u: pavgb, dot: pmaddwd, ...). Pure functions, for any thread.
// https://webassembly.github.io/spec/core/exec/numerics.html#vector-operations
#pragma once

#include "wasm/execution/numeric_machine.hpp"

namespace trellis::wasm::numeric {

namespace detail {

template <int count>
using Bools = bool __attribute__((ext_vector_type(count)));

/// Bit i: whether lane i is negative.
template <typename Lanes>
TRELLIS_NUMERIC u32 sign_bits(Lanes a)
{
    constexpr int count = sizeof(Lanes) / sizeof(LaneOf<Lanes>);
    using Bits = std::conditional_t<(count > 8), u16, u8>;
    return view<Bits>(__builtin_convertvector(a < 0, Bools<count>)) & ((u32(1) << count) - 1);
}

/// Of each byte, by a table of the counts of its halves.
TRELLIS_NUMERIC u8x16 population_counts(u8x16 a)
{
    constexpr u8x16 counts = {0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4};
    return permute(counts, a & u8(15)) + permute(counts, a >> u8(4));
}

enum class Half : u8 { low, high };

template <Half half>
TRELLIS_NUMERIC auto half_of(auto a)
{
    using Lanes = decltype(a);
    constexpr int from = half == Half::low ? 0 : sizeof(Lanes) / sizeof(LaneOf<Lanes>) / 2;
    if constexpr (sizeof(LaneOf<Lanes>) == 1)
        return __builtin_shufflevector(a, a, from, from + 1, from + 2, from + 3, from + 4, from + 5, from + 6,
                                       from + 7);
    else if constexpr (sizeof(LaneOf<Lanes>) == 2)
        return __builtin_shufflevector(a, a, from, from + 1, from + 2, from + 3);
    else
        return __builtin_shufflevector(a, a, from, from + 1);
}

/// The lanes of one half, each twice as wide. The result of a product is the same for signed and unsigned lanes, so
/// they come unsigned, extended as the lane type says.
template <Half half>
TRELLIS_NUMERIC auto extend(auto a)
{
    using Lane = LaneOf<decltype(a)>;
    if constexpr (std::is_same_v<Lane, s8>)
        return view<u16x8>(__builtin_convertvector(half_of<half>(a), s16x8));
    else if constexpr (std::is_same_v<Lane, u8>)
        return __builtin_convertvector(half_of<half>(a), u16x8);
    else if constexpr (std::is_same_v<Lane, s16>)
        return view<u32x4>(__builtin_convertvector(half_of<half>(a), s32x4));
    else if constexpr (std::is_same_v<Lane, u16>)
        return __builtin_convertvector(half_of<half>(a), u32x4);
    else if constexpr (std::is_same_v<Lane, s32>)
        return view<u64x2>(__builtin_convertvector(half_of<half>(a), s64x2));
    else
        return __builtin_convertvector(half_of<half>(a), u64x2);
}

using s16x16 = s16 __attribute__((vector_size(32)));
using s32x8 = s32 __attribute__((vector_size(32)));

/// The lanes of a and b, saturated to the lanes of Narrow. (Clamped after joining: clang finds packsswb only so.)
template <typename Narrow>
TRELLIS_NUMERIC Narrow narrow(s16x8 a, s16x8 b)
{
    using Limits = std::numeric_limits<LaneOf<Narrow>>;
    const s16x16 both = __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const s16x16 not_below = __builtin_elementwise_max(both, s16x16{} + Limits::min());
    return __builtin_convertvector(__builtin_elementwise_min(not_below, s16x16{} + Limits::max()), Narrow);
}

template <typename Narrow>
TRELLIS_NUMERIC Narrow narrow(s32x4 a, s32x4 b)
{
    using Limits = std::numeric_limits<LaneOf<Narrow>>;
    const s32x8 both = __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7);
    const s32x8 not_below = __builtin_elementwise_max(both, s32x8{} + Limits::min());
    return __builtin_convertvector(__builtin_elementwise_min(not_below, s32x8{} + Limits::max()), Narrow);
}

/// Sums of the products of neighbouring lanes; -32768 * -32768 twice wraps.
TRELLIS_NUMERIC u32x4 dot_product(s16x8 a, s16x8 b)
{
    const auto products = __builtin_convertvector(a, s32x8) * __builtin_convertvector(b, s32x8);
    return view<u32x4>(__builtin_shufflevector(products, products, 0, 2, 4, 6)) +
           view<u32x4>(__builtin_shufflevector(products, products, 1, 3, 5, 7));
}

TRELLIS_NUMERIC s16x8 dot_product_saturating(s8x16 a, s8x16 b)
{
    const auto products = __builtin_convertvector(a, s16x16) * __builtin_convertvector(b, s16x16);
    const s16x8 even = __builtin_shufflevector(products, products, 0, 2, 4, 6, 8, 10, 12, 14);
    const s16x8 odd = __builtin_shufflevector(products, products, 1, 3, 5, 7, 9, 11, 13, 15);
    return __builtin_elementwise_add_sat(even, odd);
}

} // namespace detail

TRELLIS_VECTOR_BINARY(i8x16_eq, u8x16, a == b)
TRELLIS_VECTOR_BINARY(i8x16_ne, u8x16, a != b)
TRELLIS_VECTOR_BINARY(i8x16_lt_s, s8x16, a < b)
TRELLIS_VECTOR_BINARY(i8x16_lt_u, u8x16, a < b)
TRELLIS_VECTOR_BINARY(i8x16_gt_s, s8x16, a > b)
TRELLIS_VECTOR_BINARY(i8x16_gt_u, u8x16, a > b)
TRELLIS_VECTOR_BINARY(i8x16_le_s, s8x16, a <= b)
TRELLIS_VECTOR_BINARY(i8x16_le_u, u8x16, a <= b)
TRELLIS_VECTOR_BINARY(i8x16_ge_s, s8x16, a >= b)
TRELLIS_VECTOR_BINARY(i8x16_ge_u, u8x16, a >= b)
TRELLIS_VECTOR_TEST(i8x16_all_true, s8x16, __builtin_reduce_and(a != 0) != 0)
TRELLIS_VECTOR_TEST(i8x16_bitmask, s8x16, detail::sign_bits(a))

TRELLIS_VECTOR_UNARY(i8x16_abs, s8x16, __builtin_elementwise_abs(a))
TRELLIS_VECTOR_UNARY(i8x16_neg, u8x16, -a)
TRELLIS_VECTOR_BINARY(i8x16_add, u8x16, a + b)
TRELLIS_VECTOR_BINARY(i8x16_sub, u8x16, a - b)
TRELLIS_VECTOR_BINARY(i8x16_add_sat_s, s8x16, __builtin_elementwise_add_sat(a, b))
TRELLIS_VECTOR_BINARY(i8x16_add_sat_u, u8x16, __builtin_elementwise_add_sat(a, b))
TRELLIS_VECTOR_BINARY(i8x16_sub_sat_s, s8x16, __builtin_elementwise_sub_sat(a, b))
TRELLIS_VECTOR_BINARY(i8x16_sub_sat_u, u8x16, __builtin_elementwise_sub_sat(a, b))
TRELLIS_VECTOR_BINARY(i8x16_min_s, s8x16, __builtin_elementwise_min(a, b))
TRELLIS_VECTOR_BINARY(i8x16_min_u, u8x16, __builtin_elementwise_min(a, b))
TRELLIS_VECTOR_BINARY(i8x16_max_s, s8x16, __builtin_elementwise_max(a, b))
TRELLIS_VECTOR_BINARY(i8x16_max_u, u8x16, __builtin_elementwise_max(a, b))
TRELLIS_VECTOR_BINARY(i8x16_avgr_u, u8x16, (a | b) - ((a ^ b) >> 1))
TRELLIS_VECTOR_UNARY(i8x16_popcnt, u8x16, detail::population_counts(a))
TRELLIS_VECTOR_SHIFT(i8x16_shl, u8x16, a << n)
TRELLIS_VECTOR_SHIFT(i8x16_shr_s, s8x16, a >> n)
TRELLIS_VECTOR_SHIFT(i8x16_shr_u, u8x16, a >> n)

TRELLIS_VECTOR_BINARY(i16x8_eq, u16x8, a == b)
TRELLIS_VECTOR_BINARY(i16x8_ne, u16x8, a != b)
TRELLIS_VECTOR_BINARY(i16x8_lt_s, s16x8, a < b)
TRELLIS_VECTOR_BINARY(i16x8_lt_u, u16x8, a < b)
TRELLIS_VECTOR_BINARY(i16x8_gt_s, s16x8, a > b)
TRELLIS_VECTOR_BINARY(i16x8_gt_u, u16x8, a > b)
TRELLIS_VECTOR_BINARY(i16x8_le_s, s16x8, a <= b)
TRELLIS_VECTOR_BINARY(i16x8_le_u, u16x8, a <= b)
TRELLIS_VECTOR_BINARY(i16x8_ge_s, s16x8, a >= b)
TRELLIS_VECTOR_BINARY(i16x8_ge_u, u16x8, a >= b)
TRELLIS_VECTOR_TEST(i16x8_all_true, s16x8, __builtin_reduce_and(a != 0) != 0)
TRELLIS_VECTOR_TEST(i16x8_bitmask, s16x8, detail::sign_bits(a))

TRELLIS_VECTOR_UNARY(i16x8_abs, s16x8, __builtin_elementwise_abs(a))
TRELLIS_VECTOR_UNARY(i16x8_neg, u16x8, -a)
TRELLIS_VECTOR_BINARY(i16x8_add, u16x8, a + b)
TRELLIS_VECTOR_BINARY(i16x8_sub, u16x8, a - b)
TRELLIS_VECTOR_BINARY(i16x8_mul, u16x8, a* b)
TRELLIS_VECTOR_BINARY(i16x8_add_sat_s, s16x8, __builtin_elementwise_add_sat(a, b))
TRELLIS_VECTOR_BINARY(i16x8_add_sat_u, u16x8, __builtin_elementwise_add_sat(a, b))
TRELLIS_VECTOR_BINARY(i16x8_sub_sat_s, s16x8, __builtin_elementwise_sub_sat(a, b))
TRELLIS_VECTOR_BINARY(i16x8_sub_sat_u, u16x8, __builtin_elementwise_sub_sat(a, b))
TRELLIS_VECTOR_BINARY(i16x8_min_s, s16x8, __builtin_elementwise_min(a, b))
TRELLIS_VECTOR_BINARY(i16x8_min_u, u16x8, __builtin_elementwise_min(a, b))
TRELLIS_VECTOR_BINARY(i16x8_max_s, s16x8, __builtin_elementwise_max(a, b))
TRELLIS_VECTOR_BINARY(i16x8_max_u, u16x8, __builtin_elementwise_max(a, b))
TRELLIS_VECTOR_BINARY(i16x8_avgr_u, u16x8, (a | b) - ((a ^ b) >> 1))
TRELLIS_VECTOR_BINARY(i16x8_q15mulr_sat_s, s16x8, detail::multiply_q15_saturating(a, b))
TRELLIS_VECTOR_BINARY(i16x8_relaxed_q15mulr_s, s16x8, detail::multiply_q15_saturating(a, b))
TRELLIS_VECTOR_SHIFT(i16x8_shl, u16x8, a << n)
TRELLIS_VECTOR_SHIFT(i16x8_shr_s, s16x8, a >> n)
TRELLIS_VECTOR_SHIFT(i16x8_shr_u, u16x8, a >> n)

TRELLIS_VECTOR_BINARY(i32x4_eq, u32x4, a == b)
TRELLIS_VECTOR_BINARY(i32x4_ne, u32x4, a != b)
TRELLIS_VECTOR_BINARY(i32x4_lt_s, s32x4, a < b)
TRELLIS_VECTOR_BINARY(i32x4_lt_u, u32x4, a < b)
TRELLIS_VECTOR_BINARY(i32x4_gt_s, s32x4, a > b)
TRELLIS_VECTOR_BINARY(i32x4_gt_u, u32x4, a > b)
TRELLIS_VECTOR_BINARY(i32x4_le_s, s32x4, a <= b)
TRELLIS_VECTOR_BINARY(i32x4_le_u, u32x4, a <= b)
TRELLIS_VECTOR_BINARY(i32x4_ge_s, s32x4, a >= b)
TRELLIS_VECTOR_BINARY(i32x4_ge_u, u32x4, a >= b)
TRELLIS_VECTOR_TEST(i32x4_all_true, s32x4, __builtin_reduce_and(a != 0) != 0)
TRELLIS_VECTOR_TEST(i32x4_bitmask, s32x4, detail::sign_bits(a))

TRELLIS_VECTOR_UNARY(i32x4_abs, s32x4, __builtin_elementwise_abs(a))
TRELLIS_VECTOR_UNARY(i32x4_neg, u32x4, -a)
TRELLIS_VECTOR_BINARY(i32x4_add, u32x4, a + b)
TRELLIS_VECTOR_BINARY(i32x4_sub, u32x4, a - b)
TRELLIS_VECTOR_BINARY(i32x4_mul, u32x4, a* b)
TRELLIS_VECTOR_BINARY(i32x4_min_s, s32x4, __builtin_elementwise_min(a, b))
TRELLIS_VECTOR_BINARY(i32x4_min_u, u32x4, __builtin_elementwise_min(a, b))
TRELLIS_VECTOR_BINARY(i32x4_max_s, s32x4, __builtin_elementwise_max(a, b))
TRELLIS_VECTOR_BINARY(i32x4_max_u, u32x4, __builtin_elementwise_max(a, b))
TRELLIS_VECTOR_SHIFT(i32x4_shl, u32x4, a << n)
TRELLIS_VECTOR_SHIFT(i32x4_shr_s, s32x4, a >> n)
TRELLIS_VECTOR_SHIFT(i32x4_shr_u, u32x4, a >> n)

TRELLIS_VECTOR_BINARY(i64x2_eq, u64x2, a == b)
TRELLIS_VECTOR_BINARY(i64x2_ne, u64x2, a != b)
TRELLIS_VECTOR_BINARY(i64x2_lt_s, s64x2, a < b)
TRELLIS_VECTOR_BINARY(i64x2_gt_s, s64x2, a > b)
TRELLIS_VECTOR_BINARY(i64x2_le_s, s64x2, a <= b)
TRELLIS_VECTOR_BINARY(i64x2_ge_s, s64x2, a >= b)
TRELLIS_VECTOR_TEST(i64x2_all_true, s64x2, __builtin_reduce_and(a != 0) != 0)
TRELLIS_VECTOR_TEST(i64x2_bitmask, s64x2, detail::sign_bits(a))

TRELLIS_VECTOR_UNARY(i64x2_abs, s64x2, __builtin_elementwise_abs(a))
TRELLIS_VECTOR_UNARY(i64x2_neg, u64x2, -a)
TRELLIS_VECTOR_BINARY(i64x2_add, u64x2, a + b)
TRELLIS_VECTOR_BINARY(i64x2_sub, u64x2, a - b)
TRELLIS_VECTOR_BINARY(i64x2_mul, u64x2, a* b)
TRELLIS_VECTOR_SHIFT(i64x2_shl, u64x2, a << n)
TRELLIS_VECTOR_SHIFT(i64x2_shr_s, s64x2, a >> n)
TRELLIS_VECTOR_SHIFT(i64x2_shr_u, u64x2, a >> n)

// Between lanes of different widths
TRELLIS_VECTOR_UNARY(i16x8_extend_low_i8x16_s, s8x16, detail::extend<detail::Half::low>(a))
TRELLIS_VECTOR_UNARY(i16x8_extend_high_i8x16_s, s8x16, detail::extend<detail::Half::high>(a))
TRELLIS_VECTOR_UNARY(i16x8_extend_low_i8x16_u, u8x16, detail::extend<detail::Half::low>(a))
TRELLIS_VECTOR_UNARY(i16x8_extend_high_i8x16_u, u8x16, detail::extend<detail::Half::high>(a))
TRELLIS_VECTOR_BINARY(i16x8_extmul_low_i8x16_s, s8x16,
                      detail::extend<detail::Half::low>(a) * detail::extend<detail::Half::low>(b))
TRELLIS_VECTOR_BINARY(i16x8_extmul_high_i8x16_s, s8x16,
                      detail::extend<detail::Half::high>(a) * detail::extend<detail::Half::high>(b))
TRELLIS_VECTOR_BINARY(i16x8_extmul_low_i8x16_u, u8x16,
                      detail::extend<detail::Half::low>(a) * detail::extend<detail::Half::low>(b))
TRELLIS_VECTOR_BINARY(i16x8_extmul_high_i8x16_u, u8x16,
                      detail::extend<detail::Half::high>(a) * detail::extend<detail::Half::high>(b))
TRELLIS_VECTOR_UNARY(i16x8_extadd_pairwise_i8x16_s, s16x8, ((a << 8) >> 8) + (a >> 8))
TRELLIS_VECTOR_UNARY(i16x8_extadd_pairwise_i8x16_u, u16x8, ((a << 8) >> 8) + (a >> 8))

TRELLIS_VECTOR_UNARY(i32x4_extend_low_i16x8_s, s16x8, detail::extend<detail::Half::low>(a))
TRELLIS_VECTOR_UNARY(i32x4_extend_high_i16x8_s, s16x8, detail::extend<detail::Half::high>(a))
TRELLIS_VECTOR_UNARY(i32x4_extend_low_i16x8_u, u16x8, detail::extend<detail::Half::low>(a))
TRELLIS_VECTOR_UNARY(i32x4_extend_high_i16x8_u, u16x8, detail::extend<detail::Half::high>(a))
TRELLIS_VECTOR_BINARY(i32x4_extmul_low_i16x8_s, s16x8,
                      detail::extend<detail::Half::low>(a) * detail::extend<detail::Half::low>(b))
TRELLIS_VECTOR_BINARY(i32x4_extmul_high_i16x8_s, s16x8,
                      detail::extend<detail::Half::high>(a) * detail::extend<detail::Half::high>(b))
TRELLIS_VECTOR_BINARY(i32x4_extmul_low_i16x8_u, u16x8,
                      detail::extend<detail::Half::low>(a) * detail::extend<detail::Half::low>(b))
TRELLIS_VECTOR_BINARY(i32x4_extmul_high_i16x8_u, u16x8,
                      detail::extend<detail::Half::high>(a) * detail::extend<detail::Half::high>(b))
TRELLIS_VECTOR_UNARY(i32x4_extadd_pairwise_i16x8_s, s32x4, ((a << 16) >> 16) + (a >> 16))
TRELLIS_VECTOR_UNARY(i32x4_extadd_pairwise_i16x8_u, u32x4, ((a << 16) >> 16) + (a >> 16))

TRELLIS_VECTOR_UNARY(i64x2_extend_low_i32x4_s, s32x4, detail::extend<detail::Half::low>(a))
TRELLIS_VECTOR_UNARY(i64x2_extend_high_i32x4_s, s32x4, detail::extend<detail::Half::high>(a))
TRELLIS_VECTOR_UNARY(i64x2_extend_low_i32x4_u, u32x4, detail::extend<detail::Half::low>(a))
TRELLIS_VECTOR_UNARY(i64x2_extend_high_i32x4_u, u32x4, detail::extend<detail::Half::high>(a))
TRELLIS_VECTOR_BINARY(i64x2_extmul_low_i32x4_s, s32x4,
                      detail::extend<detail::Half::low>(a) * detail::extend<detail::Half::low>(b))
TRELLIS_VECTOR_BINARY(i64x2_extmul_high_i32x4_s, s32x4,
                      detail::extend<detail::Half::high>(a) * detail::extend<detail::Half::high>(b))
TRELLIS_VECTOR_BINARY(i64x2_extmul_low_i32x4_u, u32x4,
                      detail::extend<detail::Half::low>(a) * detail::extend<detail::Half::low>(b))
TRELLIS_VECTOR_BINARY(i64x2_extmul_high_i32x4_u, u32x4,
                      detail::extend<detail::Half::high>(a) * detail::extend<detail::Half::high>(b))

TRELLIS_VECTOR_BINARY(i8x16_narrow_i16x8_s, s16x8, detail::narrow<s8x16>(a, b))
TRELLIS_VECTOR_BINARY(i8x16_narrow_i16x8_u, s16x8, detail::narrow<u8x16>(a, b))
TRELLIS_VECTOR_BINARY(i16x8_narrow_i32x4_s, s32x4, detail::narrow<s16x8>(a, b))
TRELLIS_VECTOR_BINARY(i16x8_narrow_i32x4_u, s32x4, detail::narrow<u16x8>(a, b))
TRELLIS_VECTOR_BINARY(i32x4_dot_i16x8_s, s16x8, detail::dot_product(a, b))
TRELLIS_VECTOR_BINARY(i16x8_relaxed_dot_i8x16_i7x16_s, s8x16, detail::dot_product_saturating(a, b))
TRELLIS_NUMERIC Vector i32x4_relaxed_dot_i8x16_i7x16_add_s(Vector a, Vector b, Vector c)
{
    return i32x4_add(i32x4_extadd_pairwise_i16x8_s(i16x8_relaxed_dot_i8x16_i7x16_s(a, b)), c);
}

} // namespace trellis::wasm::numeric
