// Built-ins of sets of waitables.
#include "wasm/component/execution/builtin_call.hpp"

#include <array>

namespace trellis::wasm::component {
namespace {

// Waitables

Trap find_set(BuiltinCall& call, std::uint32_t index, std::shared_ptr<WaitableSet>& set)
{
    const Handle* const handle = call.instance.handles.find(index);
    if (!handle || handle->kind != Handle::Kind::waitable_set)
        return call.unknown(index);
    set = handle->set;
    return Trap::none;
}

Trap waitable_set_new(BuiltinCall& call)
{
    std::uint32_t index = 0;
    const Trap trap = add_handle(call.store, call.instance,
                                 {.kind = Handle::Kind::waitable_set, .set = std::make_shared<WaitableSet>()}, index);
    return failed(trap) ? trap : call.give(index);
}

Trap give_event(BuiltinCall& call, const Event& event)
{
    const std::uint32_t at = call.argument(1);
    if (at % 4 != 0)
        return call.trap("unaligned pointer");
    const auto range = call.context.side.memory->range(at, 8);
    if (!range)
        return call.trap("pointer out of bounds of memory: out of bounds");
    std::memcpy(range->data(), &event.index, 4);
    std::memcpy(range->data() + 4, &event.payload, 4);
    return call.give(static_cast<std::uint32_t>(event.code));
}

Trap waitable_set_wait(BuiltinCall& call)
{
    std::shared_ptr<WaitableSet> set;
    if (const Trap trap = find_set(call, call.argument(0), set); failed(trap))
        return trap;
    bool cancelled = false;
    ++set->waiting;
    const Trap trap =
        call.store.wait_until([&] { return set->has_event(); }, call.definition.is_cancellable, cancelled);
    --set->waiting;
    if (failed(trap))
        return trap;
    return give_event(call, cancelled ? Event{EventCode::task_cancelled, 0, 0} : set->take_event());
}

Trap waitable_set_poll(BuiltinCall& call)
{
    std::shared_ptr<WaitableSet> set;
    if (const Trap trap = find_set(call, call.argument(0), set); failed(trap))
        return trap;
    if (call.task().deliver_pending_cancel(call.definition.is_cancellable))
        return give_event(call, {EventCode::task_cancelled, 0, 0});
    return give_event(call, set->has_event() ? set->take_event() : Event());
}

Trap waitable_set_drop(BuiltinCall& call)
{
    std::shared_ptr<WaitableSet> set;
    if (const Trap trap = find_set(call, call.argument(0), set); failed(trap))
        return trap;
    if (!set->waitables.empty())
        return call.trap("cannot drop non-empty waitable set");
    if (set->waiting > 0)
        return call.trap("cannot drop waitable set with waiters");
    call.instance.handles.remove(call.argument(0));
    return Trap::none;
}

Trap waitable_join(BuiltinCall& call)
{
    std::shared_ptr<Waitable> waitable;
    if (const Trap trap = find_waitable(call, call.argument(0), {}, waitable); failed(trap))
        return trap;
    if (waitable->has_sync_waiter)
        return call.trap("waitable cannot be used synchronously while added to a waitable set");
    std::shared_ptr<WaitableSet> set;
    if (call.argument(1) != 0)
        if (const Trap trap = find_set(call, call.argument(1), set); failed(trap))
            return trap;
    waitable->join(set.get());
    return Trap::none;
}

constexpr std::array rows = {
    RunnableBuiltin{Builtin::waitable_set_new, waitable_set_new},
    RunnableBuiltin{Builtin::waitable_set_wait, waitable_set_wait},
    RunnableBuiltin{Builtin::waitable_set_poll, waitable_set_poll},
    RunnableBuiltin{Builtin::waitable_set_drop, waitable_set_drop},
    RunnableBuiltin{Builtin::waitable_join, waitable_join},
};

} // namespace

/// Without a set: the running thread alone waits for this one.
Trap wait_for(BuiltinCall& call, Waitable& waitable)
{
    bool cancelled = false;
    waitable.has_sync_waiter = true;
    const Trap trap = call.store.wait_until([&] { return waitable.has_event(); }, false, cancelled);
    waitable.has_sync_waiter = false;
    return trap;
}

Trap check_no_set(BuiltinCall& call, const Waitable& waitable, bool is_async)
{
    if (waitable.set && !is_async)
        return call.trap("waitable cannot be used synchronously while added to a waitable set");
    return Trap::none;
}

std::span<const RunnableBuiltin> waitable_builtins()
{
    return rows;
}

} // namespace trellis::wasm::component
