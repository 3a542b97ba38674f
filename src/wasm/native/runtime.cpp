#include "wasm/native/runtime.hpp"

#include "wasm/execution/signal_handler.hpp"
#include "wasm/native/unwind.hpp"

#include <utility>

namespace trellis::wasm::native {

extern "C" [[noreturn]] TRELLIS_NEVER_RETURNS void trellis_leave_native(Context* context, Trap trap)
{
    if (static_cast<const StoreState&>(*context->stacks).tail_call)
        leave_guest(*current_activation, Trap::none);
    auto& store = *context->instance->store;
    if (trap == Trap::uncaught_exception) {
        if (const auto landing = find_landing(store, context->stacks->guest_stack); landing.pad) {
            context->stacks->guest_stack = nullptr;
            go_on_at(landing, std::exchange(store.pending_exception, null_ref));
        }
    }
    leave_guest(*current_activation, trap);
}

extern "C" const char trellis_runtime_entry[][runtime_entry_bytes]; // runtime_PROCESSOR.cpp

const void* const* runtime_entries()
{
    static_assert(static_cast<std::size_t>(RuntimeFunction::count_) <= 64);
    static const auto entries = [] {
        std::array<const void*, static_cast<std::size_t>(RuntimeFunction::count_)> all{};
        for (std::size_t i = 0; i < all.size(); ++i)
            all[i] = trellis_runtime_entry[i];
        return all;
    }();
    return entries.data();
}

} // namespace trellis::wasm::native
