// The stack of guest frames: mapped memory with a guard page behind it, so that a frame that was not checked faults
// instead of overwriting. Frames are pushed by a tier. Belongs to its store's thread.
#pragma once

#include "base/pages.hpp"
#include "wasm/execution/store.hpp"

namespace trellis::wasm {

struct Store::Stack {
    Slot* base;
    Slot* limit; ///< one past the last usable slot
    /// First slot free for a new activation. A tier sets it behind its running frame before it calls a host function or
    /// an operation: the collector scans [base, top).
    Slot* top;
    Pages pages;

    static Result<std::unique_ptr<Stack>> make(std::uint64_t bytes);

    [[nodiscard]] bool has_room(std::size_t slots) const { return static_cast<std::size_t>(limit - top) >= slots; }
};

} // namespace trellis::wasm
