// Tasks and threads of components, and how they wait. A task is one call of a component's function; a thread is what
// runs for a task. A thread of a function that is not asynchronous runs on the stack of its caller; every other one has
// a fiber and guest frames of its own. Whoever waits says what for; ComponentStore looks for threads that are ready.
// A trap ends the store: from then on every wait returns it, so that all fibers come to their ends.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#concurrency
#pragma once

#include "base/fiber.hpp"
#include "wasm/component/execution/instance.hpp"
#include "wasm/component/execution/place.hpp"
#include "wasm/execution/strand.hpp"

#include <deque>
#include <functional>

namespace trellis::wasm::component {

/// Whoever called a component function: gives the arguments when they are asked for, and takes the result.
class CallOrigin {
public:
    virtual ~CallOrigin() = default;
    /// Puts the arguments into the callee's core values, at most 16 of them or a pointer.
    virtual Trap start(const ComponentFunction& callee, Task* task, Slot* flat) = 0;
    /// The result in the callee's core values, of which there are at most `most_flat`, or else a pointer; null: the
    /// call was cancelled.
    virtual Trap resolve(const CanonicalSide& from, Slot* flat, std::size_t most_flat) = 0;
};

class Task {
public:
    enum class State : std::uint8_t { initial, started, pending_cancel, cancel_delivered, resolved };

    explicit Task(const ComponentFunction& callee, CallOrigin* caller = nullptr) : function(&callee), origin(caller) {}

    const ComponentFunction* function;
    CallOrigin* origin; ///< until it is resolved
    State state = State::initial;
    std::uint32_t borrows = 0; ///< handles that have to be gone when it returns
    Thread* implicit_thread = nullptr;
    std::vector<Thread*> threads = {};

    [[nodiscard]] ComponentInstance& instance() const { return *function->side.instance; }
    [[nodiscard]] ComponentStore& store() const { return instance().store; }
    [[nodiscard]] bool is_async() const { return function->type->is_async; }
    [[nodiscard]] bool needs_exclusive() const { return !function->is_async_lifted || function->callback; }

    /// False: it was cancelled while it waited for its turn.
    Trap enter(Thread& thread, bool& entered);
    Trap exit();
    Trap start(Slot* flat);
    Trap return_(Slot* flat, std::size_t most_flat);
    Trap cancel();
    Trap request_cancellation(ComponentInstance* caller);
    bool deliver_pending_cancel(bool cancellable);
    void add(Thread& thread);
    Trap remove(Thread& thread);
};

class Thread {
public:
    using Condition = std::function<bool()>;
    enum class State : std::uint8_t { running, suspended, waiting };

    explicit Thread(std::shared_ptr<Task> task) : task(std::move(task)) {}
    ~Thread() = default;
    Thread(const Thread&) = delete;
    Thread& operator=(const Thread&) = delete;

    std::shared_ptr<Task> task;          ///< null: of the host
    std::unique_ptr<Fiber> fiber = {};   ///< null: on its caller's stack
    std::unique_ptr<Strand> strand = {}; ///< with the fiber
    State state = State::suspended;
    Condition condition = {};
    bool cancellable = false;
    bool cancelled = false; ///< how it was resumed last
    std::uint32_t index = 0;
    std::array<std::uint32_t, 2> storage = {};
    Trap ended = Trap::none;

    [[nodiscard]] bool is_ready() const { return state == State::waiting && condition(); }
};

/// A call that nothing can wait in. Most of them end without anybody asking for their task or thread: those are made
/// when somebody does. It is not entered while it runs, since its callee isn't.
class PlainCall {
public:
    explicit PlainCall(const ComponentFunction& callee) : callee_(&callee) {}

    Thread& make_thread();
    /// What stands for the running thread until there is one: told from a thread's address by its lowest bit.
    [[nodiscard]] std::uint64_t word() const { return reinterpret_cast<std::uintptr_t>(this) | 1; }
    [[nodiscard]] static PlainCall* of(std::uint64_t word)
    {
        return word & 1 ? reinterpret_cast<PlainCall*>(word & ~std::uint64_t(1)) : nullptr;
    }

private:
    const ComponentFunction* callee_;
    std::optional<Task> task_ = {};
    std::optional<Thread> thread_ = {};
};

/// A call that its caller may not wait for.
class Subtask final : public Waitable, public CallOrigin {
public:
    enum class State : std::uint8_t {
        starting,
        started,
        returned,
        cancelled_before_started,
        cancelled_before_returned,
    };

