// How numeric_*.hpp define the numeric instructions: one row per instruction, its operands named a, b, c and its result
// an expression over them. Functions are forced inline, so that an interpreter's handler stays a leaf.
#pragma once

#include "wasm/execution/trap.hpp"
#include "wasm/execution/value.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace trellis::wasm::numeric {

using s8 = std::int8_t;
using s16 = std::int16_t;
using s32 = std::int32_t;
using s64 = std::int64_t;
using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using f32 = float;
using f64 = double;

} // namespace trellis::wasm::numeric

// NOLINTBEGIN(bugprone-macro-parentheses): types and names can't be parenthesised
#define TRELLIS_NUMERIC [[gnu::always_inline]] constexpr

/// result name(operand a) and result name(operand a, operand b)
#define TRELLIS_UNARY(name, operand, result, ...)                                                                      \
    TRELLIS_NUMERIC result name(operand a)                                                                             \
    {                                                                                                                  \
        return static_cast<result>(__VA_ARGS__);                                                                       \
    }
#define TRELLIS_BINARY(name, operand, result, ...)                                                                     \
    TRELLIS_NUMERIC result name(operand a, operand b)                                                                  \
    {                                                                                                                  \
        return static_cast<result>(__VA_ARGS__);                                                                       \
    }
/// Trap name(operand..., result& r): the expression is a Trap-returning call that sets r.
#define TRELLIS_TRAPPING_UNARY(name, operand, result, ...)                                                             \
    TRELLIS_NUMERIC Trap name(operand a, result& r)                                                                    \
    {                                                                                                                  \
        return __VA_ARGS__;                                                                                            \
    }
#define TRELLIS_TRAPPING_BINARY(name, operand, result, ...)                                                            \
    TRELLIS_NUMERIC Trap name(operand a, operand b, result& r)                                                         \
    {                                                                                                                  \
        return __VA_ARGS__;                                                                                            \
    }
// NOLINTEND(bugprone-macro-parentheses)
