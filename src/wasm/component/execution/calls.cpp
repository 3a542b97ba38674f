// Calls of component functions: lifted ones, and what callers of theirs have to do.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#canonical-definitions
#include "base/format.hpp"
#include "wasm/component/execution/canonical_abi.hpp"
#include "wasm/component/syntax/limits.hpp"

namespace trellis::wasm::component {
namespace {

/// Room for 16 core parameters, or one for the result.
using Frame = std::array<Slot, FlatTypes::max>;

Trap run_synchronous(Task& task, Frame& frame)
{
    ComponentStore& store = task.store();
    if (const Trap trap = call_core(store, *task.function->core, frame.data()); failed(trap))
        return trap;
    const Slot result = frame[0]; // post-return gets it, too
    if (const Trap trap = task.return_(frame.data(), limits::flat_results); failed(trap))
        return trap;
    if (Function* const post_return = task.function->post_return) {
        frame[0] = result;
        task.instance().may_leave = false;
        if (const Trap trap = call_core(store, *post_return, frame.data()); failed(trap))
            return trap;
        task.instance().may_leave = true;
    }
    return task.exit();
}

enum class CallbackCode : std::uint32_t { exit, yield, wait };

/// What the guest asks to wait for.
Trap wait_for_event(Task& task, CallbackCode code, std::uint32_t set_index, Event& event)
{
    ComponentStore& store = task.store();
    ComponentInstance& instance = task.instance();
    const auto is_free = [&instance] { return !instance.exclusive_thread; };
    bool cancelled = false;
    event = {};
    if (code == CallbackCode::yield) {
        if (const Trap trap = store.yield_until(is_free, true, cancelled); failed(trap))
            return trap;
    } else {
        const Handle* const handle = instance.handles.find(set_index);
        if (!handle || handle->kind != Handle::Kind::waitable_set)
            return store.trap(format("unknown handle index {}: expected a waitable set", set_index));
        const auto set = handle->set;
        ++set->waiting;
        const Trap trap = store.wait_until([&] { return is_free() && set->has_event(); }, true, cancelled);
        --set->waiting;
        if (failed(trap))
            return trap;
        if (!cancelled)
            event = set->take_event();
    }
    if (cancelled)
        event = {EventCode::task_cancelled, 0, 0};
    return Trap::none;
}

Trap run_with_callback(Task& task, Thread& thread, Frame& frame)
{
    ComponentStore& store = task.store();
    ComponentInstance& instance = task.instance();
    if (const Trap trap = call_core(store, *task.function->core, frame.data()); failed(trap))
        return trap;
    while (true) {
        const std::uint32_t packed = frame[0].u32;
        const auto code = static_cast<CallbackCode>(packed & 0xf);
        if (code > CallbackCode::wait)
            return store.trap(format("unsupported callback code: {}", packed & 0xf));
        if (code == CallbackCode::exit)
            return task.exit();
        instance.exclusive_thread = nullptr;
        Event event;
        if (const Trap trap = wait_for_event(task, code, packed >> 4, event); failed(trap))
            return trap;
        instance.exclusive_thread = &thread;
        frame[0].u64 = static_cast<std::uint32_t>(event.code);
        frame[1].u64 = event.index;
        frame[2].u64 = event.payload;
        if (const Trap trap = call_core(store, *task.function->callback, frame.data()); failed(trap))
            return trap;
    }
}

} // namespace

Trap call_core(ComponentStore& store, Function& function, Slot* frame)
{
    const Trap trap = wasm::call(store.core, function, frame);
    if (trap == Trap::uncaught_exception)
        return uncaught_exception(store);
    return trap;
}

Trap uncaught_exception(ComponentStore& store)
{
    return store.trap("thrown Wasm exception: uncaught exception propagated out of component");
}

Trap run_lifted(Task& task, Thread& thread)
{
    bool entered = false;
    if (const Trap trap = task.enter(thread, entered); failed(trap) || !entered)
        return trap;
    Frame frame = {};
    if (const Trap trap = task.start(frame.data()); failed(trap))
        return trap;
    if (!task.function->is_async_lifted)
        return run_synchronous(task, frame);
    if (task.function->callback)
        return run_with_callback(task, thread, frame);
    if (const Trap trap = call_core(task.store(), *task.function->core, frame.data()); failed(trap))
        return trap;
    return task.exit();
}

Trap ComponentStore::call_inline(const std::shared_ptr<Task>& task, ComponentInstance* caller)
{
    (void)caller;
    Thread thread(task);
    thread.state = Thread::State::running;
    const auto running = run_as(thread);
    const Trap trap = run_lifted(*task, thread);
    if (failed(trap) && !failed(ended_))
        ended_ = trap;
    return trap;
}

Trap ComponentStore::call(const ComponentFunction& function, CallOrigin& origin, ComponentInstance* caller,
                          std::function<Trap()>* on_cancel)
{
    if (failed(ended_))
        return trap("cannot enter component instance");
    ComponentInstance& callee = *function.side.instance;
    if (!callee.may_enter_from(caller))
        return trap("cannot enter component instance");
    auto task = std::make_shared<Task>(function, &origin);
    callee.enter_from(caller);
    Trap trap = Trap::none;
    if (!function.type->is_async) {
        trap = call_inline(task, caller);
    } else {
        auto thread = make_thread(task, [task] { return run_lifted(*task, *task->store().current()); });
        if (!thread)
            return this->trap(std::move(thread).error().message);
        task->implicit_thread = *thread;
        trap = resume(**thread, false);
        if (on_cancel)
            *on_cancel = [task, caller] { return task->request_cancellation(caller); };
    }
    if (!failed(trap))
        callee.leave_to(caller);
    return trap;
}

void Subtask::deliver_resolve()
{
    for (const std::uint32_t lender : lenders)
        --caller->handles.find(lender)->lends;
    lenders.clear();
    is_delivered = true;
}

Event Subtask::deliver()
{
    if (is_resolved())
        deliver_resolve();
    return {EventCode::subtask, index, static_cast<std::uint32_t>(state)};
}

void Subtask::progress()
{
    if (index != 0)
        set_event();
}

Trap Subtask::start(const ComponentFunction& function, Task* task, Slot* flat)
{
    progress();
    state = State::started;
    const std::size_t most = is_async_lowered ? limits::flat_async_params : limits::flat_params;
    return pass_parameters({caller->store, side, this}, {caller->store, function.side, task}, function,
                           arguments.data(), most, flat);
}

Trap Subtask::resolve(const CanonicalSide& from, Slot* flat, std::size_t most_flat)
{
    progress();
    if (!flat) {
        state = state == State::starting ? State::cancelled_before_started : State::cancelled_before_returned;
        return Trap::none;
    }
    const FuncType& type = *callee->type;
    const std::size_t most_results = is_async_lowered ? 0 : limits::flat_results;
    const auto pointer_place = type.flat_params.fits(is_async_lowered ? limits::flat_async_params : limits::flat_params)
                                   ? type.flat_params.count
                                   : 1;
    const std::uint32_t out = arguments[pointer_place].u32;
    const Trap trap = pass_result({caller->store, from, nullptr}, {caller->store, side, nullptr}, *callee, flat,
                                  most_flat, results, most_results, &out);
    state = State::returned;
    return trap;
}

void Subtask::finish()
{
    progress();
    state = State::returned;
}

} // namespace trellis::wasm::component
