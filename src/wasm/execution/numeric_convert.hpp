// Conversions between the scalar types: wrapping, extension, truncation that traps or saturates, conversion, demotion,
// promotion, reinterpretation. Pure functions, for any thread.
// https://webassembly.github.io/spec/core/exec/numerics.html#conversions
#pragma once

#include "wasm/execution/numeric_rows.hpp"

namespace trellis::wasm::numeric {

namespace detail {

/// Whether trunc(a) is a value of Integer. 2^N is exact as a float of either width. Below, the bound is least - 1,
/// excluded; where the float is too coarse to tell that from least, nothing lies between them and least itself decides.
template <typename Integer, typename Float>
TRELLIS_NUMERIC bool truncation_fits(Float a)
{
    using Limits = std::numeric_limits<Integer>;
    constexpr Float above = static_cast<Float>(Limits::max() / 2 + 1) * 2;
    constexpr auto least = static_cast<Float>(Limits::min());
    if constexpr (std::numeric_limits<Float>::digits > Limits::digits || !Limits::is_signed)
        return a > least - 1 && a < above;
    else
        return a >= least && a < above;
}

template <typename Integer, typename Float>
TRELLIS_NUMERIC Trap truncate(Float a, std::make_unsigned_t<Integer>& r)
{
    if (!truncation_fits<Integer>(a)) [[unlikely]]
        return a != a ? Trap::invalid_conversion_to_integer : Trap::integer_overflow;
    r = static_cast<std::make_unsigned_t<Integer>>(static_cast<Integer>(a));
    return Trap::none;
}

template <typename Integer, typename Float>
TRELLIS_NUMERIC Integer truncate_saturating(Float a)
{
    using Limits = std::numeric_limits<Integer>;
    if (truncation_fits<Integer>(a)) [[likely]]
        return static_cast<Integer>(a);
    if (a != a)
        return 0;
    return a < 0 ? Limits::min() : Limits::max();
}

} // namespace detail

TRELLIS_UNARY(i32_wrap_i64, u64, u32, a)
TRELLIS_UNARY(i64_extend_i32_s, u32, u64, static_cast<s32>(a))
TRELLIS_UNARY(i64_extend_i32_u, u32, u64, a)

TRELLIS_TRAPPING_UNARY(i32_trunc_f32_s, f32, u32, detail::truncate<s32>(a, r))
TRELLIS_TRAPPING_UNARY(i32_trunc_f32_u, f32, u32, detail::truncate<u32>(a, r))
TRELLIS_TRAPPING_UNARY(i32_trunc_f64_s, f64, u32, detail::truncate<s32>(a, r))
TRELLIS_TRAPPING_UNARY(i32_trunc_f64_u, f64, u32, detail::truncate<u32>(a, r))
TRELLIS_TRAPPING_UNARY(i64_trunc_f32_s, f32, u64, detail::truncate<s64>(a, r))
TRELLIS_TRAPPING_UNARY(i64_trunc_f32_u, f32, u64, detail::truncate<u64>(a, r))
TRELLIS_TRAPPING_UNARY(i64_trunc_f64_s, f64, u64, detail::truncate<s64>(a, r))
TRELLIS_TRAPPING_UNARY(i64_trunc_f64_u, f64, u64, detail::truncate<u64>(a, r))

TRELLIS_UNARY(i32_trunc_sat_f32_s, f32, u32, detail::truncate_saturating<s32>(a))
TRELLIS_UNARY(i32_trunc_sat_f32_u, f32, u32, detail::truncate_saturating<u32>(a))
TRELLIS_UNARY(i32_trunc_sat_f64_s, f64, u32, detail::truncate_saturating<s32>(a))
TRELLIS_UNARY(i32_trunc_sat_f64_u, f64, u32, detail::truncate_saturating<u32>(a))
TRELLIS_UNARY(i64_trunc_sat_f32_s, f32, u64, detail::truncate_saturating<s64>(a))
TRELLIS_UNARY(i64_trunc_sat_f32_u, f32, u64, detail::truncate_saturating<u64>(a))
TRELLIS_UNARY(i64_trunc_sat_f64_s, f64, u64, detail::truncate_saturating<s64>(a))
TRELLIS_UNARY(i64_trunc_sat_f64_u, f64, u64, detail::truncate_saturating<u64>(a))

TRELLIS_UNARY(f32_convert_i32_s, u32, f32, static_cast<s32>(a))
TRELLIS_UNARY(f32_convert_i32_u, u32, f32, a)
TRELLIS_UNARY(f32_convert_i64_s, u64, f32, static_cast<s64>(a))
TRELLIS_UNARY(f32_convert_i64_u, u64, f32, a)
TRELLIS_UNARY(f64_convert_i32_s, u32, f64, static_cast<s32>(a))
TRELLIS_UNARY(f64_convert_i32_u, u32, f64, a)
TRELLIS_UNARY(f64_convert_i64_s, u64, f64, static_cast<s64>(a))
TRELLIS_UNARY(f64_convert_i64_u, u64, f64, a)

TRELLIS_UNARY(f32_demote_f64, f64, f32, a)
TRELLIS_UNARY(f64_promote_f32, f32, f64, a)
TRELLIS_UNARY(i32_reinterpret_f32, f32, u32, std::bit_cast<u32>(a))
TRELLIS_UNARY(i64_reinterpret_f64, f64, u64, std::bit_cast<u64>(a))
TRELLIS_UNARY(f32_reinterpret_i32, u32, f32, std::bit_cast<f32>(a))
TRELLIS_UNARY(f64_reinterpret_i64, u64, f64, std::bit_cast<f64>(a))

} // namespace trellis::wasm::numeric
