// Adapters: core modules that stand between the main one and the world, as WASI 0.1's functions made of components'
// interfaces. They live in the main module's memory, and have no stack in it until they are given one.
#pragma once

#include "base/result.hpp"
#include "wasm/syntax/module.hpp"

#include <set>

namespace trellis::wasm::component::encoding {

inline constexpr std::string_view realloc_name = "cabi_realloc", malloc_name = "malloc";

/// Which imported functions can be reached from exports of these names; all, where a body can't be read.
std::vector<bool> used_imports(const Module& module, const std::set<std::string_view>& roots);

/// The adapter's binary, without its world, and with a function that allocates its stack when it is instantiated if it
/// has a global `__stack_pointer`. Errors: unsupported.
Result<std::vector<std::uint8_t>> adapter_binary(const Module& module);

/// A module that imports "" `malloc` and exports `cabi_realloc`, which allocates and does no more.
std::vector<std::uint8_t> malloc_module();

} // namespace trellis::wasm::component::encoding
