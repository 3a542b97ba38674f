// Tasks: how a call begins, returns, is cancelled, and what holds at its end.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#tasks
#include "wasm/component/execution/concurrency.hpp"

namespace trellis::wasm::component {

void Task::add(Thread& thread)
{
    threads.push_back(&thread);
    thread.index = instance().threads.add(&thread);
}

Trap Task::remove(Thread& thread)
{
    std::erase(threads, &thread);
    instance().threads.remove(thread.index);
    if (threads.empty() && state != State::resolved)
        return store().trap("async-lifted export failed to produce a result");
    return Trap::none;
}

Trap Task::enter(Thread& thread, bool& entered)
{
    ComponentInstance& here = instance();
    implicit_thread = &thread;
    entered = true;
    if (is_async()) {
        const auto is_held_back = [this, &here] {
            return here.backpressure > 0 || (needs_exclusive() && here.exclusive_thread);
        };
        // Who is in the way and could go on does so first.
        while (here.backpressure == 0 && is_held_back() && here.exclusive_thread->is_ready())
            if (const Trap trap = store().resume(*here.exclusive_thread, false); failed(trap))
                return trap;
        if (is_held_back() || here.waiting_to_enter > 0) {
            bool cancelled = false;
            ++here.waiting_to_enter;
            const Trap trap = store().wait_until([&] { return !is_held_back(); }, true, cancelled);
            --here.waiting_to_enter;
            if (failed(trap))
                return trap;
            if (cancelled) {
                entered = false;
                return cancel();
            }
        }
        if (needs_exclusive())
            here.exclusive_thread = &thread;
    }
    add(thread);
    return Trap::none;
}

Trap Task::exit()
{
    if (is_async() && needs_exclusive())
        instance().exclusive_thread = nullptr;
    return remove(*implicit_thread);
}

Trap Task::start(Slot* flat)
{
    state = State::started;
    return origin->start(*function, this, flat);
}

Trap Task::return_(Slot* flat, std::size_t most_flat)
{
    if (state == State::resolved)
        return store().trap("`task.return` or `task.cancel` called more than once for current task");
    if (borrows > 0)
        return store().trap("borrow handles still remain at the end of the call");
    const Trap trap = origin->resolve(function->side, flat, most_flat);
    state = State::resolved;
    return trap;
}

Trap Task::cancel()
{
    if (state != State::cancel_delivered)
        return store().trap("`task.cancel` called by task which has not been cancelled");
    if (borrows > 0)
        return store().trap("borrow handles still remain at the end of the call");
    const Trap trap = origin->resolve(function->side, nullptr, 0);
    state = State::resolved;
    return trap;
}

bool Task::deliver_pending_cancel(bool cancellable)
{
    if (!cancellable || state != State::pending_cancel)
        return false;
    state = State::cancel_delivered;
    return true;
}

Trap Task::request_cancellation(ComponentInstance* caller)
{
    if (state == State::initial) {
        state = State::cancel_delivered;
        return store().resume(*implicit_thread, true);
    }
    ComponentInstance& here = instance();
    const bool somebody_else_runs =
        needs_exclusive() && here.exclusive_thread && here.exclusive_thread != implicit_thread;
    const auto found = std::ranges::find_if(threads, [&](const Thread* one) {
        return one->state != Thread::State::running && one->cancellable &&
               !(somebody_else_runs && one == implicit_thread);
    });
    if (found == threads.end() || !here.may_enter_from(caller)) {
        state = State::pending_cancel;
        return Trap::none;
    }
    state = State::cancel_delivered;
    here.enter_from(caller);
    const Trap trap = store().resume(**found, true);
    if (!failed(trap))
        here.leave_to(caller);
    return trap;
}

} // namespace trellis::wasm::component
