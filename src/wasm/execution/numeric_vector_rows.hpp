// Lane types and row macros of numeric_vector_*.hpp. A row names the lane type in which its operands a, b, c are seen;
// the expression uses the compiler's portable vector types, and may yield any 16-byte vector.
#pragma once

#include "wasm/execution/numeric_rows.hpp"

#include <type_traits>
#include <utility>

namespace trellis::wasm::numeric {

using s8x16 = s8 __attribute__((vector_size(16)));
using s16x8 = s16 __attribute__((vector_size(16)));
using s32x4 = s32 __attribute__((vector_size(16)));
using s64x2 = s64 __attribute__((vector_size(16)));
using u8x16 = u8 __attribute__((vector_size(16)));
using u16x8 = u16 __attribute__((vector_size(16)));
using u32x4 = u32 __attribute__((vector_size(16)));
using u64x2 = u64 __attribute__((vector_size(16)));
using f32x4 = f32 __attribute__((vector_size(16)));
using f64x2 = f64 __attribute__((vector_size(16)));

namespace detail {

template <typename To, typename From>
TRELLIS_NUMERIC To view(From value)
{
    static_assert(sizeof(To) == sizeof(From));
    return __builtin_bit_cast(To, value);
}

template <typename Lanes>
using LaneOf = std::remove_cvref_t<decltype(std::declval<Lanes&>()[0])>;

/// `value` in every lane of a vector of unsigned lanes.
template <typename Lanes>
TRELLIS_NUMERIC Lanes splat(LaneOf<Lanes> value)
{
    return Lanes{} + value;
}

} // namespace detail

} // namespace trellis::wasm::numeric

/// Vector name(Vector a), (a, b), (a, b, c) by lanes of one type.
#define TRELLIS_VECTOR_UNARY(name, lanes, ...)                                                                         \
    TRELLIS_NUMERIC Vector name(Vector operand_a)                                                                      \
    {                                                                                                                  \
        const auto a = detail::view<lanes>(operand_a);                                                                 \
        return detail::view<Vector>(__VA_ARGS__);                                                                      \
    }
#define TRELLIS_VECTOR_BINARY(name, lanes, ...)                                                                        \
    TRELLIS_NUMERIC Vector name(Vector operand_a, Vector operand_b)                                                    \
    {                                                                                                                  \
        const auto a = detail::view<lanes>(operand_a);                                                                 \
        const auto b = detail::view<lanes>(operand_b);                                                                 \
        return detail::view<Vector>(__VA_ARGS__);                                                                      \
    }
#define TRELLIS_VECTOR_TERNARY(name, lanes, ...)                                                                       \
    TRELLIS_NUMERIC Vector name(Vector operand_a, Vector operand_b, Vector operand_c)                                  \
    {                                                                                                                  \
        const auto a = detail::view<lanes>(operand_a);                                                                 \
        const auto b = detail::view<lanes>(operand_b);                                                                 \
        const auto c = detail::view<lanes>(operand_c);                                                                 \
        return detail::view<Vector>(__VA_ARGS__);                                                                      \
    }
/// Vector name(Vector a, u32 n): n is already taken modulo the lane width.
#define TRELLIS_VECTOR_SHIFT(name, lanes, ...)                                                                         \
    TRELLIS_NUMERIC Vector name(Vector operand_a, u32 count)                                                           \
    {                                                                                                                  \
        using Lane = detail::LaneOf<lanes>;                                                                            \
        const auto a = detail::view<lanes>(operand_a);                                                                 \
        const auto n = static_cast<Lane>(count & (8 * sizeof(Lane) - 1));                                              \
        return detail::view<Vector>(__VA_ARGS__);                                                                      \
    }
/// u32 name(Vector a): a question about all lanes.
#define TRELLIS_VECTOR_TEST(name, lanes, ...)                                                                          \
    TRELLIS_NUMERIC u32 name(Vector operand_a)                                                                         \
    {                                                                                                                  \
        const auto a = detail::view<lanes>(operand_a);                                                                 \
        return static_cast<u32>(__VA_ARGS__);                                                                          \
    }
