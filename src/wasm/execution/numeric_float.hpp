// The floating-point instructions. IEEE 754 does the work; what is special: abs, neg and copysign touch the sign bit
// only, also of a NaN; min and max know -0 and give a quiet NaN if either operand is one. Payloads of NaNs propagate as
// the processor does. Needs -ffp-contract=off. Pure functions, for any thread.
// https://webassembly.github.io/spec/core/exec/numerics.html#floating-point-operations
#pragma once

#include "wasm/execution/numeric_rows.hpp"

#include <type_traits>

namespace trellis::wasm::numeric {

namespace detail {

template <typename Float>
using BitsOf = std::conditional_t<sizeof(Float) == 4, u32, u64>;

template <typename Float>
inline constexpr BitsOf<Float> sign_bit = BitsOf<Float>(1) << (8 * sizeof(Float) - 1);

template <typename Float>
TRELLIS_NUMERIC BitsOf<Float> to_bits(Float a)
{
    return std::bit_cast<BitsOf<Float>>(a);
}

template <typename Float>
TRELLIS_NUMERIC Float from_bits(BitsOf<Float> bits)
{
    return std::bit_cast<Float>(bits);
}

template <typename Float>
TRELLIS_NUMERIC Float copy_sign(Float a, Float b)
{
    return from_bits<Float>((to_bits(a) & ~sign_bit<Float>) | (to_bits(b) & sign_bit<Float>));
}

// One comparison of a and b sets the flags for all three cases.
template <typename Float>
TRELLIS_NUMERIC Float minimum(Float a, Float b)
{
    if (__builtin_isunordered(a, b)) [[unlikely]]
        return a + b;
    if (a == b) [[unlikely]] // -0 if either is
        return from_bits<Float>(to_bits(a) | to_bits(b));
    return a < b ? a : b;
}

template <typename Float>
TRELLIS_NUMERIC Float maximum(Float a, Float b)
{
    if (__builtin_isunordered(a, b)) [[unlikely]]
        return a + b;
    if (a == b) [[unlikely]] // +0 if either is
        return from_bits<Float>(to_bits(a) & to_bits(b));
    return a > b ? a : b;
}

} // namespace detail

TRELLIS_BINARY(f32_eq, f32, u32, a == b)
TRELLIS_BINARY(f32_ne, f32, u32, a != b)
TRELLIS_BINARY(f32_lt, f32, u32, a < b)
TRELLIS_BINARY(f32_gt, f32, u32, a > b)
TRELLIS_BINARY(f32_le, f32, u32, a <= b)
TRELLIS_BINARY(f32_ge, f32, u32, a >= b)

TRELLIS_UNARY(f32_abs, f32, f32, detail::from_bits<f32>(detail::to_bits(a) & ~detail::sign_bit<f32>))
TRELLIS_UNARY(f32_neg, f32, f32, detail::from_bits<f32>(detail::to_bits(a) ^ detail::sign_bit<f32>))
TRELLIS_BINARY(f32_copysign, f32, f32, detail::copy_sign(a, b))
TRELLIS_UNARY(f32_ceil, f32, f32, __builtin_elementwise_ceil(a))
TRELLIS_UNARY(f32_floor, f32, f32, __builtin_elementwise_floor(a))
TRELLIS_UNARY(f32_trunc, f32, f32, __builtin_elementwise_trunc(a))
TRELLIS_UNARY(f32_nearest, f32, f32, __builtin_elementwise_roundeven(a))
TRELLIS_UNARY(f32_sqrt, f32, f32, __builtin_elementwise_sqrt(a))
TRELLIS_BINARY(f32_add, f32, f32, a + b)
TRELLIS_BINARY(f32_sub, f32, f32, a - b)
TRELLIS_BINARY(f32_mul, f32, f32, a* b)
TRELLIS_BINARY(f32_div, f32, f32, a / b)
TRELLIS_BINARY(f32_min, f32, f32, detail::minimum(a, b))
TRELLIS_BINARY(f32_max, f32, f32, detail::maximum(a, b))

TRELLIS_BINARY(f64_eq, f64, u32, a == b)
TRELLIS_BINARY(f64_ne, f64, u32, a != b)
TRELLIS_BINARY(f64_lt, f64, u32, a < b)
TRELLIS_BINARY(f64_gt, f64, u32, a > b)
TRELLIS_BINARY(f64_le, f64, u32, a <= b)
TRELLIS_BINARY(f64_ge, f64, u32, a >= b)

TRELLIS_UNARY(f64_abs, f64, f64, detail::from_bits<f64>(detail::to_bits(a) & ~detail::sign_bit<f64>))
TRELLIS_UNARY(f64_neg, f64, f64, detail::from_bits<f64>(detail::to_bits(a) ^ detail::sign_bit<f64>))
TRELLIS_BINARY(f64_copysign, f64, f64, detail::copy_sign(a, b))
TRELLIS_UNARY(f64_ceil, f64, f64, __builtin_elementwise_ceil(a))
TRELLIS_UNARY(f64_floor, f64, f64, __builtin_elementwise_floor(a))
TRELLIS_UNARY(f64_trunc, f64, f64, __builtin_elementwise_trunc(a))
TRELLIS_UNARY(f64_nearest, f64, f64, __builtin_elementwise_roundeven(a))
TRELLIS_UNARY(f64_sqrt, f64, f64, __builtin_elementwise_sqrt(a))
TRELLIS_BINARY(f64_add, f64, f64, a + b)
TRELLIS_BINARY(f64_sub, f64, f64, a - b)
TRELLIS_BINARY(f64_mul, f64, f64, a* b)
TRELLIS_BINARY(f64_div, f64, f64, a / b)
TRELLIS_BINARY(f64_min, f64, f64, detail::minimum(a, b))
TRELLIS_BINARY(f64_max, f64, f64, detail::maximum(a, b))

} // namespace trellis::wasm::numeric
