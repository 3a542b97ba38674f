// Small core modules that help adapters to memory: one makes malloc what they allocate with, one moves bytes between
// the main module's memory and the adapter's own.
#pragma once

#include "wasm/syntax/types.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace trellis::wasm::component::encoding {

inline constexpr std::string_view realloc_name = "cabi_realloc", malloc_name = "malloc";

/// The module that an adapter with a memory of its own imports from, and what that module imports from "".
inline constexpr std::string_view main_memory_name = "__main_memory__", main_memory = "main", own_memory = "own";

/// A module that imports "" `malloc` and exports `cabi_realloc`, which allocates and does no more.
std::vector<std::uint8_t> malloc_module();

/// A module between the main one's memory and the adapter's own: `pages` of the first, `read` from there to here, and
/// `write`, the other way round.
std::vector<std::uint8_t> main_memory_module();

} // namespace trellis::wasm::component::encoding
