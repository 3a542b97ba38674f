// Conversions between vectors of integers and of floats. Relaxed truncation saturates, as the deterministic profile
// says. Pure functions, for any thread. https://webassembly.github.io/spec/core/exec/numerics.html#vector-operations
#pragma once

#include "wasm/execution/numeric_machine.hpp"

namespace trellis::wasm::numeric {

namespace detail {

using f32x2 = f32 __attribute__((vector_size(8)));
using s32x2 = s32 __attribute__((vector_size(8)));

TRELLIS_NUMERIC auto with_zeros(auto two_lanes)
{
    return __builtin_shufflevector(two_lanes, decltype(two_lanes){}, 0, 1, 2, 3);
}

[[gnu::always_inline]] inline s32x4 truncate_saturating_signed(f32x4 a)
{
    const f32x4 number = a == a ? a : f32x4{};
    const s32x4 too_big = number >= 0x1p31F;
    return truncate_or_least(number) ^ too_big; // the least integer is the greatest, inverted
}

[[gnu::always_inline]] inline u32x4 truncate_saturating_unsigned(f32x4 a)
{
    const f32x4 positive = positive_or_zero(a);
    const f32x4 rest = positive - 0x1p31F; // exact from 2^31 on
    const s32x4 too_big = rest >= 0x1p31F;
    const auto low = view<u32x4>(truncate_or_least(positive)); // 2^31 where there is a rest
    return low + view<u32x4>(__builtin_elementwise_max(truncate_or_least(rest) ^ too_big, s32x4{}));
}

TRELLIS_NUMERIC s32x4 truncate_saturating_signed(f64x2 a)
{
    const f64x2 number = a == a ? a : f64x2{};
    const f64x2 above = number > -0x1p31 ? number : f64x2{} - 0x1p31;
    const f64x2 within = above < 0x1p31 - 1 ? above : f64x2{} + (0x1p31 - 1);
    return with_zeros(__builtin_convertvector(within, s32x2));
}

TRELLIS_NUMERIC u32x4 truncate_saturating_unsigned(f64x2 a)
{
    const f64x2 positive = positive_or_zero(a);
    const f64x2 within = positive < 0x1p32 - 1 ? positive : f64x2{} + (0x1p32 - 1);
    const auto bits = view<u32x4>(__builtin_elementwise_trunc(within) + 0x1p52); // the integer is the low half
    return __builtin_shufflevector(bits, u32x4{}, 0, 2, 4, 5);
}

} // namespace detail

TRELLIS_VECTOR_UNARY(i32x4_trunc_sat_f32x4_s, f32x4, detail::truncate_saturating_signed(a))
TRELLIS_VECTOR_UNARY(i32x4_trunc_sat_f32x4_u, f32x4, detail::truncate_saturating_unsigned(a))
TRELLIS_VECTOR_UNARY(i32x4_trunc_sat_f64x2_s_zero, f64x2, detail::truncate_saturating_signed(a))
TRELLIS_VECTOR_UNARY(i32x4_trunc_sat_f64x2_u_zero, f64x2, detail::truncate_saturating_unsigned(a))
TRELLIS_VECTOR_UNARY(i32x4_relaxed_trunc_f32x4_s, f32x4, detail::truncate_saturating_signed(a))
TRELLIS_VECTOR_UNARY(i32x4_relaxed_trunc_f32x4_u, f32x4, detail::truncate_saturating_unsigned(a))
TRELLIS_VECTOR_UNARY(i32x4_relaxed_trunc_f64x2_s_zero, f64x2, detail::truncate_saturating_signed(a))
TRELLIS_VECTOR_UNARY(i32x4_relaxed_trunc_f64x2_u_zero, f64x2, detail::truncate_saturating_unsigned(a))

TRELLIS_VECTOR_UNARY(f32x4_convert_i32x4_s, s32x4, __builtin_convertvector(a, f32x4))
TRELLIS_VECTOR_UNARY(f32x4_convert_i32x4_u, u32x4, __builtin_convertvector(a, f32x4))
TRELLIS_VECTOR_UNARY(f64x2_convert_low_i32x4_s, s32x4,
                     __builtin_convertvector(__builtin_shufflevector(a, a, 0, 1), f64x2))
TRELLIS_VECTOR_UNARY(f64x2_convert_low_i32x4_u, u32x4,
                     __builtin_convertvector(__builtin_shufflevector(a, a, 0, 1), f64x2))
TRELLIS_VECTOR_UNARY(f64x2_promote_low_f32x4, f32x4,
                     __builtin_convertvector(__builtin_shufflevector(a, a, 0, 1), f64x2))
TRELLIS_VECTOR_UNARY(f32x4_demote_f64x2_zero, f64x2, detail::with_zeros(__builtin_convertvector(a, detail::f32x2)))

} // namespace trellis::wasm::numeric