    explicit Subtask(ComponentInstance& caller) : Waitable(Kind::subtask), caller(&caller) {}

    ComponentInstance* caller;
    CanonicalSide side = {};
    State state = State::starting;
    bool is_async_lowered = false;
    bool cancellation_requested = false;
    bool is_delivered = false;
    std::vector<std::uint32_t> lenders = {}; ///< handles of the caller's table
    std::array<Slot, 17> arguments = {};
    const ComponentFunction* callee = nullptr;
    Slot* results = nullptr; ///< of a synchronous call: where the flat result goes
    std::function<Trap()> on_cancel = {};

    [[nodiscard]] bool is_resolved() const { return state >= State::returned; }
    void deliver_resolve();
    /// The result is where the caller wants it.
    void finish();

    Trap start(const ComponentFunction& function, Task* task, Slot* flat) override;
    Trap resolve(const CanonicalSide& from, Slot* flat, std::size_t most_flat) override;

private:
    Event deliver() override;
    void progress();
};

/// What an event loop, or whoever else knows of the outside, does when no thread of the guests can go on.
class HostEvents {
public:
    virtual ~HostEvents() = default;
    /// Whether something that the host waits for may still happen.
    [[nodiscard]] virtual bool is_pending() const = 0;
    /// Waits for some of it. A trap ends the store.
    virtual Trap wait() = 0;
};

/// Objects of the host that guests have handles of, by representation. Each knows its type by the handle's.
class HostObjects {
public:
    std::uint32_t add(std::shared_ptr<void> object);
    [[nodiscard]] void* find(std::uint32_t rep) const { return objects_[rep].get(); }
    [[nodiscard]] std::shared_ptr<void> share(std::uint32_t rep) const { return objects_[rep]; }
    /// What owned it is gone.
    std::shared_ptr<void> remove(std::uint32_t rep);

private:
    std::vector<std::shared_ptr<void>> objects_ = {nullptr};
    std::vector<std::uint32_t> free_;
};

class ComponentStore {
public:
    /// Guests of that store; `core` outlives this.
    explicit ComponentStore(wasm::Store& core);
    ~ComponentStore();
    ComponentStore(const ComponentStore&) = delete;
    ComponentStore& operator=(const ComponentStore&) = delete;

    wasm::Store& core;
    HostEvents* events = nullptr;
    /// Where adapters between components come from, by their binary: with code, if the store's tier needs that. Empty,
    /// or what it gives is null: calls go through the host.
    std::function<std::shared_ptr<const Module>(SharedBytes)> adapter_modules = {};
    HostObjects objects;
    std::uint64_t lifted_bytes = 0; ///< by the host, for the arguments that it is taking

    [[nodiscard]] Thread* current()
    {
        PlainCall* const call = PlainCall::of(current_word());
        return call ? &make_current(*call) : reinterpret_cast<Thread*>(current_word());
    }
    /// Null where nobody has asked for the thread of a plain call yet, too.
    [[nodiscard]] Thread* made_current() const
    {
        return PlainCall::of(current_word()) ? nullptr : reinterpret_cast<Thread*>(current_word());
    }
    /// The same, as a global that compiled code reads and writes: a thread's address or PlainCall::word().
    [[nodiscard]] Global& current_global() { return current_; }

    [[nodiscard]] bool has_ended() const { return failed(ended_); }
    /// A trap ends the store; gives it.
    Trap end(Trap trap)
    {
        if (!failed(ended_))
            ended_ = trap;
        return trap;
    }
    /// The guest breaks a rule: the trap, with the message for people.
    Trap trap(std::string message);

    /// Calls a component function. A function of the host's own is not called this way.
    Trap call(const ComponentFunction& function, CallOrigin& origin, ComponentInstance* caller,
              std::function<Trap()>* on_cancel = nullptr);

