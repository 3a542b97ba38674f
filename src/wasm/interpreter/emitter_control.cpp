// Blocks and branches.
#include "wasm/interpreter/emitter.hpp"
#include "wasm/interpreter/handlers_control.hpp"
#include "wasm/interpreter/operations_table.hpp"

#include <algorithm>

namespace trellis::wasm::interpreter {

std::span<const ValType> Emitter::parameters(const Control& c) const
{
    if (c.type.form == BlockType::Form::type)
        return module_.function_type(c.type.type).params;
    return {};
}

std::span<const ValType> Emitter::results(const Control& c) const
{
    if (c.kind == Op::end)
        return type_->results;
    if (c.type.form == BlockType::Form::type)
        return module_.function_type(c.type.type).results;
    if (c.type.form == BlockType::Form::value)
        return {&c.type.value, 1};
    return {};
}

std::span<const ValType> Emitter::label_types(const Control& c) const
{
    return c.kind == Op::loop ? parameters(c) : results(c);
}

/// Everything below a new block goes where its end finds it, and so do its parameters; constants too, before the ways
/// part, so that other code can take the frame over at any loop inside.
void Emitter::open(const Instruction& in, Op kind)
{
    Control c(kind, 0, 0, in.block_type, region_);
    const auto count = parameters(c).size();
    c.height = stack_.size() - count;
    settle_all();
    c.base = count == 0 ? top_ : stack_[c.height].home;
    controls_.push_back(std::move(c));
}

void Emitter::reset_stack(const Control& c)
{
    while (stack_.size() > c.height)
        pop();
    top_ = c.base;
}

void Emitter::push_types(std::span<const ValType> types)
{
    for (const auto type : types)
        push_home(rep_of(type));
}

// Jumps.

void Emitter::bind(const Fixup& fixup)
{
    patch(fixup.field, static_cast<std::int32_t>(code_.size() - fixup.operation));
}

/// Writes the distance to a label at `field`, now or when the label's place is known.
void Emitter::jump_to(Control& target, std::size_t field, std::size_t operation)
{
    if (target.kind == Op::loop)
        patch(field, static_cast<std::int32_t>(static_cast<std::int64_t>(target.loop_start) -
                                               static_cast<std::int64_t>(operation)));
    else
        target.ends.push_back({field, operation});
}

/// Whether the values of a branch are, once in their homes, where the label wants them.
bool Emitter::is_in_place(const Control& target, std::size_t count) const
{
    return count == 0 || stack_[stack_.size() - count].home == target.base;
}

/// The last entries into the slots of a label or of a block's results. Many values are moved at once, from their homes,
/// so that a branch costs a hostile module as much as it costs us.
void Emitter::move_values(const Control& target, std::size_t count)
{
    const auto first = stack_.size() - count;
    const bool in_place = is_in_place(target, count);
    if (in_place || count > moved_singly)
        settle_from(first);
    if (in_place)
        return;
    const auto slots = top_ - stack_[first].home;
    reserve(target.base + slots);
    if (count > moved_singly) {
        begin_operation(handlers::move_slots);
        put(target.base), put(stack_[first].home), put(slots);
        return slot_written(target.base, slots);
    }
    auto to = target.base;
    for (auto i = first; i < stack_.size(); ++i) {
        const auto& entry = stack_[i];
        if (entry.place != Place::home || entry.home != to)
            copy_to(to, entry);
        to += slots_of(entry.rep);
    }
}

/// An unconditional branch with the values on the stack; the stack stays as it is for the caller.
void Emitter::branch(Control& target)
{
    if (target.kind == Op::end)
        return leave_function();
    move_values(target, label_types(target).size());
    const auto at = begin_operation(target.kind == Op::loop ? handlers::jump_to_loop : handlers::jump);
    put(std::int32_t(0));
    jump_to(target, at + 8, at);
}

void Emitter::leave_function()
{
    const auto& values = type_->results;
    if (values.empty()) {
        begin_operation(handlers::return_nothing);
        return put(header_);
    }
    if (values.size() == 1 && values[0].kind() != Kind::v128) {
        const auto& entry = stack_.back();
        const auto value = resolve(entry);
        begin_operation(bank_of(entry.rep) == Bank::vector ? handlers::return_float(value.source)
                                                           : handlers::return_word(value.source));
        put(header_);
        return put_wide_operand(value);
    }
    settle_from(stack_.size() - values.size());
    const auto first = stack_[stack_.size() - values.size()].home;
    begin_operation(handlers::return_many);
    put(header_), put(first), put(top_ - first);
}

/// What tests a condition; its operation is written by put_branch.
Emitter::Test Emitter::test(const Entry& condition)
{
    if (condition.place == Place::accumulator && last_.at == accumulators_[0].producer.at &&
        accumulators_[0].producer.row.can_branch)
        return {last_.at, accumulators_[0].producer.row};
    auto x = resolve(condition);
    if (x.source == Source::immediate)
        x = in_slot(condition);
    const auto row = test_handlers(x.source);
    const auto at = begin_operation(row.at(Destination::branch_if));
    put(std::uint32_t(0));
    put_operand(x, Rep::i32);
    return {at, row};
}

void Emitter::put_branch(Test t, bool on_true, bool to_loop)
{
    patch(t.at, t.row.at(to_loop ? (on_true ? Destination::loop_if : Destination::loop_unless)
                                 : (on_true ? Destination::branch_if : Destination::branch_unless)));
    last_ = {};
}

/// Before the test of a conditional branch whose values are on the stack: what moves must not happen on one path only.
/// Whether the test may jump to the label itself.
bool Emitter::prepare_branch(Control& target)
{
    const auto count = label_types(target).size();
    const bool direct = target.kind != Op::end && is_in_place(target, count);
    const bool leaves_with_one = target.kind == Op::end && count == 1 && type_->results[0] != v128;
    if (direct)
        move_values(target, count);
    else if (count > moved_singly || (target.kind == Op::end && !leaves_with_one))
        settle_from(stack_.size() - count);
    return direct;
}

void Emitter::finish_branch(Control& target, Test t, bool on_true, bool direct)
{
    put_branch(t, direct == on_true, direct && target.kind == Op::loop);
    if (direct)
        jump_to(target, t.at + 8, t.at);
    else {
        branch(target);
        bind({t.at + 8, t.at});
        last_ = {};
    }
    end_run();
}

/// A test of something that is in a slot.
Emitter::Test Emitter::test_slot(HandlerRow row, std::uint32_t slot)
{
    const auto at = begin_operation(row.at(Destination::branch_if));
    put(std::uint32_t(0)), put(slot);
    return {at, row};
}

// Blocks.

void Emitter::block(const Instruction& in)
{
    open(in, Op::block);
}

void Emitter::loop(const Instruction& in)
{
    open(in, Op::loop);
    forget_accumulators();
    controls_.back().loop_start = code_.size();
    if (open_catches_ == 0) // there the frame has slots more
        function_.loops.push_back({static_cast<std::uint32_t>(code_.size()), in.offset});
    end_run();
}

void Emitter::if_(const Instruction& in)
{
    const auto condition = pop();
    open(in, Op::if_); // moves values, which leaves the condition where it is
    const auto t = test(condition);
    put_branch(t, false, false);
    controls_.back().otherwise = Fixup{t.at + 8, t.at};
    end_run();
}

void Emitter::else_(const Instruction&)
{
    auto& c = controls_.back();
    if (reachable_)
        branch(c);
    bind(*c.otherwise);
    c.otherwise.reset();
    reset_stack(c);
    forget_accumulators();
    push_types(parameters(c));
    reachable_ = true;
    end_run();
}

void Emitter::end(const Instruction&)
{
    auto& c = controls_.back();
    if (c.kind == Op::end) {
        if (reachable_)
            leave_function();
        return;
    }
    if (reachable_)
        move_values(c, results(c).size());
    close(c);
}

void Emitter::close(Control& closed)
{
    if (closed.kind == Op::try_table)
        landing_pads(closed);
    if (closed.kind == Op::try_)
        finish_region(closed);
    if (closed.otherwise)
        bind(*closed.otherwise);
    for (const auto& fixup : closed.ends)
        bind(fixup);
    reset_stack(closed);
    forget_accumulators();
    const auto done = std::move(closed);
    open_catches_ -= done.in_catch;
    region_ = done.outer_region;
    controls_.pop_back();
    push_types(results(done));
    at_home_ = stack_.size();
    reachable_ = true;
    end_run();
}

void Emitter::unreachable(const Instruction&)
{
    begin_operation(handlers::unreachable);
    reachable_ = false;
}

void Emitter::br(const Instruction& in)
{
    branch(control(in.index));
    reachable_ = false;
}

void Emitter::br_if(const Instruction& in)
{
    const auto condition = pop();
    auto& target = control(in.index);
    const bool direct = prepare_branch(target); // leaves the condition where it is
    finish_branch(target, test(condition), true, direct);
}

void Emitter::return_(const Instruction&)
{
    leave_function();
    reachable_ = false;
}

/// Labels whose values have to be moved get a pad behind the table, one for each label.
void Emitter::br_table(const Instruction& in)
{
    const auto index = pop();
    settle_from(stack_.size() - label_types(control(in.index)).size());
    const auto x = resolve(index);
    const auto at = begin_operation(handlers::branch_table(x.source));
    put(static_cast<std::uint32_t>(in.targets.size()));
    put_operand(x, Rep::i32);
    const auto first = code_.size();
    std::vector<std::uint32_t> depths(in.targets.begin(), in.targets.end());
    depths.push_back(in.index);
    code_.resize(code_.size() + depths.size() * 4);
    std::map<std::uint32_t, std::size_t> pads; ///< by depth
    for (std::size_t i = 0; i < depths.size(); ++i) {
        auto& target = control(depths[i]);
        const auto field = first + i * 4;
        if (target.kind != Op::end && is_in_place(target, label_types(target).size())) {
            jump_to(target, field, at);
            continue;
        }
        const auto [pad, is_new] = pads.try_emplace(depths[i], code_.size());
        patch(field, static_cast<std::int32_t>(pad->second - at));
        if (is_new)
            branch(target);
    }
    reachable_ = false;
}

void Emitter::br_on_null(const Instruction& in)
{
    // The reference is no value of the label; it stays on the stack if it is not null.
    settle(stack_.size() - 1);
    const auto reference = pop();
    auto& target = control(in.index);
    const bool direct = prepare_branch(target);
    finish_branch(target, test_slot(is_null_handlers(Source::slot), reference.home), true, direct);
    push_home(Rep::ref);
}

void Emitter::br_on_non_null(const Instruction& in)
{
    settle(stack_.size() - 1);
    auto& target = control(in.index);
    const bool direct = prepare_branch(target);
    finish_branch(target, test_slot(is_null_handlers(Source::slot), stack_.back().home), false, direct);
    pop();
}

void Emitter::br_on_cast(const Instruction& in)
{
    settle(stack_.size() - 1);
    spill_all();
    auto& target = control(in.index);
    const bool direct = prepare_branch(target);
    const auto scratch = top_;
    reserve(scratch + 1);
    emit_copy(scratch, stack_.back().home);
    begin_operation(handlers::operation);
    put(&test_reference), put(scratch), put(scratch + 1), put(std::uint64_t(0)), put(heap_type_immediate(in.type2));
    slot_written(scratch, 1);
    finish_branch(target, test_slot(test_handlers(Source::slot), scratch), in.op == Op::br_on_cast, direct);
}

} // namespace trellis::wasm::interpreter
