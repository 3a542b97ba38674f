// The module `spectest` that the official scripts import from.
#pragma once

#include "wasm/execution/linker.hpp"

namespace trellis::conformance {

/// Defines fresh objects of `spectest` in the store. Errors: as for making memories and tables.
Result<> define_spectest(wasm::Store& store, wasm::Linker& linker);

} // namespace trellis::conformance
