// The tiers that are compared: the first one is what the others have to agree with.
#pragma once

#include "wasm/execution/store.hpp"

#include <span>

namespace trellis::agreement {

/// What a module is run with.
struct Mode {
    bool metered = false;
    bool deterministic = false; ///< canonical NaNs: their bits are compared
};

struct TierRow {
    std::string_view name;
    const wasm::Tier* tier;
    /// Of a module that has no instance yet.
    Result<> (*prepare)(const wasm::Module& module, const Mode& mode);
};

std::span<const TierRow> tiers();

} // namespace trellis::agreement
