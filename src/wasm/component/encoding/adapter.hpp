// Adapters: core modules that stand between the main one and the world, as WASI 0.1's functions made of components'
// interfaces. Some live in the main module's memory, and have no stack in it until they are given one; others have a
// memory of their own, and reach the other one through functions.
#pragma once

#include "base/result.hpp"
#include "wasm/syntax/module.hpp"

namespace trellis::wasm::component::encoding {

/// The adapter's binary, without its world and without what is not live. With a function that allocates its stack when
/// it is instantiated, if it has a global `__stack_pointer` and lives in the main module's memory. Errors: unsupported.
Result<std::vector<std::uint8_t>> adapter_binary(const Module& module, const std::vector<bool>& live);

} // namespace trellis::wasm::component::encoding
