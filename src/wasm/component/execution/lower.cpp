// Component functions as functions that core modules import.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#canon-lower
#include "wasm/component/execution/builtins.hpp"
#include "wasm/component/execution/host.hpp"
#include "wasm/component/syntax/limits.hpp"

namespace trellis::wasm::component {
namespace {

std::size_t most_flat_params(const LowerContext& lower)
{
    return lower.is_async ? limits::flat_async_params : limits::flat_params;
}

Trap place_parameters(const LowerContext& lower, HostCall& call, Slot* slots)
{
    const FuncType& type = *lower.callee->type;
    call.parameters = Place::of(slots);
    if (type.flat_params.fits(most_flat_params(lower)))
        return Trap::none;
    return tuple_at(call.store, lower.side, slots->u32, type.params_layout, call.parameters);
}

/// `slots` are the arguments, behind which the pointer to the result may stand.
Trap place_result(const LowerContext& lower, HostCall& call, Slot* slots, Slot* results)
{
    const FuncType& type = *lower.callee->type;
    call.result = Place::of(results);
    if (type.result == no_type || (!lower.is_async && type.flat_result.fits(limits::flat_results)))
        return Trap::none;
    const std::size_t at = type.flat_params.fits(most_flat_params(lower)) ? type.flat_params.count : 1;
    const Layout layout = lower.callee->types->arena()[type.result].layout;
    return tuple_at(call.store, lower.side, slots[at].u32, layout, call.result);
}

Trap call_host(LowerContext& lower, Slot* frame)
{
    ComponentStore& store = lower.instance->store;
    const ComponentFunction& callee = *lower.callee;
    std::optional<Subtask> lender;
    if (callee.type->param_facts.has_borrow)
        lender.emplace(*lower.instance);
    HostCall call{store, callee.host_context, {store, lower.side, lender ? &*lender : nullptr}, {store, lower.side}, {},
                  {}};
    if (const Trap trap = place_parameters(lower, call, frame); failed(trap))
        return trap;
    if (const Trap trap = place_result(lower, call, frame, frame); failed(trap))
        return trap;
    const Trap trap = callee.host->call(call);
    if (lender && !failed(trap))
        lender->deliver_resolve();
    return trap;
}

/// An asynchronous call of the host: on a fiber, which gives the result when it is there.
class HostTask {
public:
    HostTask(LowerContext& lower, std::shared_ptr<Subtask> subtask) : lower_(lower), subtask_(std::move(subtask)) {}

    Trap take_arguments()
    {
        HostCall call = make_call();
        if (const Trap trap = place_parameters(lower_, call, subtask_->arguments.data()); failed(trap))
            return trap;
        Trap trap = Trap::none;
        running_ = lower_.callee->host->start(call, trap);
        subtask_->state = Subtask::State::started;
        return trap;
    }
    Trap run()
    {
        ComponentStore& store = lower_.instance->store;
        const Trap trap = running_->run(store);
        if (store.current()->cancelled && trap == Trap::interrupted)
            return subtask_->resolve(lower_.side, nullptr, 0);
        return failed(trap) ? trap : give_result();
    }

private:
    HostCall make_call()
    {
        ComponentStore& store = lower_.instance->store;
        return {store, lower_.callee->host_context, {store, lower_.side, subtask_.get()}, {store, lower_.side}, {}, {}};
    }
    Trap give_result()
    {
        HostCall call = make_call();
        if (const Trap trap = place_result(lower_, call, subtask_->arguments.data(), subtask_->results); failed(trap))
            return trap;
        const Trap trap = running_->give_result(call);
        subtask_->finish();
        return trap;
    }

