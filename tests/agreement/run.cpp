#include "agreement/run.hpp"

#include "agreement/digest.hpp"
#include "base/format.hpp"
#include "wasm/execution/memory.hpp"
#include "wasm/execution/signal_handler.hpp"
#include "wasm/syntax/instruction.hpp"
#include "wasm/validation/validator.hpp"

#include <algorithm>
#include <deque>
#include <ranges>

namespace trellis::agreement {
namespace {

using namespace wasm;
using generator::Random;

constexpr StoreLimits limits = {
    .memory_bytes = 1 << 20,
    .total_memory_bytes = 8 << 20,
    .table_elements = 1000,
    .stack_bytes = 4 << 20,
    .gc_heap_bytes = 64 << 20,
};

bool ends_comparison(Trap trap)
{
    return trap == Trap::call_stack_exhausted || trap == Trap::gc_heap_exhausted;
}

class Run {
public:
    Run(const TierRow& tier, const generator::Generated& generated, const Mode& mode, std::uint64_t seed)
        : generated_(generated), mode_(mode), random_(seed), store_(registry_, *tier.tier, limits_of(mode))
    {
    }

    Result<Transcript> all(const TierRow& tier)
    {
        module_ = TRELLIS_TRY(load_module(SharedBytes::copy_of(generated_.binary), *registry_, Features::all()));
        TRELLIS_TRY(tier.prepare(*module_, mode_));
        const auto imports = TRELLIS_TRY(this->imports());
        refuel();
        auto instance = instantiate(store_, module_, imports);
        Observation first{.what = "start"};
        if (!instance)
            first.error = instance.error().describe();
        add(std::move(first), instance ? *instance : nullptr);
        for (int round = 0; instance && round < 2; ++round)
            for (auto i = module_->imported_functions; i < module_->function_types.size(); ++i)
                if (!call(**instance, static_cast<FuncIndex>(i)))
                    return std::move(transcript_);
        return std::move(transcript_);
    }

private:
    struct HostFunction {
        Run& run;
        std::uint32_t index;
    };

    static StoreLimits limits_of(const Mode& mode)
    {
        auto made = limits;
        made.deterministic = mode.deterministic;
        if (mode.metered)
            made.fuel = 0;
        return made;
    }

