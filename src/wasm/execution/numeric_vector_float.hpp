// The floating-point vector instructions, lane by lane what numeric_float.hpp says. Relaxed ones give the results of
// the deterministic profile: madd rounds twice, min and max are the plain ones. Pure functions, for any thread.
// https://webassembly.github.io/spec/core/exec/numerics.html#vector-operations
#pragma once

#include "wasm/execution/numeric_float.hpp"
#include "wasm/execution/numeric_vector_rows.hpp"

namespace trellis::wasm::numeric {

namespace detail {

// min(a, b) and min(b, a) of the processor differ only for zeros, where "or" finds the -0, and for NaNs.
template <typename Lanes>
TRELLIS_NUMERIC Lanes lane_minima(Lanes a, Lanes b)
{
    const auto bits = view<Vector>(a < b ? a : b) | view<Vector>(b < a ? b : a);
    return ((a != a) | (b != b)) ? a + b : view<Lanes>(bits);
}

template <typename Lanes>
TRELLIS_NUMERIC Lanes lane_maxima(Lanes a, Lanes b)
{
    const auto bits = view<Vector>(a > b ? a : b) & view<Vector>(b > a ? b : a);
    return ((a != a) | (b != b)) ? a + b : view<Lanes>(bits);
}

} // namespace detail

TRELLIS_VECTOR_BINARY(f32x4_eq, f32x4, a == b)
TRELLIS_VECTOR_BINARY(f32x4_ne, f32x4, a != b)
TRELLIS_VECTOR_BINARY(f32x4_lt, f32x4, a < b)
TRELLIS_VECTOR_BINARY(f32x4_gt, f32x4, a > b)
TRELLIS_VECTOR_BINARY(f32x4_le, f32x4, a <= b)
TRELLIS_VECTOR_BINARY(f32x4_ge, f32x4, a >= b)

TRELLIS_VECTOR_UNARY(f32x4_abs, u32x4, a & ~detail::sign_bit<f32>)
TRELLIS_VECTOR_UNARY(f32x4_neg, u32x4, a ^ detail::sign_bit<f32>)
TRELLIS_VECTOR_UNARY(f32x4_ceil, f32x4, __builtin_elementwise_ceil(a))
TRELLIS_VECTOR_UNARY(f32x4_floor, f32x4, __builtin_elementwise_floor(a))
TRELLIS_VECTOR_UNARY(f32x4_trunc, f32x4, __builtin_elementwise_trunc(a))
TRELLIS_VECTOR_UNARY(f32x4_nearest, f32x4, __builtin_elementwise_roundeven(a))
TRELLIS_VECTOR_UNARY(f32x4_sqrt, f32x4, __builtin_elementwise_sqrt(a))
TRELLIS_VECTOR_BINARY(f32x4_add, f32x4, a + b)
TRELLIS_VECTOR_BINARY(f32x4_sub, f32x4, a - b)
TRELLIS_VECTOR_BINARY(f32x4_mul, f32x4, a* b)
TRELLIS_VECTOR_BINARY(f32x4_div, f32x4, a / b)
TRELLIS_VECTOR_BINARY(f32x4_min, f32x4, detail::lane_minima(a, b))
TRELLIS_VECTOR_BINARY(f32x4_relaxed_min, f32x4, detail::lane_minima(a, b))
TRELLIS_VECTOR_BINARY(f32x4_max, f32x4, detail::lane_maxima(a, b))
TRELLIS_VECTOR_BINARY(f32x4_relaxed_max, f32x4, detail::lane_maxima(a, b))
TRELLIS_VECTOR_BINARY(f32x4_pmin, f32x4, b < a ? b : a)
TRELLIS_VECTOR_BINARY(f32x4_pmax, f32x4, a < b ? b : a)
TRELLIS_VECTOR_TERNARY(f32x4_relaxed_madd, f32x4, a* b + c)
TRELLIS_VECTOR_TERNARY(f32x4_relaxed_nmadd, f32x4, -(a* b) + c)

TRELLIS_VECTOR_BINARY(f64x2_eq, f64x2, a == b)
TRELLIS_VECTOR_BINARY(f64x2_ne, f64x2, a != b)
TRELLIS_VECTOR_BINARY(f64x2_lt, f64x2, a < b)
TRELLIS_VECTOR_BINARY(f64x2_gt, f64x2, a > b)
TRELLIS_VECTOR_BINARY(f64x2_le, f64x2, a <= b)
TRELLIS_VECTOR_BINARY(f64x2_ge, f64x2, a >= b)

TRELLIS_VECTOR_UNARY(f64x2_abs, u64x2, a & ~detail::sign_bit<f64>)
TRELLIS_VECTOR_UNARY(f64x2_neg, u64x2, a ^ detail::sign_bit<f64>)
TRELLIS_VECTOR_UNARY(f64x2_ceil, f64x2, __builtin_elementwise_ceil(a))
TRELLIS_VECTOR_UNARY(f64x2_floor, f64x2, __builtin_elementwise_floor(a))
TRELLIS_VECTOR_UNARY(f64x2_trunc, f64x2, __builtin_elementwise_trunc(a))
TRELLIS_VECTOR_UNARY(f64x2_nearest, f64x2, __builtin_elementwise_roundeven(a))
TRELLIS_VECTOR_UNARY(f64x2_sqrt, f64x2, __builtin_elementwise_sqrt(a))
TRELLIS_VECTOR_BINARY(f64x2_add, f64x2, a + b)
TRELLIS_VECTOR_BINARY(f64x2_sub, f64x2, a - b)
TRELLIS_VECTOR_BINARY(f64x2_mul, f64x2, a* b)
TRELLIS_VECTOR_BINARY(f64x2_div, f64x2, a / b)
TRELLIS_VECTOR_BINARY(f64x2_min, f64x2, detail::lane_minima(a, b))
TRELLIS_VECTOR_BINARY(f64x2_relaxed_min, f64x2, detail::lane_minima(a, b))
TRELLIS_VECTOR_BINARY(f64x2_max, f64x2, detail::lane_maxima(a, b))
TRELLIS_VECTOR_BINARY(f64x2_relaxed_max, f64x2, detail::lane_maxima(a, b))
TRELLIS_VECTOR_BINARY(f64x2_pmin, f64x2, b < a ? b : a)
TRELLIS_VECTOR_BINARY(f64x2_pmax, f64x2, a < b ? b : a)
TRELLIS_VECTOR_TERNARY(f64x2_relaxed_madd, f64x2, a* b + c)
TRELLIS_VECTOR_TERNARY(f64x2_relaxed_nmadd, f64x2, -(a* b) + c)

} // namespace trellis::wasm::numeric
