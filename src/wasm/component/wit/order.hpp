// Puts things that need one another in order: each behind what it needs, otherwise as they were written.
#pragma once

#include <cstdint>
#include <expected>
#include <vector>

namespace trellis::wasm::component::wit {

/// needs[i] are the numbers of what i needs. The order, or one that is part of a circle. Time is n log n.
std::expected<std::vector<std::uint32_t>, std::uint32_t> in_order(const std::vector<std::vector<std::uint32_t>>& needs);

} // namespace trellis::wasm::component::wit
