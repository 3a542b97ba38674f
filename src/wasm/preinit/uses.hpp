// What function bodies refer to, as far as a rewriter has to know: one walk over all of them.
#pragma once

#include "wasm/syntax/module.hpp"

#include <vector>

namespace trellis::wasm {

struct Uses {
    std::vector<bool> functions;     ///< by index: ref.func names it
    std::uint32_t data_segments = 0; ///< one more than the highest number that is named
};

/// Of a validated module.
Uses uses_of_bodies(const Module& module);

} // namespace trellis::wasm