    LowerContext& lower_;
    std::shared_ptr<Subtask> subtask_;
    std::unique_ptr<RunningHostCall> running_;
};

Trap start_host(LowerContext& lower, const std::shared_ptr<Subtask>& subtask)
{
    ComponentStore& store = lower.instance->store;
    auto task = std::make_shared<HostTask>(lower, subtask);
    if (const Trap trap = task->take_arguments(); failed(trap))
        return trap;
    auto thread = store.make_thread(nullptr, [task] { return task->run(); });
    if (!thread)
        return store.trap(std::move(thread).error().message);
    subtask->on_cancel = [&store, subtask = subtask.get(), thread = *thread] {
        return !subtask->is_resolved() && thread->cancellable ? store.resume(*thread, true) : Trap::none;
    };
    return store.resume(**thread, false);
}

Trap start_call(LowerContext& lower, const std::shared_ptr<Subtask>& subtask)
{
    if (lower.callee->host)
        return start_host(lower, subtask);
    return lower.instance->store.call(*lower.callee, *subtask, lower.instance, &subtask->on_cancel);
}

std::shared_ptr<Subtask> make_subtask(const LowerContext& lower, const Slot* frame)
{
    auto subtask = std::make_shared<Subtask>(*lower.instance);
    subtask->side = lower.side;
    subtask->is_async_lowered = lower.is_async;
    subtask->callee = lower.callee;
    std::copy_n(frame, lower.slots, subtask->arguments.begin());
    return subtask;
}

Trap call_synchronously(LowerContext& lower, Slot* frame)
{
    ComponentStore& store = lower.instance->store;
    if (lower.callee->type->is_async && !store.may_block())
        return store.trap("cannot block a synchronous task before returning");
    const auto subtask = make_subtask(lower, frame);
    std::array<Slot, 1> result = {};
    subtask->results = result.data();
    if (const Trap trap = start_call(lower, subtask); failed(trap))
        return trap;
    if (!subtask->is_resolved()) {
        bool cancelled = false;
        if (const Trap trap = store.wait_until([&] { return subtask->is_resolved(); }, false, cancelled); failed(trap))
            return trap;
    }
    subtask->deliver_resolve();
    if (lower.callee->type->flat_result.count == 1)
        frame[0] = result[0];
    return Trap::none;
}

Trap call_asynchronously(LowerContext& lower, Slot* frame)
{
    const auto subtask = make_subtask(lower, frame);
    if (const Trap trap = start_call(lower, subtask); failed(trap))
        return trap;
    if (subtask->is_resolved()) {
        subtask->deliver_resolve();
        frame[0].u64 = static_cast<std::uint32_t>(Subtask::State::returned);
        return Trap::none;
    }
    std::uint32_t index = 0;
    const Trap trap = add_handle(lower.instance->store, *lower.instance,
                                 {.kind = Handle::Kind::waitable, .waitable = subtask}, index);
    subtask->index = index;
    frame[0].u64 = static_cast<std::uint32_t>(subtask->state) | index << 4;
    return trap;
}

Trap run_lowered(void* context, Caller, Slot* frame)
{
    auto& lower = *static_cast<LowerContext*>(context);
    if (!lower.instance->may_leave)
        return lower.instance->store.trap("cannot leave component instance");
    if (lower.callee->host && lower.callee->host->call)
        return call_host(lower, frame);
    if (!lower.callee->host && lower.instance->is_related_to(*lower.callee->side.instance))
        return lower.instance->store.trap("cannot enter component instance");
    if (lower.is_plain)
        return call_plain(lower, frame);
    return lower.is_async ? call_asynchronously(lower, frame) : call_synchronously(lower, frame);
}

/// What a destructor is called with.
class Representation final : public CallOrigin {
public:
    explicit Representation(std::uint32_t rep) : rep_(rep) {}
    Trap start(const ComponentFunction&, Task*, Slot* flat) override
    {
        flat[0].u64 = rep_;
        return Trap::none;
    }
    Trap resolve(const CanonicalSide&, Slot*, std::size_t) override { return Trap::none; }

private:
    std::uint32_t rep_;
};

} // namespace

Function* make_lowered(ComponentInstance& instance, const CanonLower& definition)
{
    auto context =
        std::make_shared<LowerContext>(&instance, instance.functions[static_cast<std::uint32_t>(definition.function)],
                                       side_of(instance, definition.options), definition.options.is_async,
                                       definition.signature->function().params.size());
    prepare_plain_call(*context);
    instance.store.keep(context);
    if (Function* const fused = make_fused(*context, definition.signature->function()))
        return fused;
    return instance.store.core.make_host_function(definition.signature->function(), run_lowered, context.get());
}

Trap call_destructor(ComponentStore& store, ComponentInstance* caller, RuntimeResourceType& type, std::uint32_t rep)
{
    Representation origin(rep);
    return store.call(*type.destructor, origin, caller);
}

} // namespace trellis::wasm::component
