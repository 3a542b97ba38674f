#include "wasm/component/execution/fuzz_call.hpp"

#include "base/check.hpp"
#include "wasm/component/execution/builtins.hpp"

namespace trellis::wasm::component {
namespace {

constexpr Tier no_tier = {
    .name = "none",
    .prepare = [](Instance&) -> Result<> { return {}; },
    .call = [](Store&, Function&, Slot*) { return Trap::unreachable; },
};

const FuncType& type_of_caller()
{
    static const FuncType type;
    return type;
}

} // namespace

CallPlan::CallPlan(FuzzInput& input)
{
    resources = {arena->new_resource().id, arena->new_resource().id, arena->new_resource().id};
    RandomTypes types(input, *arena, resources);
    const std::uint32_t depth = input.below(5);
    parameters.resize(input.below(input.one_in(8) ? 20 : 4));
    FuncType type{.is_async = input.one_in(4)};
    for (TypeViews& one : parameters) {
        one = types.any(depth, true);
        type.params.push_back({{}, one.declared});
    }
    if (!input.one_in(4))
        result = types.any(depth, false);
    type.result = result.declared;
    function = arena->intern(std::move(type));
}

void CallPlan::decide(FuzzInput& input)
{
    arguments.clear();
    for (const TypeViews& one : parameters)
        arguments.push_back(random_value(input, *arena, one.declared));
    if (result.declared != no_type)
        outcome = random_value(input, *arena, result.declared);
    const bool is_hostile = !input.one_in(3);
    caller = GuestPlan::random(input, is_hostile);
    callee = GuestPlan::random(input, is_hostile);
    has_post_return = input.one_in(2);
}

bool CallPlan::is_possible() const
{
    const FuncType& made = type();
    return made.params_layout.size < FuzzGuest::page / 16 &&
           (made.result == no_type || (*arena)[made.result].layout.size < FuzzGuest::page / 16);
}

FuzzWorld::FuzzWorld()
    : store(registry, no_tier), caller(FuzzGuest::make(store).value()), callee(FuzzGuest::make(store).value())
{
    const auto enter = [](void* self, Caller, Slot* frame) {
        return static_cast<FuzzWorld*>(self)->call->enter(frame);
    };
    const auto after = [](void* self, Caller, Slot*) { return static_cast<FuzzWorld*>(self)->call->after_return(); };
    core = store.make_host_function({}, enter, this);
    post_return = store.make_host_function({}, after, this);
    for (std::size_t i = 0; i < signatures.size(); ++i)
        signatures[i] = registry->intern(wasm::FuncType{std::vector<ValType>(i, i32), {}});
}

FuzzCall::FuzzCall(FuzzWorld& world, const CallPlan& plan, Way way)
    : world_(world), plan_(plan), way_(way), store_(world.store), caller_(add_instance(*world.caller)),
      callee_(add_instance(*world.callee)), arguments_(plan.arguments), outcome_(plan.outcome)
{
    caller_.resources = {{plan.resources.of_giver, &of_caller_},
                         {plan.resources.of_taker, &of_callee_},
                         {plan.resources.of_host, &of_host_}};
    callee_.resources = caller_.resources;
    of_caller_.instance = &caller_;
    of_callee_.instance = &callee_;
    callee_.has_thread_builtins = way == Way::general;
    function_.type = &plan.type();
    function_.types = &callee_;
    function_.side = {&callee_, &world.callee->memory(), world.callee->realloc(), plan.callee.encoding};
    function_.core = world.core;
    function_.post_return = plan.has_post_return ? world.post_return : nullptr;
    caller_.functions = {&function_};
    world.caller->reset(plan.caller);
    world.callee->reset(plan.callee);
    world.call = this;
}

ComponentInstance& FuzzCall::add_instance(const FuzzGuest& guest)
{
    auto component = std::make_shared<Component>();
    component->types = plan_.arena;
    ComponentInstance& made = *store_.add(std::make_unique<ComponentInstance>(
        ComponentInstance{.store = store_, .parent = nullptr, .component = std::move(component), .around = nullptr}));
    made.core_memories = {&guest.memory()};
    made.core_functions = {guest.realloc()};
    return made;
}

CanonicalSide FuzzCall::caller_side()
{
    return {&caller_, &world_.caller->memory(), world_.caller->realloc(), plan_.caller.encoding};
}

/// What the caller passes: the parameters, or a pointer to them, and perhaps a pointer to where the result goes.
std::vector<Kind> FuzzCall::core_kinds() const
{
    const FuncType& type = plan_.type();
    std::vector<Kind> kinds = {Kind::i32};
    if (type.flat_params.fits(most_parameters()))
        kinds.assign(type.flat_params.view().begin(), type.flat_params.view().end());
    if (type.result != no_type && !type.flat_result.fits(most_results()))
        kinds.push_back(Kind::i32);
    return kinds;
}

template <class Action>
Trap FuzzCall::each_parameter(Place place, Action&& action) const
{
    std::uint32_t offset = 0;
    for (std::size_t i = 0; i < plan_.parameters.size(); ++i) {
        const Layout layout = (*plan_.arena)[plan_.parameters[i].declared].layout;
        offset = (offset + layout.alignment - 1) / layout.alignment * layout.alignment;
        const Trap trap = with_part(place, offset, [&](Place& part) { return action(i, part); });
        if (failed(trap))
            return trap;
        offset += layout.size;
    }
    return Trap::none;
}

Trap FuzzCall::give_arguments(Slot* frame)
{
    const Lowering to{store_, caller_side()};
    const FuncType& type = plan_.type();
    Place place = Place::of(frame);
    if (!type.flat_params.fits(most_parameters())) {
        std::uint32_t at = 0;
        if (const Trap trap = allocate(to, type.params_layout.alignment, type.params_layout.size, at); failed(trap))
            return trap;
        place = Place::of(to.side.memory->base() + at);
        frame->u64 = at;
    }
    const Trap trap = each_parameter(place, [&](std::size_t i, Place& part) {
        add_copies(store_, callee_, plan_.parameters[i].declared, arguments_[i]);
        return lower_value(to, caller_, plan_.parameters[i].given, arguments_[i], part);
    });
    if (failed(trap) || type.result == no_type || type.flat_result.fits(most_results()))
        return trap;
    const Layout layout = (*plan_.arena)[type.result].layout;
    const Trap no_room = allocate(to, layout.alignment, layout.size, result_at_);
    frame[core_kinds().size() - 1].u64 = result_at_;
    return no_room;
}

/// Only where lifting changes nothing: handles would move.
void FuzzCall::judge_arguments(Slot* frame)
{
    const FuncType& type = plan_.type();
    if (type.param_facts.has_resource || type.param_facts.has_async || !plan_.is_honest())
        return;
    ComponentStore court(world_.store);
    const Lifting from{court, caller_side()};
    Place place = Place::of(frame);
    Trap trap = Trap::none;
    if (!type.flat_params.fits(most_parameters()))
        trap = tuple_at(court, from.side, frame->u32, type.params_layout, place);
    if (!failed(trap))
        trap = each_parameter(place, [&](std::size_t i, Place& part) {
            arguments_[i] = {};
            return lift_value(from, caller_, plan_.parameters[i].given, part, arguments_[i]);
        });
    of_arguments_.is_made = true;
    if (failed(trap))
        of_arguments_.refusal = world_.store.host_error;
}

void FuzzCall::judge_result(Slot* frame)
{
    const FuncType& type = plan_.type();
    if (type.result_facts.has_resource || type.result_facts.has_async || !plan_.is_honest() ||
        !plan_.caller.mutations.empty())
        return;
    ComponentStore court(world_.store);
    const Lifting from{court, function_.side};
    const ValueType& result = (*plan_.arena)[type.result];
    Place place = Place::of(frame);
    Trap trap = Trap::none;
    if (!type.flat_result.fits(limits::flat_results))
        trap = tuple_at(court, from.side, frame->u32, result.layout, place);
    outcome_ = {};
    if (!failed(trap))
        trap = lift_value(from, callee_, type.result, place, outcome_);
    of_result_.is_made = true;
    if (failed(trap))
        of_result_.refusal = world_.store.host_error;
}

/// What arrives at an honest callee is right, whoever gave it.
Trap FuzzCall::take_arguments(Slot* frame)
{
    const Lifting from{store_, function_.side};
    const FuncType& type = plan_.type();
    Place place = Place::of(frame);
    Trap trap = Trap::none;
    if (!type.flat_params.fits(limits::flat_params))
        trap = tuple_at(store_, from.side, frame->u32, type.params_layout, place);
    else
        for (std::size_t i = 0; i < type.flat_params.count; ++i)
            TRELLIS_CHECK(type.flat_params.kinds[i] == Kind::i64 || type.flat_params.kinds[i] == Kind::f64 ||
                          frame[i].u64 >> 32 == 0);
    record_.arguments.resize(plan_.parameters.size());
    if (!failed(trap))
        trap = each_parameter(place, [&](std::size_t i, Place& part) {
            return lift_value(from, callee_, plan_.parameters[i].taken, part, record_.arguments[i]);
        });
    TRELLIS_CHECK(!failed(trap) || !plan_.callee.is_honest());
    return trap;
}

void FuzzCall::drop_borrowed()
{
    const auto all = callee_.handles.all();
    for (std::uint32_t i = 0; i < all.size(); ++i)
        if (all[i].kind == Handle::Kind::resource && !all[i].is_own) {
            --all[i].borrow_scope->borrows;
            callee_.handles.remove(i);
        }
}

Trap FuzzCall::give_result(Slot* frame)
{
    const FuncType& type = plan_.type();
    if (type.result == no_type)
        return Trap::none;
    world_.callee->stop_answering();
    const Lowering to{store_, function_.side};
    const ValueType& result = (*plan_.arena)[type.result];
    Place place = Place::of(frame);
    if (!type.flat_result.fits(limits::flat_results)) {
        std::uint32_t at = 0;
        if (const Trap trap = allocate(to, result.layout.alignment, result.layout.size, at); failed(trap))
            return trap;
        place = Place::of(to.side.memory->base() + at);
        frame->u64 = at;
    }
    add_copies(store_, callee_, type.result, outcome_);
    const Trap trap = lower_value(to, callee_, type.result, outcome_, place);
    if (failed(trap))
        return trap;
    const Kind pointer = Kind::i32;
    const bool is_flat = type.flat_result.fits(limits::flat_results);
    world_.callee->mutate({frame, 1}, is_flat ? type.flat_result.view() : std::span(&pointer, 1));
    judge_result(frame);
    return Trap::none;
}

/// The callee.
Trap FuzzCall::enter(Slot* frame)
{
    record_.was_called = true;
    TRELLIS_CHECK(callee_.may_leave && !callee_.may_enter);
    TRELLIS_CHECK(!of_arguments_.refusal);
    if (const Trap trap = take_arguments(frame); failed(trap))
        return trap;
    if (of_arguments_.is_made || plan_.is_fair())
        for (std::size_t i = 0; i < arguments_.size(); ++i)
            TRELLIS_CHECK(equal(*plan_.arena, plan_.parameters[i].taken, record_.arguments[i], arguments_[i]));
    drop_borrowed();
    return give_result(frame);
}

Trap FuzzCall::after_return()
{
    TRELLIS_CHECK(!callee_.may_leave);
    ++record_.post_returns;
    return Trap::none;
}

Trap FuzzCall::take_result(Slot* frame)
{
    const FuncType& type = plan_.type();
    TRELLIS_CHECK(way_ != Way::async_lowered || frame[0].u64 == 2); // it has returned
    if (type.result == no_type)
        return Trap::none;
    const bool is_flat = type.flat_result.fits(most_results());
    if (!is_flat && !plan_.caller.mutations.empty())
        return Trap::none; // it is somewhere
    const Lifting from{store_, caller_side()};
    Place place = is_flat ? Place::of(frame) : Place::of(from.side.memory->base() + result_at_);
    const Trap trap = lift_value(from, caller_, type.result, place, record_.outcome);
    TRELLIS_CHECK(!failed(trap) || !plan_.caller.is_honest());
    if (!failed(trap) && (of_result_.is_made || plan_.is_fair()))
        TRELLIS_CHECK(equal(*plan_.arena, type.result, record_.outcome, outcome_));
    return trap;
}

void FuzzCall::check_success()
{
    TRELLIS_CHECK(caller_.may_leave && callee_.may_leave && callee_.may_enter && !store_.has_ended());
    TRELLIS_CHECK(!of_arguments_.refusal && !of_result_.refusal && record_.was_called);
    TRELLIS_CHECK(record_.post_returns == plan_.has_post_return);
    for (const Handle& one : caller_.handles.all())
        TRELLIS_CHECK(one.lends == 0);
}

void FuzzCall::check_end(Trap trap)
{
    if (!failed(trap))
        return check_success();
    TRELLIS_CHECK(store_.has_ended());
    TRELLIS_CHECK(trap != Trap::host_error || !record_.message.empty());
    if (ran_out() || !plan_.is_honest())
        return;
    TRELLIS_CHECK(trap == Trap::host_error && !plan_.is_fair());
    if (of_arguments_.is_made && !record_.was_called)
        TRELLIS_CHECK(of_arguments_.refusal && *of_arguments_.refusal == record_.message);
    if (of_result_.is_made)
        TRELLIS_CHECK(of_result_.refusal && *of_result_.refusal == record_.message);
}

void FuzzCall::finish(Trap trap)
{
    record_.trap = trap;
    record_.caller_log = world_.caller->log();
    record_.callee_log = world_.callee->log();
    record_.caller_memory = world_.caller->contents();
    record_.callee_memory = world_.callee->contents();
}

Record FuzzCall::run()
{
    const ComponentFunction caller{.type = &type_of_caller(), .types = &caller_, .side = caller_side()};
    Task task(caller);
    Thread thread(std::shared_ptr<Task>(std::shared_ptr<Task>(), &task));
    thread.state = Thread::State::running;
    const auto running = store_.run_as(thread);
    caller_.may_enter = false;

    CanonLower lowered{.function = ComponentFuncIndex(0), .written_options = {}};
    lowered.options = {plan_.caller.encoding, CoreMemoryIndex(0), CoreFuncIndex(0), {}, {}, way_ == Way::async_lowered};
    lowered.signature = world_.signatures[core_kinds().size()];
    Function* const function = make_lowered(caller_, lowered);
    Slot frame[FlatTypes::max] = {};
    if (failed(give_arguments(frame))) {
        finish(Trap::unreachable); // too much for the memory
        return std::move(record_);
    }
    world_.caller->mutate(frame, core_kinds());
    judge_arguments(frame);
    world_.caller->start_answering();
    world_.callee->start_answering();
    world_.store.host_error.clear();
    Trap trap = call_core(store_, *function, frame);
    if (trap == Trap::host_error)
        record_.message = world_.store.host_error;
    check_end(trap);
    world_.caller->stop_answering();
    if (!failed(trap))
        trap = take_result(frame);
    finish(trap);
    return std::move(record_);
}

} // namespace trellis::wasm::component
