// Vector instructions that move lanes or bits and don't calculate: bitwise logic, swizzle and shuffle, splat, extract
// and replace lane, and what the extending, splatting and zeroing loads do with what they load. Floats move as bits.
// Pure functions, for any thread.
// https://webassembly.github.io/spec/core/exec/instructions.html#vector-instructions
#pragma once

#include "wasm/execution/numeric_vector_integer.hpp"

namespace trellis::wasm::numeric {

namespace detail {

/// Lane i: a[indices[i]], or 0 beyond the last.
TRELLIS_NUMERIC u8x16 swizzle(u8x16 a, u8x16 indices)
{
    return permute(a, __builtin_elementwise_add_sat(indices, splat<u8x16>(0x70)));
}

template <typename Lanes>
TRELLIS_NUMERIC Lanes lane_numbers()
{
    Lanes numbers{};
    for (u8 i = 0; i < sizeof(Lanes) / sizeof(LaneOf<Lanes>); ++i)
        numbers[i] = i;
    return numbers;
}

/// Compares and selects: writing one lane of a variable number would go through memory.
template <typename Lanes>
TRELLIS_NUMERIC Vector replace_lane(Vector a, LaneOf<Lanes> value, u8 lane)
{
    return view<Vector>(lane_numbers<Lanes>() == splat<Lanes>(lane) ? splat<Lanes>(value) : view<Lanes>(a));
}

TRELLIS_NUMERIC Vector low_bits(u64 bits)
{
    return view<Vector>(u64x2{bits, 0});
}

} // namespace detail

TRELLIS_VECTOR_UNARY(v128_not, u64x2, ~a)
TRELLIS_VECTOR_BINARY(v128_and, u64x2, a& b)
TRELLIS_VECTOR_BINARY(v128_andnot, u64x2, a & ~b)
TRELLIS_VECTOR_BINARY(v128_or, u64x2, a | b)
TRELLIS_VECTOR_BINARY(v128_xor, u64x2, a ^ b)
TRELLIS_VECTOR_TERNARY(v128_bitselect, u64x2, (a & c) | (b & ~c))
TRELLIS_VECTOR_TERNARY(i8x16_relaxed_laneselect, u64x2, (a & c) | (b & ~c))
TRELLIS_VECTOR_TERNARY(i16x8_relaxed_laneselect, u64x2, (a & c) | (b & ~c))
TRELLIS_VECTOR_TERNARY(i32x4_relaxed_laneselect, u64x2, (a & c) | (b & ~c))
TRELLIS_VECTOR_TERNARY(i64x2_relaxed_laneselect, u64x2, (a & c) | (b & ~c))
TRELLIS_VECTOR_TEST(v128_any_true, u64x2, __builtin_reduce_or(a) != 0)

TRELLIS_VECTOR_BINARY(i8x16_swizzle, u8x16, detail::swizzle(a, b))
TRELLIS_VECTOR_BINARY(i8x16_relaxed_swizzle, u8x16, detail::swizzle(a, b))

/// Lane i: of the 32 lanes of a and b, the one of number lanes[i] (below 32).
[[gnu::always_inline]] inline Vector i8x16_shuffle(Vector a, Vector b, const u8* lanes)
{
    u8x16 indices;
    std::memcpy(&indices, lanes, sizeof indices);
    const u8x16 of_b = indices - u8(16); // those of a become 240 and more, for which permute gives 0
    return detail::swizzle(a, indices) | detail::permute(b, of_b);
}

#define TRELLIS_EXTRACT(name, lanes, result)                                                                           \
    TRELLIS_NUMERIC result name(Vector a, u8 lane)                                                                     \
    {                                                                                                                  \
        return static_cast<result>(detail::view<lanes>(a)[lane]);                                                      \
    }
#define TRELLIS_REPLACE(name, lanes, scalar)                                                                           \
    TRELLIS_NUMERIC Vector name(Vector a, scalar value, u8 lane)                                                       \
    {                                                                                                                  \
        using Bits = std::conditional_t<sizeof(scalar) == 4, u32, u64>;                                                \
        return detail::replace_lane<lanes>(a, static_cast<detail::LaneOf<lanes>>(std::bit_cast<Bits>(value)), lane);   \
    }

TRELLIS_UNARY(i8x16_splat, u32, Vector, detail::view<Vector>(detail::splat<u8x16>(static_cast<u8>(a))))
TRELLIS_UNARY(i16x8_splat, u32, Vector, detail::view<Vector>(detail::splat<u16x8>(static_cast<u16>(a))))
TRELLIS_UNARY(i32x4_splat, u32, Vector, detail::view<Vector>(detail::splat<u32x4>(a)))
TRELLIS_UNARY(i64x2_splat, u64, Vector, detail::view<Vector>(detail::splat<u64x2>(a)))
TRELLIS_UNARY(f32x4_splat, f32, Vector, detail::view<Vector>(detail::splat<u32x4>(std::bit_cast<u32>(a))))
TRELLIS_UNARY(f64x2_splat, f64, Vector, detail::view<Vector>(detail::splat<u64x2>(std::bit_cast<u64>(a))))

TRELLIS_EXTRACT(i8x16_extract_lane_s, s8x16, u32)
TRELLIS_EXTRACT(i8x16_extract_lane_u, u8x16, u32)
TRELLIS_EXTRACT(i16x8_extract_lane_s, s16x8, u32)
TRELLIS_EXTRACT(i16x8_extract_lane_u, u16x8, u32)
TRELLIS_EXTRACT(i32x4_extract_lane, u32x4, u32)
TRELLIS_EXTRACT(i64x2_extract_lane, u64x2, u64)
TRELLIS_EXTRACT(f32x4_extract_lane, f32x4, f32)
TRELLIS_EXTRACT(f64x2_extract_lane, f64x2, f64)

TRELLIS_REPLACE(i8x16_replace_lane, u8x16, u32)
TRELLIS_REPLACE(i16x8_replace_lane, u16x8, u32)
TRELLIS_REPLACE(i32x4_replace_lane, u32x4, u32)
TRELLIS_REPLACE(i64x2_replace_lane, u64x2, u64)
TRELLIS_REPLACE(f32x4_replace_lane, u32x4, f32)
TRELLIS_REPLACE(f64x2_replace_lane, u64x2, f64)

// What the loads make of the bytes that they have read
TRELLIS_UNARY(v128_load8x8_s, u64, Vector, i16x8_extend_low_i8x16_s(detail::low_bits(a)))
TRELLIS_UNARY(v128_load8x8_u, u64, Vector, i16x8_extend_low_i8x16_u(detail::low_bits(a)))
TRELLIS_UNARY(v128_load16x4_s, u64, Vector, i32x4_extend_low_i16x8_s(detail::low_bits(a)))
TRELLIS_UNARY(v128_load16x4_u, u64, Vector, i32x4_extend_low_i16x8_u(detail::low_bits(a)))
TRELLIS_UNARY(v128_load32x2_s, u64, Vector, i64x2_extend_low_i32x4_s(detail::low_bits(a)))
TRELLIS_UNARY(v128_load32x2_u, u64, Vector, i64x2_extend_low_i32x4_u(detail::low_bits(a)))
TRELLIS_UNARY(v128_load8_splat, u8, Vector, detail::view<Vector>(detail::splat<u8x16>(a)))
TRELLIS_UNARY(v128_load16_splat, u16, Vector, detail::view<Vector>(detail::splat<u16x8>(a)))
TRELLIS_UNARY(v128_load32_splat, u32, Vector, detail::view<Vector>(detail::splat<u32x4>(a)))
TRELLIS_UNARY(v128_load64_splat, u64, Vector, detail::view<Vector>(detail::splat<u64x2>(a)))
TRELLIS_UNARY(v128_load32_zero, u32, Vector, detail::low_bits(a))
TRELLIS_UNARY(v128_load64_zero, u64, Vector, detail::low_bits(a))

#undef TRELLIS_EXTRACT
#undef TRELLIS_REPLACE

} // namespace trellis::wasm::numeric
