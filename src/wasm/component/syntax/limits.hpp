// What this engine refuses although the specification allows it: bounds that keep memory and time in proportion to the
// input, at the values other engines use. Exceeding one is an error of code `limit`, or `invalid` where the official
// suites ask for that.
#pragma once

#include <cstdint>

namespace trellis::wasm::component::limits {

inline constexpr std::uint32_t nesting = 100;           ///< of components, and of declared types, in one another
inline constexpr std::uint32_t definitions = 4'000'000; ///< nested components included
inline constexpr std::uint32_t types = 1'000'000;       ///< of one scope, core types included
inline constexpr std::uint32_t functions = 1'000'000;   ///< of one component, core functions included
inline constexpr std::uint32_t modules = 1'000;         ///< of one component
inline constexpr std::uint32_t components = 1'000;
inline constexpr std::uint32_t instances = 1'000;      ///< of one component, core instances included
inline constexpr std::uint32_t arguments = 100'000;    ///< of an instantiation
inline constexpr std::uint32_t options = 10;           ///< of a canonical definition
inline constexpr std::uint32_t members = 10'000;       ///< of a record, variant, tuple or enum
inline constexpr std::uint32_t parameters = 1'000;     ///< of a function
inline constexpr std::uint32_t flags = 32;             ///< of a flags type
inline constexpr std::uint32_t type_depth = 100;       ///< of a value type
inline constexpr std::uint32_t type_nodes = 1'000'000; ///< of a type written out as a tree
inline constexpr std::uint64_t value_bytes = 1 << 28;  ///< of a value in memory: less than that
inline constexpr std::uint32_t list_elements = 1 << 30;
inline constexpr std::uint32_t flat_params = 16;
inline constexpr std::uint32_t flat_async_params = 4;
inline constexpr std::uint32_t flat_results = 1;
inline constexpr std::uint64_t steps = 20'000'000; ///< of substitution and comparison of types

} // namespace trellis::wasm::component::limits
