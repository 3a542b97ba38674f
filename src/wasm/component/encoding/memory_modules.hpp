// Small core modules that help adapters to memory: one makes malloc what they allocate with, one moves bytes between
// the main module's memory and the adapter's own.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace trellis::wasm::component::encoding {

inline constexpr std::string_view realloc_name = "cabi_realloc", malloc_name = "malloc";

/// The module that an adapter with a memory of its own imports from: how many `pages` the main module's memory has,
/// `read` from there to here, and `write` from here to there, each with the places to and from and the length.
inline constexpr std::string_view main_memory_name = "__main_memory__", main_memory_write = "write";

/// A module that imports "" `malloc` and exports `cabi_realloc`, which allocates and does no more.
std::vector<std::uint8_t> malloc_module();

/// A module that imports "" `from` and `to`, two memories, and exports what is said above: `pages` of the first, and
/// `copy` for both directions.
std::vector<std::uint8_t> copier_module();

} // namespace trellis::wasm::component::encoding
