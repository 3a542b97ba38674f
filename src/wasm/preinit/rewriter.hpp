// A module's binary with its definitions changed to what an instance of it holds now. Sections that don't change, and
// definitions in those that do, are copied as they stand; indices keep their meaning everywhere, custom sections stay
// where they are.
#pragma once

#include "wasm/preinit/plan.hpp"
#include "wasm/preinit/snapshot.hpp"

namespace trellis::wasm {

/// Errors: unsupported, for what can't be written in a module, with the place that holds it; limit.
Result<SharedBytes> rewrite_module(const Instance& instance, const PreinitPlan& plan, const Snapshot& snapshot);

} // namespace trellis::wasm
