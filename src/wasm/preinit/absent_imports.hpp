// What a module gets for imports that nobody provides while it is pre-initialised: functions that trap and say which
// import it was that the initialisation called. So what is never called need not be there.
#pragma once

#include "wasm/execution/linker.hpp"

namespace trellis::wasm {

/// For the end of a linker's list of providers; answers the module's function and tag imports. The module outlives the
/// store.
ImportProvider absent_imports(std::shared_ptr<const Module> module);

} // namespace trellis::wasm
