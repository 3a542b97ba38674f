// Instantiation in two steps, for whoever puts the imports in place; in one step: store.hpp.
#pragma once

#include "wasm/execution/store.hpp"

namespace trellis::wasm {

/// An instance to whose lists one checked item per import is to be appended, then finish_instance. Errors: limit.
Result<Instance*> begin_instance(Store& store, std::shared_ptr<const Module> module);
/// Errors: limit, trap.
Result<Instance*> finish_instance(Instance& instance);

} // namespace trellis::wasm
