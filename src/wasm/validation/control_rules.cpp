// The rules for blocks, branches, exceptions and calls.
#include "base/format.hpp"
#include "wasm/validation/function_rules.hpp"

namespace trellis::wasm {

// Blocks

bool FunctionRules::resolve(const BlockType& block, ControlFrame& frame)
{
    frame.form = block.form;
    if (block.form == BlockType::Form::value) {
        frame.single = block.value;
        return known_type(block.value);
    }
    if (block.form == BlockType::Form::type) {
        if (!function_type(number(block.type), frame.type))
            return false;
        if (!module_->features.has(Feature::multi_value) &&
            (!frame.type->params.empty() || frame.type->results.size() > 1))
            return invalid("invalid result arity");
    }
    return true;
}

/// The parameters are on the stack no more; they become the block's first operands.
void FunctionRules::push_frame(const ControlFrame& block)
{
    const bool dead = !frames_.empty() && (frames_.back().dead || frames_.back().unreachable);
    ControlFrame& frame = frames_.emplace_back(block);
    frame.dead = dead;
    frame.height = stack_.height();
    frame.set_locals = static_cast<std::uint32_t>(set_locals_.size());
    stack_.set_floor(frame.height);
    if (frames_.size() > 1) // a function's parameters are locals, not operands
        push_all(frame.parameters());
}

/// Checks that the results are all there is, and closes the block.
bool FunctionRules::pop_frame(ControlFrame& frame)
{
    frame = frames_.back();
    const Types results = frame.results();
    if (stack_.above_floor() > results.size())
        return invalid(
            format("type mismatch: block requires {} but stack has {}", list(results), list(stack_.operands())));
    if (!pop_all(results, "block"))
        return false;
    forget_locals_set_since(frame.set_locals);
    frames_.pop_back();
    stack_.set_floor(frames_.empty() ? 0 : frames_.back().height);
    return true;
}

bool FunctionRules::open_block(Op op)
{
    ControlFrame frame{.op = op, .single = {}};
    if (!resolve(instruction_.block_type, frame) || !pop_all(frame.parameters()))
        return false;
    push_frame(frame);
    return true;
}

bool FunctionRules::on(Rule<Op::if_>)
{
    ControlFrame frame{.op = Op::if_, .single = {}};
    if (!resolve(instruction_.block_type, frame) || !pop(i32) || !pop_all(frame.parameters()))
        return false;
    push_frame(frame);
    return true;
}

/// else, catch and catch_all: closes one part of a block and opens the next with these operands.
bool FunctionRules::continue_with(Op op, Types operands)
{
    ControlFrame frame;
    if (!pop_frame(frame))
        return false;
    frame.op = op;
    frame.unreachable = false;
    frames_.push_back(frame); // keeps `dead`, which is about where the block was opened
    stack_.set_floor(frame.height);
    push_all(operands);
    return true;
}

bool FunctionRules::on(Rule<Op::else_>)
{
    if (frames_.back().op != Op::if_)
        return malformed("END opcode expected");
    const ControlFrame frame = frames_.back();
    return continue_with(Op::else_, frame.parameters());
}

bool FunctionRules::on(Rule<Op::end>)
{
    ControlFrame frame;
    if (!pop_frame(frame))
        return false;
    if (frame.op == Op::if_) {
        // Without else, the parameters are the results.
        const Types parameters = frame.parameters(), results = frame.results();
        const bool same =
            parameters.size() == results.size() &&
            std::ranges::equal(parameters, results, [&](ValType a, ValType b) { return is_subtype_of(a, b); });
        if (!same)
            return invalid(
                format("type mismatch: block requires {} but stack has {}", list(results), list(parameters)));
    }
    if (!frames_.empty())
        push_all(frame.results());
    return true;
}

bool FunctionRules::label(std::uint32_t depth, Types& types)
{
    if (depth >= frames_.size())
        return unknown("label", depth);
    types = frames_[frames_.size() - 1 - depth].label_types();
    return true;
}

bool FunctionRules::on(Rule<Op::br>)
{
    Types types;
    return label(instruction_.index, types) && pop_all(types) && set_unreachable();
}

bool FunctionRules::on(Rule<Op::br_if>)
{
    Types types;
    if (!label(instruction_.index, types) || !pop(i32))
        return false;
    if (types.empty())
        return true;
    if (!pop_all(types))
        return false;
    push_all(types);
    return true;
}

bool FunctionRules::on(Rule<Op::br_table>)
{
    Types types;
    if (!label(instruction_.index, types) || !pop(i32))
        return false;
    if (!top_matches(types))
        return mismatch(types);
    Types checked = types;
    for (std::uint32_t target : instruction_.targets) {
        Types others;
        if (!label(target, others))
            return false;
        if (others.data() == checked.data() && others.size() == checked.size())
            continue;
        if (others.size() != types.size())
            return invalid(
                format("type mismatch: label has {} where the default label has {}", list(others), list(types)));
        if (!top_matches(others))
            return mismatch(others);
        checked = others;
    }
    return set_unreachable();
}

bool FunctionRules::on(Rule<Op::return_>)
{
    return pop_all(function_results_) && set_unreachable();
}

// Exceptions

bool FunctionRules::tag_parameters(std::uint32_t index, Types& types)
{
    if (index >= module_->tag_types.size())
        return unknown("tag", index);
    types = module_->function_type(module_->tag_types[index].function).params;
    return true;
}

bool FunctionRules::on(Rule<Op::throw_>)
{
    Types types;
    return tag_parameters(instruction_.index, types) && pop_all(types) && set_unreachable();
}

bool FunctionRules::on(Rule<Op::catch_>)
{
    if (frames_.back().op != Op::try_ && frames_.back().op != Op::catch_)
        return malformed("END opcode expected");
    Types types;
    return tag_parameters(instruction_.index, types) && continue_with(Op::catch_, types);
}

bool FunctionRules::on(Rule<Op::catch_all>)
{
    if (frames_.back().op != Op::try_ && frames_.back().op != Op::catch_)
        return malformed("END opcode expected");
    return continue_with(Op::catch_all, {});
}

bool FunctionRules::on(Rule<Op::rethrow>)
{
    const std::uint32_t depth = instruction_.index;
    if (depth >= frames_.size())
        return unknown("label", depth);
    const Op op = frames_[frames_.size() - 1 - depth].op;
    if (op != Op::catch_ && op != Op::catch_all)
        return invalid("invalid rethrow label");
    return set_unreachable();
}

bool FunctionRules::on(Rule<Op::delegate>)
{
    if (frames_.back().op != Op::try_)
        return malformed("END opcode expected");
    ControlFrame frame;
    if (!pop_frame(frame))
        return false;
    if (instruction_.index >= frames_.size())
        return unknown("label", instruction_.index);
    push_all(frame.results());
    return true;
}

bool FunctionRules::check_catch(const CatchClause& clause)
{
    using Form = CatchClause::Form;
    Types carried, target;
    const bool has_tag = clause.form == Form::catch_ || clause.form == Form::catch_ref;
    if ((has_tag && !tag_parameters(number(clause.tag), carried)) || !label(clause.label, target))
        return false;
    const bool has_reference = clause.form == Form::catch_ref || clause.form == Form::catch_all_ref;
    bool same = target.size() == carried.size() + (has_reference ? 1 : 0);
    for (std::size_t i = 0; same && i < carried.size(); ++i)
        same = is_subtype_of(carried[i], target[i]);
    if (same && has_reference)
        same = is_subtype_of(ValType::ref(HeapType::exn), target.back());
    if (same)
        return true;
    return invalid(format("type mismatch: catch handler requires {} but label has {}{}", list(carried), list(target),
                          has_reference ? " (and carries the exception)" : ""));
}

bool FunctionRules::on(Rule<Op::try_table>)
{
    for (const CatchClause& clause : instruction_.catches) {
        if (!check_catch(clause))
            return false;
    }
    return open_block(Op::try_table);
}

// Calls

bool FunctionRules::call(const FuncType& type)
{
    if (!pop_all(type.params))
        return false;
    push_all(type.results);
    return true;
}

bool FunctionRules::return_call(const FuncType& type)
{
    const bool same =
        type.results.size() == function_results_.size() &&
        std::ranges::equal(type.results, function_results_, [&](ValType a, ValType b) { return is_subtype_of(a, b); });
    if (!same)
        return invalid(format("type mismatch: current function requires result type {} but callee returns {}",
                              list(function_results_), list(type.results)));
    return pop_all(type.params) && set_unreachable();
}

bool FunctionRules::on(Rule<Op::call>)
{
    if (instruction_.index >= module_->function_types.size())
        return unknown("function", instruction_.index);
    return call(module_->type_of(static_cast<FuncIndex>(instruction_.index)));
}

bool FunctionRules::on(Rule<Op::return_call>)
{
    if (instruction_.index >= module_->function_types.size())
        return unknown("function", instruction_.index);
    return return_call(module_->type_of(static_cast<FuncIndex>(instruction_.index)));
}

bool FunctionRules::call_indirect_operands(const FuncType*& type)
{
    const TableType* callees = table(instruction_.index2);
    if (callees == nullptr || !function_type(instruction_.index, type))
        return false;
    if (!is_subtype_of(callees->element, funcref))
        return invalid(
            format("type mismatch: instruction requires table of function type but table has element type {}",
                   to_string(callees->element)));
    return pop(callees->limits.address_type());
}

bool FunctionRules::on(Rule<Op::call_indirect>)
{
    const FuncType* type = nullptr;
    return call_indirect_operands(type) && call(*type);
}

bool FunctionRules::on(Rule<Op::return_call_indirect>)
{
    const FuncType* type = nullptr;
    return call_indirect_operands(type) && return_call(*type);
}

bool FunctionRules::call_ref_operands(const FuncType*& type)
{
    return function_type(instruction_.index, type) &&
           pop(ValType::ref_null(HeapType(static_cast<TypeIndex>(instruction_.index))));
}

bool FunctionRules::on(Rule<Op::call_ref>)
{
    const FuncType* type = nullptr;
    return call_ref_operands(type) && call(*type);
}

bool FunctionRules::on(Rule<Op::return_call_ref>)
{
    const FuncType* type = nullptr;
    return call_ref_operands(type) && return_call(*type);
}

} // namespace trellis::wasm
