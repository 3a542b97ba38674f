#include "wasm/execution/strand.hpp"

#include "wasm/execution/slot_pool.hpp"

#include <algorithm>

namespace trellis::wasm {

Result<> place_compiled_frames(StackState& state, Store::Stack& stack)
{
    TRELLIS_TRY(stack.make_compiled());
    state = {};
    state.guard = stack.compiled.base();
    state.guard_bytes = Store::Stack::compiled_guard_bytes;
    state.top = stack.compiled.base() + stack.compiled.size();
    return {};
}

Result<Store::Stack*> Store::take_stack()
{
    if (!idle_stacks_.empty()) {
        Stack* const kept = idle_stacks_.back();
        idle_stacks_.pop_back();
        return kept;
    }
    stacks_.push_back(TRELLIS_TRY(pool_ ? pool_->take_stack(limits_.stack_bytes) : Stack::make(limits_.stack_bytes)));
    return stacks_.back().get();
}

void Store::adopt_stack_limit()
{
    interrupt_state_->stack_limit = reinterpret_cast<std::uintptr_t>(stack->reached);
    if (interrupt_state_->requested)
        interrupt_state_->stack_limit = 0;
}

Result<Store::Stack*> Store::guest_stack()
{
    if (!stack) {
        stack = TRELLIS_TRY(take_stack());
        adopt_stack_limit();
    }
    return stack;
}

Result<> Store::switch_strand(Strand& from, Strand& to)
{
    if (!to.stack)
        to.stack = TRELLIS_TRY(take_stack());
    if (compiled_stack && !to.compiled.top)
        TRELLIS_TRY(place_compiled_frames(to.compiled, *to.stack));
    from = {stack, current_activation, compiled_stack ? *compiled_stack : StackState()};
    parked_.push_back(&from);
    std::erase(parked_, &to);
    stack = to.stack;
    current_activation = to.activation;
    if (compiled_stack)
        *compiled_stack = to.compiled;
    adopt_stack_limit();
    return {};
}

void Store::release(Strand& strand)
{
    std::erase(parked_, &strand);
    if (strand.stack)
        idle_stacks_.push_back(strand.stack);
    strand = {};
}

} // namespace trellis::wasm
