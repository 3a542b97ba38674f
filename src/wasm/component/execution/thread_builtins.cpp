// Built-ins of threads.
#include "wasm/component/execution/builtin_call.hpp"

#include <array>

namespace trellis::wasm::component {
namespace {

// Threads

Trap find_thread(BuiltinCall& call, std::size_t argument, bool has_to_be_suspended, Thread*& thread)
{
    thread = call.instance.threads.find(call.argument(argument));
    if (!thread)
        return call.trap(format("unknown thread index {}", call.argument(argument)));
    if (has_to_be_suspended && thread->state != Thread::State::suspended)
        return call.trap("cannot resume thread which is not suspended");
    return Trap::none;
}

Trap thread_index(BuiltinCall& call)
{
    return call.give(call.thread().index);
}

Trap thread_new_indirect(BuiltinCall& call)
{
    const Table& table = *call.context.table;
    const std::uint32_t index = call.argument(0);
    if (index >= table.size)
        return Trap::out_of_bounds_table_access;
    auto* const function = reinterpret_cast<Function*>(table.elements[index]);
    if (!function)
        return call.trap("uninitialized element");
    if (function->type != call.definition.thread_function.get())
        return Trap::indirect_call_type_mismatch;
    auto task = call.thread().task;
    auto made = call.store.make_thread(task, [task, function, argument = call.argument(1)] {
        Thread& self = *task->store().current();
        Slot frame[1] = {{.u64 = argument}};
        if (const Trap trap = wasm::call(task->store().core, *function, frame); failed(trap))
            return trap == Trap::uncaught_exception
                       ? task->store().trap("uncaught exception propagated out of component")
                       : trap;
        return task->remove(self);
    });
    if (!made)
        return call.trap(std::move(made).error().message);
    task->add(**made);
    return call.give((*made)->index);
}

Trap thread_resume_later(BuiltinCall& call)
{
    Thread* other = nullptr;
    if (const Trap trap = find_thread(call, 0, true, other); failed(trap))
        return trap;
    call.store.start_waiting(*other, [] { return true; });
    return Trap::none;
}

Trap thread_suspend(BuiltinCall& call)
{
    bool cancelled = false;
    const Trap trap = call.store.suspend(call.definition.is_cancellable, cancelled);
    return failed(trap) ? trap : call.give(cancelled);
}

Trap thread_yield(BuiltinCall& call)
{
    bool cancelled = false;
    const Trap trap = call.store.yield(call.definition.is_cancellable, cancelled);
    return failed(trap) ? trap : call.give(cancelled);
}

Trap switch_thread(BuiltinCall& call, bool yields, bool promotes)
{
    const bool cancellable = call.definition.is_cancellable;
    if (call.task().deliver_pending_cancel(cancellable))
        return call.give(1); // whatever has become of the other one
    Thread* other = nullptr;
    if (const Trap trap = find_thread(call, 0, !promotes, other); failed(trap))
        return trap;
    const bool switches = !promotes || other->is_ready();
    if (!switches)
        return yields ? thread_yield(call) : thread_suspend(call);
    if (promotes)
        call.store.stop_waiting(*other);
    Thread& self = call.thread();
    if (yields)
        call.store.start_waiting(self, [] { return true; });
    else
        self.state = Thread::State::suspended;
    bool cancelled = false;
    const Trap trap = call.store.switch_to(*other, cancellable, cancelled);
    return failed(trap) ? trap : call.give(cancelled);
}

template <bool yields, bool promotes>
Trap switch_thread(BuiltinCall& call)
{
    return switch_thread(call, yields, promotes);
}

constexpr std::array rows = {
    RunnableBuiltin{Builtin::thread_yield, thread_yield},
    RunnableBuiltin{Builtin::thread_index, thread_index},
    RunnableBuiltin{Builtin::thread_new_indirect, thread_new_indirect},
    RunnableBuiltin{Builtin::thread_resume_later, thread_resume_later},
    RunnableBuiltin{Builtin::thread_suspend, thread_suspend},
    RunnableBuiltin{Builtin::thread_suspend_then_resume, switch_thread<false, false>},
    RunnableBuiltin{Builtin::thread_yield_then_resume, switch_thread<true, false>},
    RunnableBuiltin{Builtin::thread_suspend_then_promote, switch_thread<false, true>},
    RunnableBuiltin{Builtin::thread_yield_then_promote, switch_thread<true, true>},
};

} // namespace

std::span<const RunnableBuiltin> thread_builtins()
{
    return rows;
}

} // namespace trellis::wasm::component
