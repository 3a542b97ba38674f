// Pre-initialisation: runs a module's initialisation once, and writes an ordinary module that begins where it ended.
// All memories, globals and tables are kept, as far as a module can say what they hold: it is looked at what the
// initialisation did, not at what the code might do. The same input gives the same bytes. One thread.
#pragma once

#include "wasm/execution/linker.hpp"
#include "wasm/preinit/plan.hpp"

namespace trellis::wasm {

/// Instantiates the module in the store with what the linker provides (what it does not provide may not be called),
/// calls its start function, `_initialize` and the initialisation, and writes the module, which is valid.
/// Errors: those of plan_preinit, of instantiation, and of the snapshot; trap, with the backtrace in the message and
/// store.last_trap.
Result<SharedBytes> preinitialise(Store& store, std::shared_ptr<const Module> module, Linker linker,
                                  const PreinitOptions& options = {});

} // namespace trellis::wasm
