// Calls from one guest to another that nothing can wait in between: neither function is asynchronous, and no threads
// are made. Everything they need is on the stack; numbers are passed as they stand.
#include "wasm/component/execution/builtins.hpp"
#include "wasm/component/execution/canonical_abi.hpp"
#include "wasm/component/syntax/limits.hpp"

namespace trellis::wasm::component {
namespace {

/// Whether a value is the same core values on both sides, whatever it is.
bool is_copied(const TypeArena& arena, ValueTypeId id)
{
    using enum ValueKind;
    const ValueKind kind = arena[id].kind;
    return kind == s32 || kind == u32 || kind == s64 || kind == u64 || kind == f32 || kind == f64;
}

/// Instances that a call enters, while it lasts. A trap leaves them entered.
class Entry {
public:
    explicit Entry(std::span<ComponentInstance* const> entered) : entered_(entered) {}
    [[nodiscard]] bool is_allowed() const
    {
        return std::ranges::all_of(entered_, [](const auto* one) { return bool(one->may_enter); });
    }
    void set(bool may_enter) const
    {
        for (ComponentInstance* const one : entered_)
            one->may_enter = may_enter;
    }

private:
    std::span<ComponentInstance* const> entered_;
};

/// The callee's core values on the way in and out.
struct PlainFrame {
    std::array<Slot, FlatTypes::max> slots; // not initialised: parameters and results are written
    Slot* data() { return slots.data(); }
};

Trap pass_in(LowerContext& lower, Subtask* lender, Task* task, Slot* frame, PlainFrame& callee)
{
    if (lower.copies_parameters) {
        std::copy_n(frame, lower.slots, callee.data());
        return Trap::none;
    }
    ComponentStore& store = lower.instance->store;
    return pass_parameters({store, lower.side, lender}, {store, lower.callee->side, task}, *lower.callee, frame,
                           limits::flat_params, callee.data());
}

Trap pass_out(LowerContext& lower, Slot* frame, std::uint32_t out, PlainFrame& callee)
{
    if (lower.copies_result) {
        frame[0] = callee.slots[0];
        return Trap::none;
    }
    ComponentStore& store = lower.instance->store;
    return pass_result({store, lower.callee->side}, {store, lower.side}, *lower.callee, callee.data(),
                       limits::flat_results, frame, limits::flat_results, &out);
}

Trap run_post_return(const LowerContext& lower, Slot result)
{
    const ComponentFunction& callee = *lower.callee;
    if (!callee.post_return)
        return Trap::none;
    callee.side.instance->may_leave = false;
    if (const Trap trap = call_core(lower.instance->store, *callee.post_return, &result); failed(trap))
        return trap;
    callee.side.instance->may_leave = true;
    return Trap::none;
}

Trap run_plain(LowerContext& lower, Subtask* lender, Slot* frame)
{
    ComponentStore& store = lower.instance->store;
    const ComponentFunction& callee = *lower.callee;
    const auto running = store.run_as(lower.call);
    Task* const task = lender ? store.current()->task.get() : nullptr; // else nothing is borrowed
    const std::uint32_t out = lower.result_pointer ? frame[*lower.result_pointer].u32 : 0;
    PlainFrame values;
    values.slots[0].u64 = 0; // read behind the call even where there is no result
    if (const Trap trap = pass_in(lower, lender, task, frame, values); failed(trap))
        return trap;
    if (const Trap trap = call_core(store, *callee.core, values.data()); failed(trap))
        return trap;
    if (task && task->borrows > 0)
        return store.trap("borrow handles still remain at the end of the call");
    const Slot result = values.slots[0];
    if (const Trap trap = pass_out(lower, frame, out, values); failed(trap))
        return trap;
    return run_post_return(lower, result);
}

} // namespace

void prepare_plain_call(LowerContext& lower)
{
    const ComponentFunction& callee = *lower.callee;
    const FuncType& type = *callee.type;
    if (callee.host || type.is_async || callee.side.instance->has_thread_builtins)
        return;
    lower.is_plain = true;
    for (ComponentInstance* one = callee.side.instance; one && !one->is_around(lower.instance); one = one->parent)
        lower.entered.push_back(one);
    const TypeArena& arena = callee.types->arena();
    lower.copies_parameters =
        type.flat_params.fits(limits::flat_params) &&
        std::ranges::all_of(type.params, [&](const Parameter& one) { return is_copied(arena, one.type); });
    lower.copies_result = type.result != no_type && is_copied(arena, type.result);
    if (!type.flat_result.fits(limits::flat_results))
        lower.result_pointer = type.flat_params.fits(limits::flat_params) ? type.flat_params.count : 1u;
}

Trap call_plain(LowerContext& lower, Slot* frame)
{
    ComponentStore& store = lower.instance->store;
    const Entry entry(lower.entered);
    if (!entry.is_allowed() || store.has_ended())
        return store.trap("cannot enter component instance");
    entry.set(false);
    std::optional<Subtask> lender;
    if (lower.callee->type->param_facts.has_borrow)
        lender.emplace(*lower.instance);
    if (const Trap trap = run_plain(lower, lender ? &*lender : nullptr, frame); failed(trap))
        return store.end(trap);
    if (lender)
        lender->deliver_resolve();
    entry.set(true);
    return Trap::none;
}

} // namespace trellis::wasm::component
