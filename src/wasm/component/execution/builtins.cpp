#include "wasm/component/execution/builtins.hpp"

#include "base/format.hpp"
#include "wasm/component/execution/canonical_abi.hpp"
#include "wasm/component/execution/copies.hpp"
#include "wasm/component/syntax/limits.hpp"

namespace trellis::wasm::component {
namespace {

constexpr std::uint32_t blocked = 0xffff'ffff;

/// What every built-in works with.
struct Call {
    BuiltinContext& context;
    Slot* frame;
    ComponentInstance& instance = *context.instance;
    ComponentStore& store = instance.store;
    const CanonBuiltin& definition = *context.definition;

    [[nodiscard]] std::uint32_t argument(std::size_t i) const { return frame[i].u32; }
    Trap give(std::uint64_t result) const
    {
        frame[0].u64 = result;
        return Trap::none;
    }
    [[nodiscard]] Trap trap(std::string message) const { return store.trap(std::move(message)); }
    /// `blocks`: the built-in waits for what the handle stands for.
    Trap unknown(std::uint32_t index, bool blocks = false) const
    {
        const bool may_not = blocks && !task().is_async() && task().state != Task::State::resolved;
        return trap(format("unknown handle index {}{}", index,
                           may_not ? "; cannot block a synchronous task before returning" : ""));
    }
    [[nodiscard]] Thread& thread() const { return *store.current(); }
    [[nodiscard]] Task& task() const { return *store.current()->task; }
};

// Resources

Trap resource_new(Call& call)
{
    std::uint32_t index = 0;
    const Trap trap =
        lower_own({call.store, {.instance = &call.instance}}, call.context.resource, call.argument(0), index);
    return failed(trap) ? trap : call.give(index);
}

Trap resource_rep(Call& call)
{
    Handle* handle = nullptr;
    const Trap trap = find_resource_handle(call.store, call.instance, call.context.resource, call.argument(0), handle);
    return failed(trap) ? trap : call.give(handle->representation);
}

Trap resource_drop(Call& call)
{
    Handle* handle = nullptr;
    if (const Trap trap =
            find_resource_handle(call.store, call.instance, call.context.resource, call.argument(0), handle);
        failed(trap))
        return trap;
    if (handle->lends != 0)
        return call.trap("cannot remove owned resource while borrowed");
    const Handle gone = *handle;
    call.instance.handles.remove(call.argument(0));
    if (!gone.is_own) {
        --gone.borrow_scope->borrows;
        return Trap::none;
    }
    return drop_resource(call.store, &call.instance, *gone.type, gone.representation);
}

// Tasks

Trap task_return(Call& call)
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

Trap task_cancel(Call& call)
{
    if (!call.task().function->is_async_lifted)
        return call.trap("`task.cancel` called by task which is not async-lifted");
    return call.task().cancel();
}

Trap context_get(Call& call)
{
    return call.give(call.thread().storage[call.definition.context_slot]);
}

Trap context_set(Call& call)
{
    call.thread().storage[call.definition.context_slot] = call.argument(0);
    return Trap::none;
}

Trap backpressure_inc(Call& call)
{
    if (++call.instance.backpressure == 1u << 16)
        return call.trap("backpressure counter overflow");
    return Trap::none;
}

Trap backpressure_dec(Call& call)
{
    if (call.instance.backpressure-- == 0)
        return call.trap("backpressure counter overflow");
    return Trap::none;
}

// Waitables

Trap find_set(Call& call, std::uint32_t index, std::shared_ptr<WaitableSet>& set)
{
    const Handle* const handle = call.instance.handles.find(index);
    if (!handle || handle->kind != Handle::Kind::waitable_set)
        return call.unknown(index);
    set = handle->set;
    return Trap::none;
}

template <class Kind>
Trap find_waitable(Call& call, std::uint32_t index, std::initializer_list<Waitable::Kind> kinds,
                   std::shared_ptr<Kind>& found)
{
    const Handle* const handle = call.instance.handles.find(index);
    if (!handle || handle->kind != Handle::Kind::waitable)
        return call.unknown(index, kinds.size() != 0 && !call.definition.is_async);
    if (kinds.size() != 0 && std::ranges::find(kinds, handle->waitable->kind) == kinds.end())
        return call.trap(format("unknown handle index {}: of another kind of waitable", index));
    found = std::static_pointer_cast<Kind>(handle->waitable);
    return Trap::none;
}

Trap waitable_set_new(Call& call)
{
    std::uint32_t index = 0;
    const Trap trap = add_handle(call.store, call.instance,
                                 {.kind = Handle::Kind::waitable_set, .set = std::make_shared<WaitableSet>()}, index);
    return failed(trap) ? trap : call.give(index);
}

Trap give_event(Call& call, const Event& event)
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

Trap waitable_set_wait(Call& call)
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

Trap waitable_set_poll(Call& call)
{
    std::shared_ptr<WaitableSet> set;
    if (const Trap trap = find_set(call, call.argument(0), set); failed(trap))
        return trap;
    if (call.task().deliver_pending_cancel(call.definition.is_cancellable))
        return give_event(call, {EventCode::task_cancelled, 0, 0});
    return give_event(call, set->has_event() ? set->take_event() : Event());
}

Trap waitable_set_drop(Call& call)
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

Trap waitable_join(Call& call)
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

/// Without a set: the running thread alone waits for this one.
Trap wait_for(Call& call, Waitable& waitable)
{
    bool cancelled = false;
    waitable.has_sync_waiter = true;
    const Trap trap = call.store.wait_until([&] { return waitable.has_event(); }, false, cancelled);
    waitable.has_sync_waiter = false;
    return trap;
}

Trap check_no_set(Call& call, const Waitable& waitable, bool is_async)
{
    if (waitable.set && !is_async)
        return call.trap("waitable cannot be used synchronously while added to a waitable set");
    return Trap::none;
}

// Subtasks

Trap subtask_cancel(Call& call)
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

Trap subtask_drop(Call& call)
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

// Streams and futures

using Kind = Waitable::Kind;

Trap new_ends(Call& call, bool is_future)
{
    const ValueTypeId element = call.instance.arena()[call.definition.value].element;
    auto shared = std::make_shared<SharedCopy>(
        call.store, &call.instance, element == no_type ? no_type : call.instance.arena().canonical(element), is_future);
    std::uint64_t both = 0;
    for (const auto& [kind, shift] : {std::pair(is_future ? Kind::future_readable : Kind::stream_readable, 0),
                                      std::pair(is_future ? Kind::future_writable : Kind::stream_writable, 32)}) {
        auto end = std::make_shared<CopyEnd>(kind, shared);
        CopyEnd& added = *end;
        if (const Trap trap = add_handle(call.store, call.instance,
                                         {.kind = Handle::Kind::waitable, .waitable = std::move(end)}, added.index);
            failed(trap))
            return trap;
        both |= std::uint64_t(added.index) << shift;
    }
    return call.give(both);
}

Trap find_end(Call& call, Kind kind, std::shared_ptr<CopyEnd>& end)
{
    return find_waitable(call, call.argument(0), {kind}, end);
}

bool is_stream(Kind kind)
{
    return kind == Kind::stream_readable || kind == Kind::stream_writable;
}

Trap busy_or_done(Call& call, const CopyEnd& end)
{
    if (end.is_copying())
        return call.trap("cannot have concurrent operations active on a future/stream");
    switch (end.kind) {
    case Kind::stream_readable:
        return call.trap("cannot read from stream after being notified that the writable end dropped: cannot read "
                         "after being notified that the writable end dropped");
    case Kind::stream_writable:
        return call.trap("cannot write to stream after being notified that the readable end dropped: cannot write "
                         "after being notified that the readable end dropped");
    case Kind::future_readable:
        return call.trap("cannot read from future after previous read succeeded: cannot read after being notified that "
                         "the writable end dropped");
    default:
        return call.trap("cannot write to future after previous write succeeded or readable end dropped: cannot write "
                         "after being notified that the readable end dropped");
    }
}

/// Where the guest's elements are.
Trap set_buffer(Call& call, CopyEnd& end, std::uint32_t at, std::uint32_t length)
{
    if (length > HandleTable::most)
        return call.trap("stream read/write count too large");
    end.side = call.context.side;
    end.side.instance = &call.instance;
    end.length = length;
    end.progress = 0;
    end.at = nullptr;
    const ValueTypeId element = end.shared->element;
    if (element == no_type)
        return Trap::none;
    const Layout layout = end.shared->types->arena()[element].layout;
    if (length > 0) {
        if (at % layout.alignment != 0)
            return call.trap("unaligned pointer");
        if (!end.side.memory->range(at, std::uint64_t(length) * layout.size))
            return call.trap("read/write pointer out of bounds of memory: out of bounds");
    }
    end.at = end.side.memory->base() + at;
    return Trap::none;
}

Trap copy(Call& call, Kind kind)
{
    const bool is_async = call.definition.is_async;
    std::shared_ptr<CopyEnd> end;
    if (const Trap trap = find_end(call, kind, end); failed(trap))
        return trap;
    if (end->state != CopyEnd::State::idle)
        return busy_or_done(call, *end);
    if (const Trap trap = check_no_set(call, *end, is_async); failed(trap))
        return trap;
    if (const Trap trap = set_buffer(call, *end, call.argument(1), is_stream(kind) ? call.argument(2) : 1);
        failed(trap))
        return trap;
    end->state = CopyEnd::State::copying;
    if (const Trap trap = end->is_readable() ? end->shared->read(*end) : end->shared->write(*end); failed(trap))
        return trap;
    if (!end->has_event()) {
        if (is_async)
            return call.give(blocked);
        if (const Trap trap = wait_for(call, *end); failed(trap))
            return trap;
    }
    return call.give(end->take_event().payload);
}

Trap cancel_copy(Call& call, Kind kind)
{
    const bool is_async = call.definition.is_async;
    std::shared_ptr<CopyEnd> end;
    if (const Trap trap = find_end(call, kind, end); failed(trap))
        return trap;
    if (end->state != CopyEnd::State::copying || end->has_sync_waiter)
        return call.trap("cannot cancel an operation that is not there: no active operation on the future/stream");
    if (const Trap trap = check_no_set(call, *end, is_async); failed(trap))
        return trap;
    end->state = CopyEnd::State::cancelling;
    if (!end->has_event()) {
        end->shared->cancel();
        if (!end->has_event()) {
            if (is_async)
                return call.give(blocked);
            if (const Trap trap = wait_for(call, *end); failed(trap))
                return trap;
        }
    }
    std::uint32_t payload = end->take_event().payload;
    if (is_stream(kind) && (payload & 0xf) == static_cast<std::uint32_t>(CopyResult::completed))
        payload |= static_cast<std::uint32_t>(CopyResult::cancelled); // what was copied so far stands beside it
    return call.give(payload);
}

Trap drop_end(Call& call, Kind kind)
{
    std::shared_ptr<CopyEnd> end;
    if (const Trap trap = find_end(call, kind, end); failed(trap))
        return trap;
    if (end->is_copying())
        return call.trap(is_stream(kind) ? "cannot drop busy stream: cannot remove busy stream"
                                         : "cannot drop busy future");
    if (kind == Kind::future_writable && end->state != CopyEnd::State::done)
        return call.trap("cannot drop future write end without first writing a value");
    end->join(nullptr);
    call.instance.handles.remove(call.argument(0));
    end->shared->drop();
    return Trap::none;
}

template <Kind kind>
Trap copy(Call& call)
{
    return copy(call, kind);
}
template <Kind kind>
Trap cancel_copy(Call& call)
{
    return cancel_copy(call, kind);
}
template <Kind kind>
Trap drop_end(Call& call)
{
    return drop_end(call, kind);
}
template <bool is_future>
Trap new_ends(Call& call)
{
    return new_ends(call, is_future);
}

// Error contexts

Trap error_context_new(Call& call)
{
    auto error = std::make_shared<ErrorContext>();
    CanonicalSide side = call.context.side;
    side.instance = &call.instance;
    if (const Trap trap = lift_string({call.store, side}, {call.argument(0), call.argument(1)}, error->message);
        failed(trap))
        return trap;
    std::uint32_t index = 0;
    const Trap trap =
        add_handle(call.store, call.instance, {.kind = Handle::Kind::error_context, .error = std::move(error)}, index);
    return failed(trap) ? trap : call.give(index);
}

Trap error_context_debug_message(Call& call)
{
    CanonicalSide side = call.context.side;
    side.instance = &call.instance;
    std::shared_ptr<ErrorContext> error;
    if (const Trap trap = lift_error_context({call.store, side}, call.argument(0), error); failed(trap))
        return trap;
    const std::uint32_t at = call.argument(1);
    const auto target = side.memory->range(at, 8);
    if (at % 4 != 0 || !target)
        return call.trap("invalid debug message pointer: pointer out of bounds of memory");
    Range text;
    if (const Trap trap = lower_string({call.store, side}, error->message, text); failed(trap))
        return trap;
    std::memcpy(target->data(), &text.at, 4);
    std::memcpy(target->data() + 4, &text.length, 4);
    return Trap::none;
}

Trap error_context_drop(Call& call)
{
    std::shared_ptr<ErrorContext> error;
    if (const Trap trap = lift_error_context({call.store, {.instance = &call.instance}}, call.argument(0), error);
        failed(trap))
        return trap;
    call.instance.handles.remove(call.argument(0));
    return Trap::none;
}

// Threads

Trap find_thread(Call& call, std::size_t argument, bool has_to_be_suspended, Thread*& thread)
{
    thread = call.instance.threads.find(call.argument(argument));
    if (!thread)
        return call.trap(format("unknown thread index {}", call.argument(argument)));
    if (has_to_be_suspended && thread->state != Thread::State::suspended)
        return call.trap("cannot resume thread which is not suspended");
    return Trap::none;
}

Trap thread_index(Call& call)
{
    return call.give(call.thread().index);
}

Trap thread_new_indirect(Call& call)
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

Trap thread_resume_later(Call& call)
{
    Thread* other = nullptr;
    if (const Trap trap = find_thread(call, 0, true, other); failed(trap))
        return trap;
    call.store.start_waiting(*other, [] { return true; });
    return Trap::none;
}

Trap thread_suspend(Call& call)
{
    bool cancelled = false;
    const Trap trap = call.store.suspend(call.definition.is_cancellable, cancelled);
    return failed(trap) ? trap : call.give(cancelled);
}

Trap thread_yield(Call& call)
{
    bool cancelled = false;
    const Trap trap = call.store.yield(call.definition.is_cancellable, cancelled);
    return failed(trap) ? trap : call.give(cancelled);
}

Trap switch_thread(Call& call, bool yields, bool promotes)
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
Trap switch_thread(Call& call)
{
    return switch_thread(call, yields, promotes);
}

struct Row {
    Builtin builtin;
    Trap (*run)(Call&);
    bool checks_leave = true;
};

constexpr std::array rows = {
    Row{Builtin::resource_new, resource_new},
    Row{Builtin::resource_drop, resource_drop},
    Row{Builtin::resource_rep, resource_rep, false},
    Row{Builtin::task_cancel, task_cancel},
    Row{Builtin::subtask_cancel, subtask_cancel},
    Row{Builtin::task_return, task_return},
    Row{Builtin::context_get, context_get, false},
    Row{Builtin::context_set, context_set, false},
    Row{Builtin::thread_yield, thread_yield},
    Row{Builtin::subtask_drop, subtask_drop},
    Row{Builtin::stream_new, new_ends<false>},
    Row{Builtin::stream_read, copy<Kind::stream_readable>},
    Row{Builtin::stream_write, copy<Kind::stream_writable>},
    Row{Builtin::stream_cancel_read, cancel_copy<Kind::stream_readable>},
    Row{Builtin::stream_cancel_write, cancel_copy<Kind::stream_writable>},
    Row{Builtin::stream_drop_readable, drop_end<Kind::stream_readable>},
    Row{Builtin::stream_drop_writable, drop_end<Kind::stream_writable>},
    Row{Builtin::future_new, new_ends<true>},
    Row{Builtin::future_read, copy<Kind::future_readable>},
    Row{Builtin::future_write, copy<Kind::future_writable>},
    Row{Builtin::future_cancel_read, cancel_copy<Kind::future_readable>},
    Row{Builtin::future_cancel_write, cancel_copy<Kind::future_writable>},
    Row{Builtin::future_drop_readable, drop_end<Kind::future_readable>},
    Row{Builtin::future_drop_writable, drop_end<Kind::future_writable>},
    Row{Builtin::error_context_new, error_context_new},
    Row{Builtin::error_context_debug_message, error_context_debug_message},
    Row{Builtin::error_context_drop, error_context_drop},
    Row{Builtin::waitable_set_new, waitable_set_new},
    Row{Builtin::waitable_set_wait, waitable_set_wait},
    Row{Builtin::waitable_set_poll, waitable_set_poll},
    Row{Builtin::waitable_set_drop, waitable_set_drop},
    Row{Builtin::waitable_join, waitable_join},
    Row{Builtin::backpressure_inc, backpressure_inc, false},
    Row{Builtin::backpressure_dec, backpressure_dec, false},
    Row{Builtin::thread_index, thread_index},
    Row{Builtin::thread_new_indirect, thread_new_indirect},
    Row{Builtin::thread_resume_later, thread_resume_later},
    Row{Builtin::thread_suspend, thread_suspend},
    Row{Builtin::thread_suspend_then_resume, switch_thread<false, false>},
    Row{Builtin::thread_yield_then_resume, switch_thread<true, false>},
    Row{Builtin::thread_suspend_then_promote, switch_thread<false, true>},
    Row{Builtin::thread_yield_then_promote, switch_thread<true, true>},
};

Trap run_builtin(void* context, Caller, Slot* frame)
{
    auto& builtin = *static_cast<BuiltinContext*>(context);
    Call call{builtin, frame};
    const Row& row = *std::ranges::find(rows, builtin.definition->builtin, &Row::builtin);
    if (row.checks_leave && !call.instance.may_leave)
        return call.trap("cannot leave component instance");
    return row.run(call);
}

} // namespace

Trap drop_resource(ComponentStore& store, ComponentInstance* caller, RuntimeResourceType& type, std::uint32_t rep)
{
    if (!type.instance) {
        if (type.drop)
            type.drop(type.context, rep);
        return Trap::none;
    }
    if (!type.instance->may_enter_from(caller))
        return store.trap("cannot enter component instance");
    if (!type.destructor)
        return Trap::none;
    return call_destructor(store, caller, type, rep);
}

CanonicalSide side_of(ComponentInstance& instance, const CanonicalOptions& options)
{
    CanonicalSide side{.instance = &instance, .encoding = options.encoding};
    if (options.memory)
        side.memory = instance.core_memories[static_cast<std::uint32_t>(*options.memory)];
    if (options.realloc)
        side.realloc = instance.core_functions[static_cast<std::uint32_t>(*options.realloc)];
    return side;
}

Function* make_builtin(ComponentInstance& instance, const CanonBuiltin& definition)
{
    auto context = std::make_shared<BuiltinContext>(&instance, &definition, side_of(instance, definition.options));
    switch (row_of(definition.builtin).immediates) {
    case BuiltinImmediates::resource:
        context->resource = instance.resource(definition.resource);
        break;
    case BuiltinImmediates::function_table:
        context->table = instance.core_tables[static_cast<std::uint32_t>(definition.table)];
        break;
    default:
        break;
    }
    instance.store.keep(context);
    return instance.store.core.make_host_function(definition.signature->function(), run_builtin, context.get());
}

} // namespace trellis::wasm::component