    void refuel() { store_.fuel = !mode_.metered ? 0 : random_.per_cent(40) ? random_.below(500) : 20'000; }

    Result<std::vector<Extern>> imports()
    {
        const auto& plan = generated_.plan;
        std::vector<Extern> made;
        for (std::uint32_t i = 0; i < plan.imported_functions; ++i) {
            auto& context = host_functions_.emplace_back(*this, i);
            const auto* const type = module_->canonical_types[number(plan.functions[i])].get();
            store_.functions.push_back({.type = type, .host = call_host, .context = &context});
            made.emplace_back(&store_.functions.back());
        }
        if (plan.imports_memory)
            made.emplace_back(TRELLIS_TRY(store_.make_memory(plan.memories.front())));
        if (plan.imports_table)
            made.emplace_back(TRELLIS_TRY(store_.make_table(plan.tables.front())));
        if (plan.imports_global)
            made.emplace_back(store_.make_global(plan.globals.front(), Value::of_i64(42)));
        return made;
    }

    /// Writes down its arguments, and gives what follows from them: numbers, a trap, or what a function of the guest
    /// gives that it calls.
    static Trap call_host(void* context, Caller caller, Slot* frame)
    {
        auto& self = *static_cast<HostFunction*>(context);
        return self.run.host(self.index, caller, frame);
    }

    Trap host(std::uint32_t index, Caller caller, Slot* frame)
    {
        const auto& type = module_->type_of(static_cast<FuncIndex>(index));
        Digest arguments(store_, mode_.deterministic);
        for (const auto* slot = frame; const auto param : type.params) {
            arguments.value(param, module_->canonical_types, slot);
            slot += param.slots();
        }
        auto what = arguments.result();
        if (transcript_.size() < most_observations)
            add({.what = format("host f{}", index), .values = what}, caller.instance);
        if (what % 19 == 3)
            return Trap::host_error;
        if (what % 7 == 2 && depth_ < 2 && caller.instance) {
            ++depth_;
            const auto function = module_->imported_functions + what / 7 % module_->functions.size();
            const auto trap = enter(*caller.instance, static_cast<FuncIndex>(function), what);
            --depth_;
            if (failed(trap))
                return trap;
        }
        for (const auto result : type.results) {
            frame->u64 = result.is_ref() ? null_ref : result == f32 || result == f64 ? 0 : what;
            if (result == v128)
                frame[1].u64 = what;
            frame += result.slots();
            what *= 31;
        }
        return Trap::none;
    }

    /// A call from inside a host function, with zeros.
    Trap enter(Instance& instance, FuncIndex function, std::uint64_t& what)
    {
        const auto& type = module_->type_of(function);
        std::vector<Slot> slots(2 * (type.params.size() + type.results.size()) + 2);
        const auto trap = wasm::call(store_, *function_of(instance, function), slots.data());
        if (failed(trap))
            return trap;
        Digest results(store_, mode_.deterministic);
        for (const auto* slot = slots.data(); const auto result : type.results) {
            results.value(result, module_->canonical_types, slot);
            slot += result.slots();
        }
        what += results.result();
        return Trap::none;
    }

    Value argument(ValType type)
    {
        Value value{type, {}};
        if (type.is_ref()) {
            const auto heap = type.heap();
            if ((heap == HeapType::any || heap == HeapType::eq || heap == HeapType::i31) && random_.per_cent(50))
                value.slots[0].ref = i31_ref(random_.below(1000));
            return value;
        }
        for (auto& slot : value.slots)
            slot.u64 = random_.per_cent(60) ? random_.below(200) : random_.next();
        if (type == f32 && random_.per_cent(70))
            value.slots[0].f32 = static_cast<float>(random_.below(1000)) / 8 - 50;
        if (type == f64 && random_.per_cent(70))
            value.slots[0].f64 = static_cast<double>(random_.below(1000)) / 8 - 50;
        if (type == i32 || type == f32)
            value.slots[0].u64 = value.slots[0].u32;
        return value;
    }

    /// False: nothing after this can be compared.
    bool call(Instance& instance, FuncIndex function)
    {
        std::vector<Value> arguments;
        for (const auto param : module_->type_of(function).params)
            arguments.push_back(argument(param));
        instance.global_objects[generated_.plan.budget()]->value[0].u64 = random_.between(1, 150);
        refuel();
        const auto results = invoke(store_, *function_of(instance, function), arguments);
        Observation made{.what = format("call f{}", number(function))};
        Digest values(store_, mode_.deterministic);
        if (results)
            for (std::size_t i = 0; i < results->size(); ++i)
                values.value(module_->type_of(function).results[i], module_->canonical_types,
                             (*results)[i].slots.data());
        else {
            made.trap = store_.last_trap.trap;
            for (const auto& frame : store_.last_trap.backtrace)
                if (!is_tail_call(frame.offset))
                    made.backtrace.push_back({number(frame.function), frame.offset});
            if (made.backtrace.size() == most_backtrace_frames)
                made.backtrace.pop_back(); // another tier's last one had no room
        }
        made.values = values.result();
        const bool goes_on = !ends_comparison(made.trap);
        add(std::move(made), &instance);
        return goes_on;
    }

    /// The frame of a function that calls one of the host instead of returning is there in some tiers, in others gone.
    [[nodiscard]] bool is_tail_call(std::uint32_t offset) const
    {
        const auto opcode = offset < module_->binary.size() ? module_->binary.view()[offset] : 0;
        return opcode == info(Op::return_call).code || opcode == info(Op::return_call_indirect).code ||
               opcode == info(Op::return_call_ref).code;
    }

    void add(Observation made, Instance* instance)
    {
        made.fuel = store_.fuel;
        for (const auto& memory : store_.memories) {
            Digest digest(store_, mode_.deterministic);
            digest.number(made.memories);
            digest.bytes({memory->base(), memory->size()});
            made.memories = digest.result();
        }
        Digest globals(store_, mode_.deterministic), tables(store_, mode_.deterministic);
        if (instance) {
            for (std::size_t i = 0; i < instance->global_objects.size(); ++i)
                globals.value(module_->global_types[i].value, module_->canonical_types,
                              instance->global_objects[i]->value.data());
            for (std::size_t i = 0; i < instance->table_list.size(); ++i) {
                const auto& table = *instance->table_list[i];
                tables.number(table.size);
                for (std::uint64_t k = 0; k < table.size; ++k) {
                    const Slot slot{.ref = table.elements[k]};
                    tables.value(module_->table_types[i].element, module_->canonical_types, &slot);
                }
            }
        }
        made.globals = globals.result();
        made.tables = tables.result();
        transcript_.push_back(std::move(made));
    }

    static constexpr std::size_t most_observations = 200;

    const generator::Generated& generated_;
    Mode mode_;
    Random random_;
    std::shared_ptr<TypeRegistry> registry_ = std::make_shared<TypeRegistry>();
    std::shared_ptr<const Module> module_;
    std::deque<HostFunction> host_functions_;
    Store store_;
    Transcript transcript_;
    int depth_ = 0; ///< of calls from host functions
};

std::string describe(const std::vector<Frame>& frames)
{
    std::string text;
    for (const auto& [function, offset] : frames)
        text += format(" f{}+{:#x}", function, offset);
    return text;
}

/// The processor may access memory in the middle of an instruction that stands for several of the module's, a load and
/// what uses it: then the fault is only known to be in one of them.
bool same_backtraces(const Observation& a, const Observation& b)
{
    if (a.trap != Trap::out_of_bounds_memory_access || a.backtrace.empty() || b.backtrace.empty())
        return a.backtrace == b.backtrace;
    return a.backtrace.front().function == b.backtrace.front().function &&
           std::ranges::equal(a.backtrace | std::views::drop(1), b.backtrace | std::views::drop(1));
}

/// In the order in which they are looked at.
std::string difference(const Observation& a, const Observation& b)
{
    const auto numbers = [](std::string_view what, auto one, auto other) {
        return format("{}: {:#x}, {:#x}", what, one, other);
    };
    if (a.what != b.what)
        return format("{}, {}", a.what, b.what);
    if (a.error != b.error)
        return format("errors: {}, {}", a.error, b.error);
    if (a.trap != b.trap)
        return format("traps: {}{}, {}{}", message_of(a.trap), describe(a.backtrace), message_of(b.trap),
                      describe(b.backtrace));
    if (ends_comparison(a.trap))
        return {};
    if (a.values != b.values)
        return numbers("values", a.values, b.values);
    if (a.memories != b.memories)
        return numbers("memories", a.memories, b.memories);
    if (a.globals != b.globals)
        return numbers("globals", a.globals, b.globals);
    if (a.tables != b.tables)
        return numbers("tables", a.tables, b.tables);
    if (a.fuel != b.fuel)
        return format("fuel left: {}, {}", a.fuel, b.fuel);
    if (!same_backtraces(a, b))
        return format("backtraces of {}:{},{}", message_of(a.trap), describe(a.backtrace), describe(b.backtrace));
    return {};
}

} // namespace

Result<Transcript> run(const TierRow& tier, const generator::Generated& module, const Mode& mode, std::uint64_t seed)
{
    return Run(tier, module, mode, seed).all(tier);
}

std::string difference(const Transcript& expected, const Transcript& found)
{
    for (std::size_t i = 0; i < std::min(expected.size(), found.size()); ++i) {
        if (const auto text = difference(expected[i], found[i]); !text.empty())
            return format("at {} ({}): {}", i, expected[i].what, text);
        if (ends_comparison(expected[i].trap))
            return {};
    }
    if (expected.size() != found.size())
        return format("{} observations, {}", expected.size(), found.size());
    return {};
}

} // namespace trellis::agreement
