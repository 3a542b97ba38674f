// Who runs: fibers, the threads that wait, and threads that share their caller's stack.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#stack-switching
#include "wasm/component/execution/concurrency.hpp"

#include <algorithm>

namespace trellis::wasm::component {
namespace {

/// With fibers, in one store: each has mappings of its own, of which the system has some ten thousands for the process.
constexpr std::size_t most_threads = 4096;

} // namespace

ComponentStore::ComponentStore(wasm::Store& guests) : core(guests) {}

/// Fibers that wait are resumed until they are through: every wait returns the trap that ends the store.
ComponentStore::~ComponentStore()
{
    if (!failed(ended_))
        ended_ = Trap::interrupted;
    while (!threads_.empty()) {
        Thread& thread = *threads_.back();
        if (thread.fiber->finished() || thread.state == Thread::State::running) {
            forget(thread);
            continue;
        }
        (void)resume(thread, false);
    }
}

Trap ComponentStore::trap(std::string message)
{
    core.host_error = std::move(message);
    ended_ = Trap::host_error;
    return ended_;
}

void ComponentStore::start_waiting(Thread& thread, Thread::Condition condition)
{
    thread.state = Thread::State::waiting;
    thread.condition = std::move(condition);
    waiting_.push_back(&thread);
}

void ComponentStore::stop_waiting(Thread& thread)
{
    std::erase(waiting_, &thread);
    thread.condition = {};
    thread.state = Thread::State::suspended;
}

Result<Thread*> ComponentStore::make_thread(std::shared_ptr<Task> task, std::function<Trap()> body)
{
    if (threads_.size() >= most_threads)
        return fail(ErrorCode::limit, "too many threads at once");
    auto thread = std::make_unique<Thread>(std::move(task));
    Thread* const made = thread.get();
    made->fiber = TRELLIS_TRY(Fiber::make(fiber_stacks_, [this, made, body = std::move(body)] {
        made->ended = failed(ended_) ? ended_ : body();
        if (failed(made->ended) && !failed(ended_))
            ended_ = made->ended;
    }));
    made->strand = std::make_unique<Strand>();
    threads_.push_back(std::move(thread));
    return made;
}

void ComponentStore::forget(Thread& thread)
{
    if (thread.state == Thread::State::waiting)
        stop_waiting(thread);
    core.release(*thread.strand);
    std::erase_if(threads_, [&](const auto& one) { return one.get() == &thread; });
}

/// Until the thread leaves its fiber; `next` is whom it goes on with then.
Trap ComponentStore::run(Thread& thread, bool cancelled, Thread*& next)
{
    Thread* const outer = std::exchange(current_, &thread);
    thread.state = Thread::State::running;
    thread.cancelled = cancelled;
    Strand mine;
    if (auto switched = core.switch_strand(mine, *thread.strand); !switched)
        return trap(std::move(switched).error().message);
    thread.fiber->resume();
    (void)core.switch_strand(*thread.strand, mine); // which has all it needs
    current_ = outer;
    next = std::exchange(next_, nullptr);
    if (thread.fiber->finished())
        forget(thread);
    return ended_;
}

Trap ComponentStore::resume(Thread& thread, bool cancelled)
{
    if (thread.state == Thread::State::waiting)
        stop_waiting(thread);
    Thread* next = &thread;
    while (next) {
        if (!next->fiber) { // its caller's loop, below on this stack, goes on with it
            next->state = Thread::State::running;
            next->cancelled = cancelled;
            return ended_;
        }
        Thread* const now = std::exchange(next, nullptr);
        if (const Trap trap = run(*now, std::exchange(cancelled, false), next); failed(trap))
            return trap;
    }
    return Trap::none;
}

Trap ComponentStore::tick(bool& ran)
{
    const auto found = std::ranges::find_if(waiting_, [](const Thread* one) { return one->is_ready(); });
    ran = found != waiting_.end();
    if (!ran)
        return Trap::none;
    Thread& thread = **found;
    ComponentInstance* const instance = thread.task ? &thread.task->instance() : nullptr;
    if (instance)
        instance->enter_from(nullptr);
    const Trap trap = resume(thread, false);
    if (instance && !failed(trap))
        instance->leave_to(nullptr);
    return trap;
}

Trap ComponentStore::run_until(const Thread::Condition& done)
{
    while (!failed(ended_) && !done()) {
        bool ran = false;
        if (const Trap trap = tick(ran); failed(trap))
            return trap;
        if (ran)
            continue;
        if (!events || !events->is_pending())
            return trap("deadlock detected: event loop cannot make further progress");
        if (const Trap trap = events->wait(); failed(trap))
            return ended_ = trap;
    }
    return ended_;
}

bool ComponentStore::has_guest_threads() const
{
    return std::ranges::any_of(threads_, [](const auto& one) { return one->task != nullptr; });
}

Trap ComponentStore::run_rest()
{
    while (!failed(ended_) && has_guest_threads()) {
        bool ran = false;
        if (const Trap trap = tick(ran); failed(trap))
            return trap;
        if (!ran && (!events || !events->is_pending()))
            break;
        if (ran)
            continue;
        if (const Trap trap = events->wait(); failed(trap))
            return ended_ = trap;
    }
    return ended_;
}

/// The running thread leaves; it is set to suspended or waiting.
Trap ComponentStore::block(bool cancellable, Thread* next, bool& cancelled)
{
    Thread& thread = *current_;
    thread.cancellable = cancellable;
    if (failed(ended_))
        return ended_;
    if (thread.fiber) {
        next_ = next;
        Fiber::suspend();
    } else {
        if (next)
            if (const Trap trap = resume(*next, false); failed(trap))
                return trap;
        if (const Trap trap = block_inline(thread); failed(trap))
            return trap;
    }
    thread.cancellable = false;
    cancelled = thread.cancelled;
    return ended_;
}

namespace {

/// Whether it is the implicit thread of a task that has the instance's stack for itself: not while a call that is not
/// asynchronous uses it.
bool needs_the_stack(const Thread& thread)
{
    const Task& task = *thread.task;
    return task.implicit_thread == &thread && task.is_async() && task.needs_exclusive();
}

} // namespace

/// Meanwhile other threads of its instance run, nobody else.
Trap ComponentStore::block_inline(Thread& thread)
{
    ComponentInstance& instance = thread.task->instance();
    while (thread.state != Thread::State::running) {
        Thread* const found = find_ready(instance);
        if (!found)
            return trap("cannot block a synchronous task before returning: deadlock detected: event loop cannot make "
                        "further progress");
        Thread& ready = *found;
        if (&ready == &thread) {
            stop_waiting(thread);
            thread.state = Thread::State::running;
            thread.cancelled = false;
        } else {
            Thread* const self = std::exchange(current_, nullptr);
            const Trap trap = resume(ready, false);
            current_ = self;
            if (failed(trap))
                return trap;
        }
    }
    return Trap::none;
}

Thread* ComponentStore::find_ready(const ComponentInstance& instance) const
{
    const auto found = std::ranges::find_if(waiting_, [&](const Thread* one) {
        return one->task && &one->task->instance() == &instance && !needs_the_stack(*one) && one->is_ready();
    });
    return found == waiting_.end() ? nullptr : *found;
}

bool ComponentStore::may_block() const
{
    const Task& task = *current_->task;
    return task.is_async() || task.state == Task::State::resolved || find_ready(task.instance());
}

Trap ComponentStore::wait_until(Thread::Condition condition, bool cancellable, bool& cancelled)
{
    cancelled = current_->task && current_->task->deliver_pending_cancel(cancellable);
    if (cancelled)
        return Trap::none;
    if (failed(ended_) || condition())
        return ended_;
    start_waiting(*current_, std::move(condition));
    return block(cancellable, nullptr, cancelled);
}

Trap ComponentStore::yield_until(Thread::Condition condition, bool cancellable, bool& cancelled)
{
    cancelled = current_->task && current_->task->deliver_pending_cancel(cancellable);
    if (cancelled || failed(ended_))
        return ended_;
    start_waiting(*current_, std::move(condition));
    return block(cancellable, nullptr, cancelled);
}

Trap ComponentStore::yield(bool cancellable, bool& cancelled)
{
    return yield_until([] { return true; }, cancellable, cancelled);
}

Trap ComponentStore::suspend(bool cancellable, bool& cancelled)
{
    cancelled = current_->task->deliver_pending_cancel(cancellable);
    if (cancelled)
        return Trap::none;
    current_->state = Thread::State::suspended;
    return block(cancellable, nullptr, cancelled);
}

/// The running thread is suspended, or waiting, already.
Trap ComponentStore::switch_to(Thread& other, bool cancellable, bool& cancelled)
{
    return block(cancellable, &other, cancelled);
}

ComponentInstance* ComponentStore::add(std::unique_ptr<ComponentInstance> instance)
{
    instances_.push_back(std::move(instance));
    if (handle_capacity_)
        instances_.back()->handles.set_capacity(*handle_capacity_);
    return instances_.back().get();
}

void ComponentStore::set_handle_capacity(std::uint32_t capacity)
{
    handle_capacity_ = capacity;
    for (const auto& instance : instances_)
        instance->handles.set_capacity(capacity);
}

ComponentFunction* ComponentStore::add(ComponentFunction function)
{
    return &functions_.emplace_back(std::move(function));
}

InstanceValue* ComponentStore::add(InstanceValue value)
{
    return &instance_values_.emplace_back(std::move(value));
}

RuntimeResourceType* ComponentStore::add(RuntimeResourceType type)
{
    return &resource_types_.emplace_back(type);
}

RuntimeResourceType* ComponentStore::host_resource(const void* host_type)
{
    const auto found = std::ranges::find(resource_types_, host_type, &RuntimeResourceType::host_type);
    if (found != resource_types_.end())
        return &*found;
    const auto drop = [](void* objects, std::uint32_t rep) { static_cast<HostObjects*>(objects)->remove(rep); };
    return add(RuntimeResourceType{.drop = drop, .context = &objects, .host_type = host_type});
}

std::uint32_t HostObjects::add(std::shared_ptr<void> object)
{
    if (free_.empty()) {
        objects_.push_back(std::move(object));
        return static_cast<std::uint32_t>(objects_.size() - 1);
    }
    const std::uint32_t rep = free_.back();
    free_.pop_back();
    objects_[rep] = std::move(object);
    return rep;
}

std::shared_ptr<void> HostObjects::remove(std::uint32_t rep)
{
    free_.push_back(rep);
    return std::exchange(objects_[rep], nullptr);
}

} // namespace trellis::wasm::component
