// What this engine refuses although the specification allows it: bounds that keep memory and time in proportion to the
// input, at the values other engines use. Exceeding one is an error of code `limit`, found by decoder or validator.
// https://webassembly.github.io/spec/core/appendix/implementation.html
#pragma once

#include <cstdint>

namespace trellis::wasm::implementation_limits {

inline constexpr std::uint32_t module_bytes = 0x4000'0000; ///< 1 GiB; offsets are 32 bits
inline constexpr std::uint32_t types = 1'000'000;
inline constexpr std::uint32_t recursion_group_types = 1'000'000;
inline constexpr std::uint32_t subtyping_depth = 63; ///< supertypes above a type
inline constexpr std::uint32_t parameters = 1'000;
inline constexpr std::uint32_t results = 1'000;
inline constexpr std::uint32_t struct_fields = 10'000;
inline constexpr std::uint32_t imports = 1'000'000;
inline constexpr std::uint32_t exports = 1'000'000;
inline constexpr std::uint32_t functions = 1'000'000; ///< imported ones included, as below
inline constexpr std::uint32_t tables = 100'000;
inline constexpr std::uint32_t memories = 100'000;
inline constexpr std::uint32_t globals = 1'000'000;
inline constexpr std::uint32_t tags = 1'000'000;
inline constexpr std::uint32_t element_segments = 100'000;
inline constexpr std::uint32_t data_segments = 100'000;
inline constexpr std::uint32_t function_bytes = 0x800'0000; ///< 128 MiB
inline constexpr std::uint32_t locals = 50'000;             ///< of one function, parameters included
inline constexpr std::uint32_t operands = 0x10'0000; ///< on the operand stack of one function at a time; a power of two
inline constexpr std::uint32_t array_new_fixed_operands = 10'000;

} // namespace trellis::wasm::implementation_limits
