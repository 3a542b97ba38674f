// The stack that compiled code runs on, with a guard area below it: only compiled code ever reaches that, so a fault
// there means that the guest's stack is exhausted. One per store, made by its first call.
#pragma once

#include "base/pages.hpp"
#include "wasm/native/context.hpp"

namespace trellis::wasm::native {

struct Activation;

/// What the native tier keeps per store.
struct StoreState {
    /// Larger than any frame that is not probed page by page.
    static constexpr std::uint64_t guard_bytes = 64 * 1024;

    StackState stack;
    Pages pages;
    Activation* innermost = nullptr; ///< of this store
    std::uint32_t raised_at = 0;     ///< offset in the module's binary of the instruction that called `raise`

    [[nodiscard]] std::byte* top() const { return pages.base() + pages.size(); }
};

/// Errors: limit.
Result<StoreState*> state_of(Store& store);

} // namespace trellis::wasm::native
