// The vector operations that no portable expression compiles well to: in the instructions of the processor where
// they are known, else lane by lane. Pure functions, for any thread.
#pragma once

#include "wasm/execution/numeric_vector_rows.hpp"

#if defined(__SSE4_1__)
#include <smmintrin.h>
#endif

namespace trellis::wasm::numeric::detail {

/// Lane i: table[indices[i] % 16], or 0 if indices[i] is 128 or more.
TRELLIS_NUMERIC u8x16 permute(u8x16 table, u8x16 indices);
/// Lane i: a[i] truncated, or the least integer where that is out of range or a NaN.
TRELLIS_NUMERIC s32x4 truncate_or_least(f32x4 a);
/// Lane i: (a[i] * b[i] + 2^14) >> 15, saturated.
TRELLIS_NUMERIC s16x8 multiply_q15_saturating(s16x8 a, s16x8 b);
/// Lane i: a[i] where that is greater than 0, else, and for a NaN, 0.
template <class Floats>
[[gnu::always_inline]] inline Floats positive_or_zero(Floats a);

#if defined(__SSE4_1__)

TRELLIS_NUMERIC u8x16 permute(u8x16 table, u8x16 indices)
{
    return view<u8x16>(_mm_shuffle_epi8(view<__m128i>(table), view<__m128i>(indices)));
}

TRELLIS_NUMERIC s32x4 truncate_or_least(f32x4 a)
{
    return view<s32x4>(_mm_cvttps_epi32(view<__m128>(a)));
}

TRELLIS_NUMERIC s16x8 multiply_q15_saturating(s16x8 a, s16x8 b)
{
    const auto product = view<s16x8>(_mm_mulhrs_epi16(view<__m128i>(a), view<__m128i>(b)));
    return product ^ (product == std::numeric_limits<s16>::min()); // only -1 * -1 overflows
}

template <class Floats>
[[gnu::always_inline]] inline Floats positive_or_zero(Floats a)
{
    return a > Floats{} ? a : Floats{};
}

#else

TRELLIS_NUMERIC u8x16 permute(u8x16 table, u8x16 indices)
{
    u8x16 result{};
    for (int i = 0; i < 16; ++i)
        result[i] = indices[i] < 128 ? table[indices[i] % 16] : u8(0);
    return result;
}

TRELLIS_NUMERIC s32x4 truncate_or_least(f32x4 a)
{
    s32x4 result{};
    for (int i = 0; i < 4; ++i)
        result[i] = a[i] >= -0x1p31F && a[i] < 0x1p31F ? static_cast<s32>(a[i]) : std::numeric_limits<s32>::min();
    return result;
}

TRELLIS_NUMERIC s16x8 multiply_q15_saturating(s16x8 a, s16x8 b)
{
    s16x8 result{};
    for (int i = 0; i < 8; ++i) {
        const s32 product = (s32(a[i]) * b[i] + (1 << 14)) >> 15;
        result[i] = product == 1 << 15 ? s16(0x7fff) : static_cast<s16>(product);
    }
    return result;
}

/// In two steps: LLVM takes one for fmaxnm on aarch64, which makes a NaN of a signalling NaN.
template <class Floats>
[[gnu::always_inline]] inline Floats positive_or_zero(Floats a)
{
    const Floats number = a == a ? a : Floats{};
    return number > Floats{} ? number : Floats{};
}

#endif

} // namespace trellis::wasm::numeric::detail
