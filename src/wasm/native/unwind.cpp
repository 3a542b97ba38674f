#include "wasm/native/unwind.hpp"

#include "wasm/execution/signal_handler.hpp"
#include "wasm/native/runtime.hpp"

#include <utility>

namespace trellis::wasm::native {

CodePlace code_at(const Store& store, const void* address)
{
    for (const auto& instance : store.instances)
        if (instance.native)
            if (const auto* const image = native_of(instance).module().image_at(address))
                return {&instance, image};
    return {};
}

bool is_outermost(const Store& store, const void* guest_stack)
{
    const auto* const frame = static_cast<const LeftFrame*>(guest_stack)->registers.frame_pointer;
    const auto* const call = static_cast<const std::byte*>(frame[1]) - 1;
    const auto* const image = code_at(store, call).image;
    return image && image->is_between_tiers(call);
}

Landing find_landing(Store& store, const void* guest_stack)
{
    auto& state = *state_of(store).value();
    const bool passes_on = std::exchange(state.passes_on, false);
    bool is_noted = passes_on; // this frame's call was, when the exception came out of it
    if (!passes_on)
        state.thrown_through.clear();
    const auto& left = *static_cast<const LeftFrame*>(guest_stack);
    Landing now;
    now.stack = &left + 1;
    now.registers = left.registers;
    const auto* call = static_cast<const std::byte*>(left.return_address) - 1;
    while (const auto* const image = code_at(store, call).image) {
        if (!std::exchange(is_noted, false) && state.thrown_through.size() < most_backtrace_frames)
            state.thrown_through.push_back(call);
        now.pad = image->landing(call);
        if (now.pad)
            return now;
        const auto* const frame = now.registers.frame_pointer;
        const auto* const at = reinterpret_cast<const std::byte*>(frame);
        const auto* const saved = image->saved_registers(call);
        if (!saved)
            break;
        for (std::size_t i = 0; i < kept_registers; ++i)
            if (saved->offsets[i] != 0)
                std::memcpy(&now.registers.values[i], at + saved->offsets[i], 8);
        now.registers.frame_pointer = static_cast<const void* const*>(frame[0]);
        call = static_cast<const std::byte*>(frame[1]) - 1;
        now.stack = at + saved->caller_stack;
    }
    state.is_uncaught = true;
    return {};
}

} // namespace trellis::wasm::native
