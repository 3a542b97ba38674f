// Values at run time. A Slot is eight bytes of guest state without its type: validation has proven what it holds.
// A v128 takes two neighbouring slots, low half first.
#pragma once

#include "wasm/syntax/types.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace trellis::wasm {

/// A reference. 0 is null, of every type.
///   func hierarchy          the address of a Function
///   any, extern hierarchies the number of a heap object (heap.hpp: 8-byte aligned, below 2^32), or an i31: its 31 bits
///                           shifted left by one, plus 1. Internal and external references have one representation, so
///                           any.convert_extern and extern.convert_any change nothing.
///   exn hierarchy           the number of a heap object
using Ref = std::uint64_t;
inline constexpr Ref null_ref = 0;

constexpr Ref i31_ref(std::uint32_t value)
{
    return (static_cast<std::uint64_t>(value) << 1 | 1) & 0xffff'ffff;
}
constexpr bool is_i31(Ref ref)
{
    return ref & 1;
}

/// Four floats, 16 bytes, ... as the numeric functions take and give them.
using Vector = std::uint8_t __attribute__((vector_size(16)));

union Slot {
    std::uint64_t u64;
    std::int64_t i64;
    std::uint32_t u32; ///< i32 values leave the upper half unspecified
    std::int32_t i32;
    float f32;
    double f64;
    Ref ref;
};
static_assert(sizeof(Slot) == 8);

/// A value with its type, for embedders, tests and tools.
struct Value {
    ValType type;
    std::array<Slot, 2> slots{};

    static Value of_i32(std::uint32_t bits) { return {i32, {Slot{.u64 = bits}}}; }
    static Value of_i64(std::uint64_t bits) { return {i64, {Slot{.u64 = bits}}}; }
    static Value of_f32(std::uint32_t bits) { return {f32, {Slot{.u64 = bits}}}; }
    static Value of_f64(std::uint64_t bits) { return {f64, {Slot{.u64 = bits}}}; }
    static Value of_ref(ValType type, Ref ref) { return {type, {Slot{.ref = ref}}}; }
};

} // namespace trellis::wasm
