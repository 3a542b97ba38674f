// Whether what is given for an import is what the import asks for.
// https://webassembly.github.io/spec/core/valid/matching.html#external-types
#pragma once

#include "wasm/execution/store.hpp"

namespace trellis::wasm {

/// Errors: unlinkable "incompatible import type", naming the import and both sides.
Result<> match_import(const Module& module, const Import& import, const Extern& given);

} // namespace trellis::wasm
