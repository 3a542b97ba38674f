// Built-ins of tasks and subtasks.
#include "wasm/component/execution/builtin_call.hpp"

#include <array>

namespace trellis::wasm::component {
namespace {

// Tasks

Trap task_return(BuiltinCall& call)
{
    Task& task = call.task();
    const ComponentFunction& function = *task.function;
    const ValueTypeId wanted = function.type->result;
    const bool same_type =
        call.definition.value == wanted && function.types->component->types == call.instance.component->types;
    const CanonicalSide& side = call.context.side;
    const bool same_memory = !side.memory || side.memory == function.side.memory;
    if (!function.is_async_lifted || !same_type || !same_memory || side.encoding != function.side.encoding)
        return call.trap("invalid `task.return` signature and/or options for current task");
    return task.return_(call.frame, limits::flat_params);
}

Trap task_cancel(BuiltinCall& call)
{
    if (!call.task().function->is_async_lifted)
        return call.trap("`task.cancel` called by task which is not async-lifted");
    return call.task().cancel();
}

Trap context_get(BuiltinCall& call)
{
    return call.give(call.thread().storage[call.definition.context_slot]);
}

Trap context_set(BuiltinCall& call)
{
    call.thread().storage[call.definition.context_slot] = call.argument(0);
    return Trap::none;
}

Trap backpressure_inc(BuiltinCall& call)
{
    if (++call.instance.backpressure == 1u << 16)
        return call.trap("backpressure counter overflow");
    return Trap::none;
}

Trap backpressure_dec(BuiltinCall& call)
{
    if (call.instance.backpressure-- == 0)
        return call.trap("backpressure counter overflow");
    return Trap::none;
}

// Subtasks

Trap subtask_cancel(BuiltinCall& call)
{
    std::shared_ptr<Subtask> subtask;
    if (const Trap trap = find_waitable(call, call.argument(0), {Waitable::Kind::subtask}, subtask); failed(trap))
        return trap;
    if (subtask->is_delivered)
        return call.trap("`subtask.cancel` called after terminal status delivered");
    if (subtask->cancellation_requested)
        return call.trap("`subtask.cancel` called more than once for the same subtask");
    if (const Trap trap = check_no_set(call, *subtask, call.definition.is_async); failed(trap))
        return trap;
    if (!subtask->is_resolved()) {
        subtask->cancellation_requested = true;
        if (const Trap trap = subtask->on_cancel ? subtask->on_cancel() : Trap::none; failed(trap))
            return trap;
        if (!subtask->is_resolved()) {
            if (call.definition.is_async)
                return call.give(blocked);
            if (const Trap trap = wait_for(call, *subtask); failed(trap))
                return trap;
        }
    }
    subtask->take_event();
    return call.give(static_cast<std::uint32_t>(subtask->state));
}

Trap subtask_drop(BuiltinCall& call)
{
    std::shared_ptr<Subtask> subtask;
    if (const Trap trap = find_waitable(call, call.argument(0), {Waitable::Kind::subtask}, subtask); failed(trap))
        return trap;
    if (!subtask->is_delivered)
        return call.trap("cannot drop a subtask which has not yet resolved");
    subtask->join(nullptr);
    call.instance.handles.remove(call.argument(0));
    return Trap::none;
}

constexpr std::array rows = {
    RunnableBuiltin{Builtin::task_cancel, task_cancel},
    RunnableBuiltin{Builtin::subtask_cancel, subtask_cancel},
    RunnableBuiltin{Builtin::task_return, task_return},
    RunnableBuiltin{Builtin::context_get, context_get, false},
    RunnableBuiltin{Builtin::context_set, context_set, false},
    RunnableBuiltin{Builtin::subtask_drop, subtask_drop},
    RunnableBuiltin{Builtin::backpressure_inc, backpressure_inc, false},
    RunnableBuiltin{Builtin::backpressure_dec, backpressure_dec, false},
};

} // namespace

std::span<const RunnableBuiltin> task_builtins()
{
    return rows;
}

} // namespace trellis::wasm::component