    /// While the guard lives, this thread is the running one, on the present stack.
    class Running {
    public:
        Running(ComponentStore& store, std::uint64_t word) : store_(store), outer_(store.exchange_current(word)) {}
        ~Running() { store_.exchange_current(outer_); }
        Running(const Running&) = delete;
        Running& operator=(const Running&) = delete;

    private:
        ComponentStore& store_;
        std::uint64_t outer_;
    };
    Running run_as(Thread& thread) { return {*this, reinterpret_cast<std::uintptr_t>(&thread)}; }
    Running run_as(const PlainCall& call) { return {*this, call.word()}; }

    /// Runs threads until `done`. Traps where nothing can go on before that.
    Trap run_until(const Thread::Condition& done);
    /// Runs what is left of guests' threads, as far as they can go.
    Trap run_rest();
    /// Runs one thread that is ready; false: there is none.
    Trap tick(bool& ran);

    // Of the running thread:
    /// Whether it may wait: not for a task that is not asynchronous, unless another thread of its instance can go on.
    [[nodiscard]] bool may_block();
    /// Goes on at once where the condition holds already.
    Trap wait_until(Thread::Condition condition, bool cancellable, bool& cancelled);
    /// Lets others run even then.
    Trap yield_until(Thread::Condition condition, bool cancellable, bool& cancelled);
    Trap yield(bool cancellable, bool& cancelled);
    Trap suspend(bool cancellable, bool& cancelled);
    Trap switch_to(Thread& other, bool cancellable, bool& cancelled);
    Trap resume(Thread& thread, bool cancelled);
    void start_waiting(Thread& thread, Thread::Condition condition);
    void stop_waiting(Thread& thread);

    /// A thread with a fiber. It is suspended.
    Result<Thread*> make_thread(std::shared_ptr<Task> task, std::function<Trap()> body);
    void forget(Thread& thread);

    ComponentInstance* add(std::unique_ptr<ComponentInstance> instance);
    ComponentFunction* add(ComponentFunction function);
    InstanceValue* add(InstanceValue value);
    RuntimeResourceType* add(RuntimeResourceType type);
    /// At most so many handles in each instance's table.
    void set_handle_capacity(std::uint32_t capacity);
    /// The resource type of a type of the host's: made when it is first asked for.
    RuntimeResourceType* host_resource(const void* host_type);
    /// Keeps anything as long as the store.
    void keep(std::shared_ptr<const void> thing) { kept_.push_back(std::move(thing)); }

private:
    Trap call_inline(const std::shared_ptr<Task>& task, ComponentInstance* caller);
    Trap run(Thread& thread, bool cancelled, Thread*& next);
    Trap block(bool cancellable, Thread* next, bool& cancelled);
    Trap block_inline(Thread& thread);
    [[nodiscard]] Thread* find_ready(const ComponentInstance& instance) const;
    [[nodiscard]] bool has_guest_threads() const;
    [[nodiscard]] std::uint64_t current_word() const { return current_.value[0].u64; }
    std::uint64_t exchange_current(std::uint64_t word) { return std::exchange(current_.value[0].u64, word); }
    Thread& make_current(PlainCall& call);

    std::vector<std::unique_ptr<ComponentInstance>> instances_;
    std::deque<ComponentFunction> functions_;
    std::deque<InstanceValue> instance_values_;
    std::deque<RuntimeResourceType> resource_types_;
    std::vector<std::shared_ptr<const void>> kept_;
    FiberStacks fiber_stacks_;
    Global current_{.type = {i64, true}, .types = {}};
    Thread* next_ = nullptr; ///< whom the thread that has just left its fiber goes on with
    std::vector<Thread*> waiting_;
    std::vector<std::unique_ptr<Thread>> threads_; ///< those with fibers
    Trap ended_ = Trap::none;
    std::optional<std::uint32_t> handle_capacity_;
};

/// Runs a task's thread: enters the core function and does what the canonical definition says around it.
Trap run_lifted(Task& task, Thread& thread);

} // namespace trellis::wasm::component
