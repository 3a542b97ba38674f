// Random bytes from the system, good enough for keys. No state; any thread.
#pragma once

#include "sandbox/waiting.hpp"

#include <cstddef>
#include <span>

namespace trellis::sandbox {

/// Fills all of `bytes`, in slices. Errors: guest_trapped, those of getrandom(2).
Outcome<> fill_with_randomness(std::span<std::byte> bytes, Wait& wait);

} // namespace trellis::sandbox
