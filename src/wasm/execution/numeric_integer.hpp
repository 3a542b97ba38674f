// The integer instructions: comparison, arithmetic, division, sign extension, and 128-bit ("wide") arithmetic.
// Integers are unsigned; signed ones are casts. Pure functions, for any thread.
// https://webassembly.github.io/spec/core/exec/numerics.html#integer-operations
#pragma once

#include "wasm/execution/numeric_rows.hpp"

namespace trellis::wasm::numeric {

namespace detail {

template <typename Unsigned>
TRELLIS_NUMERIC Trap divide_unsigned(Unsigned a, Unsigned b, Unsigned& r)
{
    if (b == 0) [[unlikely]]
        return Trap::integer_divide_by_zero;
    r = a / b;
    return Trap::none;
}

template <typename Unsigned>
TRELLIS_NUMERIC Trap remainder_unsigned(Unsigned a, Unsigned b, Unsigned& r)
{
    if (b == 0) [[unlikely]]
        return Trap::integer_divide_by_zero;
    r = a % b;
    return Trap::none;
}

template <typename Signed, typename Unsigned>
TRELLIS_NUMERIC Trap divide_signed(Unsigned a, Unsigned b, Unsigned& r)
{
    if (b + 1 <= 1) [[unlikely]] { // 0 and -1: both leave the fast path with one comparison
        if (b == 0)
            return Trap::integer_divide_by_zero;
        if (static_cast<Signed>(a) == std::numeric_limits<Signed>::min())
            return Trap::integer_overflow;
        r = 0 - a;
        return Trap::none;
    }
    r = static_cast<Unsigned>(static_cast<Signed>(a) / static_cast<Signed>(b));
    return Trap::none;
}

template <typename Signed, typename Unsigned>
TRELLIS_NUMERIC Trap remainder_signed(Unsigned a, Unsigned b, Unsigned& r)
{
    if (b + 1 <= 1) [[unlikely]] {
        r = 0; // of a division by -1, even where that overflows
        return b == 0 ? Trap::integer_divide_by_zero : Trap::none;
    }
    r = static_cast<Unsigned>(static_cast<Signed>(a) % static_cast<Signed>(b));
    return Trap::none;
}

__extension__ using u128 = unsigned __int128;
__extension__ using s128 = __int128;

TRELLIS_NUMERIC u128 join(u64 lo, u64 hi)
{
    return static_cast<u128>(hi) << 64 | lo;
}

TRELLIS_NUMERIC void split(u128 value, u64& lo, u64& hi)
{
    lo = static_cast<u64>(value);
    hi = static_cast<u64>(value >> 64);
}

} // namespace detail

TRELLIS_UNARY(i32_eqz, u32, u32, a == 0)
TRELLIS_BINARY(i32_eq, u32, u32, a == b)
TRELLIS_BINARY(i32_ne, u32, u32, a != b)
TRELLIS_BINARY(i32_lt_s, u32, u32, static_cast<s32>(a) < static_cast<s32>(b))
TRELLIS_BINARY(i32_lt_u, u32, u32, a < b)
TRELLIS_BINARY(i32_gt_s, u32, u32, static_cast<s32>(a) > static_cast<s32>(b))
TRELLIS_BINARY(i32_gt_u, u32, u32, a > b)
TRELLIS_BINARY(i32_le_s, u32, u32, static_cast<s32>(a) <= static_cast<s32>(b))
TRELLIS_BINARY(i32_le_u, u32, u32, a <= b)
TRELLIS_BINARY(i32_ge_s, u32, u32, static_cast<s32>(a) >= static_cast<s32>(b))
TRELLIS_BINARY(i32_ge_u, u32, u32, a >= b)

TRELLIS_UNARY(i32_clz, u32, u32, std::countl_zero(a))
TRELLIS_UNARY(i32_ctz, u32, u32, std::countr_zero(a))
TRELLIS_UNARY(i32_popcnt, u32, u32, std::popcount(a))
TRELLIS_BINARY(i32_add, u32, u32, a + b)
TRELLIS_BINARY(i32_sub, u32, u32, a - b)
TRELLIS_BINARY(i32_mul, u32, u32, a* b)
TRELLIS_BINARY(i32_and, u32, u32, a& b)
TRELLIS_BINARY(i32_or, u32, u32, a | b)
TRELLIS_BINARY(i32_xor, u32, u32, a ^ b)
TRELLIS_BINARY(i32_shl, u32, u32, a << (b & 31))
TRELLIS_BINARY(i32_shr_s, u32, u32, static_cast<s32>(a) >> (b & 31))
TRELLIS_BINARY(i32_shr_u, u32, u32, a >> (b & 31))
TRELLIS_BINARY(i32_rotl, u32, u32, std::rotl(a, static_cast<int>(b & 31)))
TRELLIS_BINARY(i32_rotr, u32, u32, std::rotr(a, static_cast<int>(b & 31)))
TRELLIS_UNARY(i32_extend8_s, u32, u32, static_cast<s8>(a))
TRELLIS_UNARY(i32_extend16_s, u32, u32, static_cast<s16>(a))

TRELLIS_TRAPPING_BINARY(i32_div_s, u32, u32, detail::divide_signed<s32>(a, b, r))
TRELLIS_TRAPPING_BINARY(i32_div_u, u32, u32, detail::divide_unsigned(a, b, r))
TRELLIS_TRAPPING_BINARY(i32_rem_s, u32, u32, detail::remainder_signed<s32>(a, b, r))
TRELLIS_TRAPPING_BINARY(i32_rem_u, u32, u32, detail::remainder_unsigned(a, b, r))

TRELLIS_UNARY(i64_eqz, u64, u32, a == 0)
TRELLIS_BINARY(i64_eq, u64, u32, a == b)
TRELLIS_BINARY(i64_ne, u64, u32, a != b)
TRELLIS_BINARY(i64_lt_s, u64, u32, static_cast<s64>(a) < static_cast<s64>(b))
TRELLIS_BINARY(i64_lt_u, u64, u32, a < b)
TRELLIS_BINARY(i64_gt_s, u64, u32, static_cast<s64>(a) > static_cast<s64>(b))
TRELLIS_BINARY(i64_gt_u, u64, u32, a > b)
TRELLIS_BINARY(i64_le_s, u64, u32, static_cast<s64>(a) <= static_cast<s64>(b))
TRELLIS_BINARY(i64_le_u, u64, u32, a <= b)
TRELLIS_BINARY(i64_ge_s, u64, u32, static_cast<s64>(a) >= static_cast<s64>(b))
TRELLIS_BINARY(i64_ge_u, u64, u32, a >= b)

TRELLIS_UNARY(i64_clz, u64, u64, std::countl_zero(a))
TRELLIS_UNARY(i64_ctz, u64, u64, std::countr_zero(a))
TRELLIS_UNARY(i64_popcnt, u64, u64, std::popcount(a))
TRELLIS_BINARY(i64_add, u64, u64, a + b)
TRELLIS_BINARY(i64_sub, u64, u64, a - b)
TRELLIS_BINARY(i64_mul, u64, u64, a* b)
TRELLIS_BINARY(i64_and, u64, u64, a& b)
TRELLIS_BINARY(i64_or, u64, u64, a | b)
TRELLIS_BINARY(i64_xor, u64, u64, a ^ b)
TRELLIS_BINARY(i64_shl, u64, u64, a << (b & 63))
TRELLIS_BINARY(i64_shr_s, u64, u64, static_cast<s64>(a) >> (b & 63))
TRELLIS_BINARY(i64_shr_u, u64, u64, a >> (b & 63))
TRELLIS_BINARY(i64_rotl, u64, u64, std::rotl(a, static_cast<int>(b & 63)))
TRELLIS_BINARY(i64_rotr, u64, u64, std::rotr(a, static_cast<int>(b & 63)))
TRELLIS_UNARY(i64_extend8_s, u64, u64, static_cast<s8>(a))
TRELLIS_UNARY(i64_extend16_s, u64, u64, static_cast<s16>(a))
TRELLIS_UNARY(i64_extend32_s, u64, u64, static_cast<s32>(a))

TRELLIS_TRAPPING_BINARY(i64_div_s, u64, u64, detail::divide_signed<s64>(a, b, r))
TRELLIS_TRAPPING_BINARY(i64_div_u, u64, u64, detail::divide_unsigned(a, b, r))
TRELLIS_TRAPPING_BINARY(i64_rem_s, u64, u64, detail::remainder_signed<s64>(a, b, r))
TRELLIS_TRAPPING_BINARY(i64_rem_u, u64, u64, detail::remainder_unsigned(a, b, r))

TRELLIS_NUMERIC void i64_add128(u64 a_lo, u64 a_hi, u64 b_lo, u64 b_hi, u64& lo, u64& hi)
{
    detail::split(detail::join(a_lo, a_hi) + detail::join(b_lo, b_hi), lo, hi);
}

TRELLIS_NUMERIC void i64_sub128(u64 a_lo, u64 a_hi, u64 b_lo, u64 b_hi, u64& lo, u64& hi)
{
    detail::split(detail::join(a_lo, a_hi) - detail::join(b_lo, b_hi), lo, hi);
}

TRELLIS_NUMERIC void i64_mul_wide_s(u64 a, u64 b, u64& lo, u64& hi)
{
    const auto product = static_cast<detail::s128>(static_cast<s64>(a)) * static_cast<s64>(b);
    detail::split(static_cast<detail::u128>(product), lo, hi);
}

TRELLIS_NUMERIC void i64_mul_wide_u(u64 a, u64 b, u64& lo, u64& hi)
{
    detail::split(static_cast<detail::u128>(a) * b, lo, hi);
}

} // namespace trellis::wasm::numeric
