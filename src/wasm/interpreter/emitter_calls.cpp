// Calls and exceptions.
#include "wasm/interpreter/emitter.hpp"
#include "wasm/interpreter/handlers_control.hpp"

#include <algorithm>

namespace trellis::wasm::interpreter {
namespace {

std::uint32_t slots_in(std::span<const ValType> types)
{
    std::uint32_t slots = 0;
    for (const auto type : types)
        slots += type.slots();
    return slots;
}

} // namespace

/// The arguments into their homes, which is where the callee's frame begins; everything else out of the accumulators.
std::uint32_t Emitter::settle_arguments(const FuncType& type)
{
    settle_from(stack_.size() - type.params.size());
    spill_all();
    const auto end = top_;
    for (std::size_t i = 0; i < type.params.size(); ++i)
        pop();
    reserve(std::max(end, top_ + slots_in(type.results)) + header_slots);
    return top_;
}

void Emitter::finish_call(const FuncType& type)
{
    const auto frame = top_;
    push_types(type.results);
    forget_accumulators();
    if (type.results.size() == 1 && type.results[0].kind() != Kind::v128)
        accumulator(stack_.back().rep).copy_of = frame;
}

void Emitter::call(const Instruction& in)
{
    const auto function = static_cast<FuncIndex>(in.index);
    const auto& type = module_.type_of(function);
    const auto frame = settle_arguments(type);
    if (module_.is_imported(function)) {
        begin_operation(handlers::call_import);
        put(in.index), put(frame), put(std::max(slots_in(type.params), slots_in(type.results)));
    } else {
        begin_operation(handlers::call);
        put(&module_code_.entry(function)), put(frame), put(slots_in(type.params));
    }
    finish_call(type);
}

void Emitter::call_indirect(const Instruction& in)
{
    const auto& type = module_.function_type(static_cast<TypeIndex>(in.index));
    const auto index = pop();
    const auto frame = settle_arguments(type); // leaves the index where it is
    const auto x = resolve(index);
    reserve(index.home + 1 + header_slots);
    const auto& table = module_.table_types[in.index2];
    begin_operation(handlers::call_indirect(x.source, table.limits.is_64));
    put(module_.canonical_types[in.index].get()), put(in.index2), put(frame), put(slots_in(type.params));
    put(std::max(slots_in(type.params), slots_in(type.results)));
    put_operand(x, table.limits.is_64 ? Rep::i64 : Rep::i32);
    finish_call(type);
}

void Emitter::call_ref(const Instruction& in)
{
    const auto& type = module_.function_type(static_cast<TypeIndex>(in.index));
    const auto function = pop();
    const auto frame = settle_arguments(type);
    const auto x = resolve(function);
    reserve(function.home + 1 + header_slots);
    begin_operation(handlers::call_reference(x.source));
    put(frame), put(slots_in(type.params)), put(std::max(slots_in(type.params), slots_in(type.results)));
    put_operand(x, Rep::ref);
    finish_call(type);
}

/// [arguments 4, parameter slots 4, header 4, result slots 4]
void Emitter::put_tail(std::uint32_t arguments, const FuncType& callee)
{
    put(arguments), put(slots_in(callee.params)), put(header_), put(slots_in(callee.results));
    reserve(slots_in(callee.params) + header_slots);
    reachable_ = false;
}

void Emitter::return_call(const Instruction& in)
{
    const auto function = static_cast<FuncIndex>(in.index);
    const auto& type = module_.type_of(function);
    const auto arguments = settle_arguments(type);
    if (module_.is_imported(function)) {
        begin_operation(handlers::return_call_import);
        put(in.index);
    } else {
        begin_operation(handlers::return_call);
        put(&module_code_.entry(function));
    }
    put_tail(arguments, type);
}

void Emitter::return_call_indirect(const Instruction& in)
{
    const auto& type = module_.function_type(static_cast<TypeIndex>(in.index));
    settle(stack_.size() - 1);
    const auto index = pop();
    const auto arguments = settle_arguments(type);
    begin_operation(module_.table_types[in.index2].limits.is_64 ? handlers::return_call_indirect_64
                                                                : handlers::return_call_indirect);
    put(module_.canonical_types[in.index].get()), put(in.index2), put(index.home);
    put_tail(arguments, type);
}

void Emitter::return_call_ref(const Instruction& in)
{
    const auto& type = module_.function_type(static_cast<TypeIndex>(in.index));
    settle(stack_.size() - 1);
    const auto function = pop();
    const auto arguments = settle_arguments(type);
    begin_operation(handlers::return_call_reference);
    put(function.home);
    put_tail(arguments, type);
}

// Exceptions.

void Emitter::throw_(const Instruction& in)
{
    const auto& type = module_.function_type(module_.tag_types[in.index].function);
    settle_from(stack_.size() - type.params.size());
    spill_all();
    const auto first = type.params.empty() ? top_ : stack_[stack_.size() - type.params.size()].home;
    begin_operation(handlers::throw_exception);
    put(in.index), put(first), put(top_);
    reachable_ = false;
}

void Emitter::throw_ref(const Instruction&)
{
    settle(stack_.size() - 1);
    begin_operation(handlers::throw_reference);
    put(stack_.back().home), put(top_);
    reachable_ = false;
}

void Emitter::open_region(Control& c)
{
    forget_accumulators();
    const auto here = static_cast<std::uint32_t>(code_.size());
    function_.regions.push_back({here, here, region_, c.base, HandlerRegion::no_parent, {}});
    c.region = region_ = static_cast<std::uint32_t>(function_.regions.size() - 1);
}

void Emitter::finish_region(Control& c)
{
    auto& region = function_.regions[c.region];
    if (!c.in_catch)
        region.end = static_cast<std::uint32_t>(code_.size());
    region_ = c.outer_region;
}

void Emitter::add_clause(Control& c, const CatchClause& clause)
{
    const bool has_tag = clause.form == CatchClause::Form::catch_ || clause.form == CatchClause::Form::catch_ref;
    const bool with_reference =
        clause.form == CatchClause::Form::catch_ref || clause.form == CatchClause::Form::catch_all_ref;
    function_.regions[c.region].clauses.push_back(
        {has_tag, number(clause.tag), with_reference, static_cast<std::uint32_t>(code_.size())});
    if (has_tag)
        push_types(module_.function_type(module_.tag_types[number(clause.tag)].function).params);
    if (with_reference)
        push_home(Rep::ref);
}

void Emitter::try_table(const Instruction& in)
{
    open(in, Op::try_table);
    auto& c = controls_.back();
    c.catches.assign(in.catches.begin(), in.catches.end());
    open_region(c);
}

/// Behind the body: for each clause, code that finds the caught values in their slots and branches to its label.
void Emitter::landing_pads(Control& c)
{
    finish_region(c);
    if (c.catches.empty())
        return;
    if (reachable_) {
        const auto at = begin_operation(handlers::jump);
        put(std::int32_t(0));
        c.ends.push_back({at + 8, at});
    }
    for (const auto& clause : c.catches) {
        reset_stack(c);
        forget_accumulators();
        add_clause(c, clause);
        branch(control(clause.label + 1));
    }
}

void Emitter::try_(const Instruction& in)
{
    open(in, Op::try_);
    open_region(controls_.back());
}

/// catch and catch_all of the legacy proposal: the caught exception is kept in the block's first slot for rethrow.
void Emitter::catch_(const Instruction& in)
{
    auto& c = controls_.back();
    if (reachable_)
        branch(c);
    finish_region(c);
    open_catches_ += !c.in_catch;
    c.in_catch = true;
    reset_stack(c);
    forget_accumulators();
    auto& region = function_.regions[c.region];
    region.exception = c.base;
    region.values = c.base + 1;
    top_ = c.base + 1;
    reserve(top_);
    add_clause(c, {in.op == Op::catch_ ? CatchClause::Form::catch_ : CatchClause::Form::catch_all,
                   static_cast<TagIndex>(in.index), 0});
    reachable_ = true;
    end_run();
}

void Emitter::rethrow(const Instruction& in)
{
    const auto slot = control(in.index).base;
    spill_all();
    begin_operation(handlers::throw_reference);
    put(slot), put(std::max(top_, slot + 1));
    reachable_ = false;
}

/// Ends a try: what it does not catch is thrown where the label stands.
void Emitter::delegate(const Instruction& in)
{
    auto& c = controls_.back();
    if (reachable_)
        move_values(c, results(c).size());
    const auto& target = control(in.index + 1);
    const bool into_try = (target.kind == Op::try_ || target.kind == Op::try_table) && !target.in_catch;
    function_.regions[c.region].parent = into_try ? target.region : target.outer_region;
    close(c);
}

} // namespace trellis::wasm::interpreter
