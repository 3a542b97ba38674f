// Which parts of WebAssembly a module uses: types, definitions and every instruction are looked at.
#pragma once

#include "base/result.hpp"
#include "wasm/syntax/module.hpp"

#include <vector>

namespace trellis::cli {

/// In the order of the enumeration. `module` need not be valid. Errors: malformed (in a body).
Result<std::vector<wasm::Feature>> features_used(const wasm::Module& module);

} // namespace trellis::cli
