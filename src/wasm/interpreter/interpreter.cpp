#include "wasm/interpreter/interpreter.hpp"

#include "wasm/execution/memory.hpp"
#include "wasm/execution/operations.hpp"
#include "wasm/interpreter/frames.hpp"
#include "wasm/interpreter/handler_state.hpp"
#include "wasm/interpreter/handlers_control.hpp"

#include <algorithm>

namespace trellis::wasm {
namespace interpreter {

std::uint64_t exit_address()
{
    static const Handler code = handlers::exit;
    return reinterpret_cast<std::uint64_t>(&code);
}

FunctionEntry* bind(Function& function)
{
    auto& entry = static_cast<ModuleCode*>(function.instance->code)->entry(function.index);
    function.code = &entry;
    return &entry;
}

std::optional<Frame> Frame::at(const Instance& instance, Code pc, Slot* slots)
{
    auto* const module = static_cast<ModuleCode*>(instance.code);
    const auto* const function = module->find(pc);
    if (!function)
        return std::nullopt;
    return Frame{module, function, pc, slots};
}

std::optional<Frame> Frame::caller() const
{
    const auto call = reinterpret_cast<Code>(header()[0].u64) - 1; // inside the call, not behind it
    const auto* const found = module->find(call);
    if (!found)
        return std::nullopt;
    return Frame{module, found, call, reinterpret_cast<Slot*>(header()[1].u64)};
}

namespace {

using Clause = HandlerRegion::Clause;

const Clause* matching_clause(const Instance& instance, const HandlerRegion& region, const Tag* tag)
{
    const auto found = std::ranges::find_if(region.clauses, [&](const Clause& clause) {
        return !clause.has_tag || instance.tags[clause.tag_index] == tag;
    });
    return found == region.clauses.end() ? nullptr : &*found;
}

/// Regions are in the order they open, so the last one around an offset is the innermost.
std::uint32_t innermost_region(const FunctionCode& function, std::uint32_t offset)
{
    for (auto i = function.regions.size(); i-- > 0;)
        if (function.regions[i].begin <= offset && offset < function.regions[i].end)
            return static_cast<std::uint32_t>(i);
    return HandlerRegion::no_parent;
}

void enter_handler(Store& store, const Frame& frame, const HandlerRegion& region, const Clause& clause, Code& pc,
                   Slot*& fp)
{
    const auto exception = std::exchange(store.pending_exception, null_ref);
    Slot* values = frame.slots + region.values;
    if (region.exception != HandlerRegion::no_parent)
        frame.slots[region.exception].ref = exception;
    if (clause.has_tag) {
        exception_fields(store, exception, values);
        for (const auto type : exception_tag(store, exception)->type->function().params)
            values += type.slots();
    }
    if (clause.with_reference)
        values->ref = exception;
    pc = frame.function->code.data() + clause.landing;
    fp = frame.slots;
}

} // namespace

Trap tail_call(Function& function, std::span<const Slot> arguments, Slot* frame)
{
    auto& activation = *static_cast<Activation*>(current_activation);
    auto& stack = *activation.store->stack;
    const auto needed = static_cast<std::ptrdiff_t>(
        std::max<std::size_t>(arguments.size(), result_slots(function.type->function())) + header_slots);
    if (stack.limit - frame < needed)
        return Trap::call_stack_exhausted;
    stack.reach(frame + needed);
    std::ranges::copy(arguments, frame);
    activation.tail_call = &function;
    return Trap::none;
}

Trap unwind(Instance& instance, Code& pc, Slot*& fp)
{
    auto& store = *instance.store;
    const Tag* const tag = exception_tag(store, store.pending_exception);
    for (auto frame = Frame::at(instance, pc, fp); frame; frame = frame->caller()) {
        if (should_poll(frame->slots, &instance)) [[unlikely]]
            if (const auto trap = store.poll(); failed(trap))
                return trap;
        const auto& regions = frame->function->regions;
        for (auto i = innermost_region(*frame->function, frame->offset()); i != HandlerRegion::no_parent;
             i = regions[i].parent)
            if (const auto* const clause = matching_clause(instance, regions[i], tag)) {
                enter_handler(store, *frame, regions[i], *clause, pc, fp);
                return Trap::none;
            }
        if (frame->is_outermost())
            break;
    }
    return Trap::uncaught_exception;
}

void add_interpreted_frames(const GuestActivation& one, std::vector<BacktraceFrame>& frames)
{
    const auto& activation = static_cast<const Activation&>(one);
    if (!activation.instance || !activation.pc)
        return;
    auto frame = Frame::at(*activation.instance, static_cast<Code>(activation.pc), activation.slots());
    while (frame && frames.size() < most_backtrace_frames) {
        frames.push_back({activation.instance, frame->function->function,
                          frame->module->binary_offset(*frame->function, frame->offset())});
        if (frame->is_outermost())
            return;
        frame = frame->caller();
    }
}

namespace {

/// Runs from the entry of a function whose arguments and header are in place; and what it tail-calls in other
/// instances.
Trap run(Activation& activation, Function& function, Slot* frame)
{
    auto* next_function = &function;
    for (;;) {
        auto& instance = *next_function->instance;
        activation.instance = &instance;
        activation.tail_call = nullptr;
        auto* const entry = entry_of(*next_function);
        const Code pc = entry->code.load(std::memory_order_acquire);
        const auto trap =
            next(pc, frame, instance.memory0_base, &instance, reinterpret_cast<std::uint64_t>(entry), Vector{});
        if (failed(trap) || !activation.tail_call)
            return trap;
        next_function = activation.tail_call;
    }
}

Trap call_function(Store& store, Function& function, Slot* frame)
{
    const auto stack_or_error = store.guest_stack();
    if (!stack_or_error)
        return Trap::limit_exceeded;
    auto& stack = **stack_or_error;
    const auto& type = function.type->function();
    const auto parameters = parameter_slots(type), results = result_slots(type);
    const bool in_place = frame >= stack.base && frame < stack.limit;
    Slot* const saved_top = stack.top;
    Slot* const first = in_place ? frame : stack.top;
    const auto needed = static_cast<std::ptrdiff_t>(std::max(parameters, results) + header_slots);
    if (stack.limit - first < needed)
        return Trap::call_stack_exhausted;
    stack.reach(first + needed);
    if (!in_place)
        std::copy_n(frame, parameters, first);
    first[parameters].u64 = exit_address();
    first[parameters + 1].u64 = 0;

    Activation activation(store);
    const auto trap = run_guarded(activation, [&] { return run(activation, function, first); });
    stack.top = saved_top;
    if (!failed(trap)) {
        if (!in_place)
            std::copy_n(first, results, frame);
    } else
        report_trap(activation, trap);
    return trap;
}

std::mutex& lock_of(const Module& module)
{
    return module.tier_code->mutex;
}

Result<> prepare(Instance& instance)
{
    const auto& module = *instance.module;
    const CodeMode mode{instance.store->limits().fuel.has_value(),
                        !instance.memory_list.empty() && instance.memory_list[0]->is_guarded(),
                        instance.store->limits().deterministic};
    const std::scoped_lock lock(lock_of(module));
    auto& all = module.tier_code->code;
    if (all.size() <= mode.number())
        all.resize(mode.number() + 1);
    auto& code = all[mode.number()];
    if (!code)
        code = std::make_shared<ModuleCode>(module, mode);
    instance.code = code.get();
    instance.code_owner = code;
    return {};
}

} // namespace

Activation::Activation(Store& owner) : GuestActivation(owner, add_interpreted_frames) {}

} // namespace interpreter

const Tier interpreter_tier = {"interpreter", interpreter::prepare, interpreter::call_function};

} // namespace trellis::wasm
