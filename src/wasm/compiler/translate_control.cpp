// Blocks and branches.
#include "base/check.hpp"
#include "wasm/compiler/function_translator.hpp"
#include "wasm/compiler/poll_calls.hpp"

namespace trellis::wasm::compiler {

using native::Context;
using native::RuntimeFunction;

std::span<const ValType> FunctionTranslator::parameters_of(const BlockType& type)
{
    if (type.form != BlockType::Form::type)
        return {};
    return module_.wasm().function_type(type.type).params;
}

std::span<const ValType> FunctionTranslator::results_of(const BlockType& type)
{
    if (type.form == BlockType::Form::type)
        return module_.wasm().function_type(type.type).results;
    single_ = type.value;
    return type.form == BlockType::Form::value ? std::span(&single_, 1) : std::span<const ValType>();
}

std::vector<llvm::PHINode*> FunctionTranslator::make_phis(llvm::BasicBlock* block, std::span<const ValType> types)
{
    std::vector<llvm::PHINode*> phis;
    llvm::IRBuilder<> there(block, block->begin());
    for (const auto type : types)
        phis.push_back(there.CreatePHI(module_.type(type), 2));
    return phis;
}

/// The topmost operands go to the phis; they stay on the stack.
void FunctionTranslator::add_incoming(const std::vector<llvm::PHINode*>& to)
{
    const auto first = stack_.size() - to.size();
    for (std::size_t i = 0; i < to.size(); ++i)
        to[i]->addIncoming(stack_[first + i], builder_.GetInsertBlock());
}

void FunctionTranslator::open(Op op, const BlockType& type)
{
    keep_operands(stack_.size() - parameters_of(type).size());
    auto* const end = new_block("end");
    auto results = make_phis(end, results_of(type));
    blocks_.push_back({.op = op,
                       .target = end,
                       .end = end,
                       .otherwise = nullptr,
                       .target_values = results,
                       .results = results,
                       .parameters = {},
                       .height = stack_.size() - parameters_of(type).size()});
}

void FunctionTranslator::block(const Instruction& in)
{
    open(Op::block, in.block_type);
}

void FunctionTranslator::loop(const Instruction& in)
{
    open(Op::loop, in.block_type);
    auto& opened = blocks_.back();
    auto* const head = new_block("loop");
    const auto parameters = make_phis(head, parameters_of(in.block_type));
    add_incoming(parameters);
    builder_.CreateBr(head);
    if (way_in_ && entered_loop_ == in.offset)
        connect_way_in(head, parameters);
    go_on_in(head);
    stack_.resize(opened.height);
    take_kept_operands(opened.height);
    stack_.insert(stack_.end(), parameters.begin(), parameters.end());
    opened.target = head;
    opened.target_values = parameters;
    run_ = {}; // what is left differs here from what the way in has stored
    poll();
}

void FunctionTranslator::if_(const Instruction& in)
{
    auto* const condition = builder_.CreateIsNotNull(pop());
    open(Op::if_, in.block_type);
    auto& opened = blocks_.back();
    opened.parameters.assign(stack_.begin() + static_cast<std::ptrdiff_t>(opened.height), stack_.end());
    auto* const then = new_block("then");
    opened.otherwise = new_block("else");
    builder_.CreateCondBr(condition, then, opened.otherwise);
    go_on_in(then);
}

void FunctionTranslator::else_(const Instruction&)
{
    auto& opened = blocks_.back();
    if (builder_.GetInsertBlock()) {
        add_incoming(opened.results);
        builder_.CreateBr(opened.end);
    }
    stack_.resize(opened.height);
    go_on_in(std::exchange(opened.otherwise, nullptr));
    take_kept_operands(opened.height);
    stack_.insert(stack_.end(), opened.parameters.begin(), opened.parameters.end());
}

void FunctionTranslator::end(const Instruction& in)
{
    if (blocks_.back().otherwise)
        else_(in); // an if without else gives its parameters
    if (blocks_.back().dispatch)
        end_try(blocks_.back());
    const auto closed = std::move(blocks_.back());
    blocks_.pop_back();
    if (builder_.GetInsertBlock()) {
        add_incoming(closed.results);
        builder_.CreateBr(closed.end);
    }
    go_on_in(closed.end);
    stack_.resize(closed.height);
    take_kept_operands(closed.height);
    for (auto* const result : closed.results) {
        if (result->getNumIncomingValues() == 0)
            push(llvm::PoisonValue::get(result->getType())); // nothing comes here
        else
            push(result);
    }
    if (blocks_.empty())
        finish_function();
}

void FunctionTranslator::finish_function()
{
    for (auto& block : *function_)
        for (auto phi = block.begin(); phi != block.end() && llvm::isa<llvm::PHINode>(*phi);) {
            auto& one = *phi++;
            if (llvm::cast<llvm::PHINode>(one).getNumIncomingValues() == 0) {
                one.replaceAllUsesWith(llvm::PoisonValue::get(one.getType()));
                one.eraseFromParent();
            }
        }
    store_fuel();
    if (std::exchange(entered_loop_, std::nullopt)) {
        return_to_frame();
        if (auto* const never_entered = std::exchange(way_in_, nullptr)) // the loop is behind a branch
            new llvm::UnreachableInst(module_.context(), never_entered);
    } else if (!LlvmModule::returns_directly(*type_)) {
        auto* const results = last_argument(*function_);
        std::uint64_t at = 0;
        for (std::size_t i = 0; i < stack_.size(); ++i) {
            builder_.CreateAlignedStore(stack_[i], address_of(results, at * sizeof(Slot)), llvm::Align(8));
            at += type_->results[i].slots();
        }
        builder_.CreateRetVoid();
    } else if (stack_.empty())
        builder_.CreateRetVoid();
    else if (stack_.size() == 1)
        builder_.CreateRet(stack_.front());
    else
        builder_.CreateAggregateRet(stack_.data(), static_cast<unsigned>(stack_.size()));
    stack_.clear();
}

void FunctionTranslator::branch(std::size_t depth)
{
    auto& to = label(depth);
    add_incoming(to.target_values);
    builder_.CreateBr(to.target);
    builder_.ClearInsertionPoint();
}

void FunctionTranslator::br(const Instruction& in)
{
    branch(in.index);
}

void FunctionTranslator::return_(const Instruction&)
{
    branch(blocks_.size() - 1);
}

void FunctionTranslator::branch_if(llvm::Value* condition, std::size_t depth)
{
    auto* const next = new_block("next");
    auto& to = label(depth);
    add_incoming(to.target_values);
    builder_.CreateCondBr(condition, to.target, next);
    go_on_in(next);
}

void FunctionTranslator::br_if(const Instruction& in)
{
    auto* const condition = builder_.CreateIsNotNull(pop());
    branch_if(condition, in.index);
}

void FunctionTranslator::br_table(const Instruction& in)
{
    auto* const index = pop();
    auto& otherwise = label(in.index);
    auto* const chosen = builder_.CreateSwitch(index, otherwise.target, static_cast<unsigned>(in.targets.size()));
    add_incoming(otherwise.target_values);
    for (std::uint32_t i = 0; i < in.targets.size(); ++i) {
        auto& to = label(in.targets[i]);
        add_incoming(to.target_values); // one for each edge
        chosen->addCase(builder_.getInt32(i), to.target);
    }
    builder_.ClearInsertionPoint();
}

void FunctionTranslator::unreachable(const Instruction&)
{
    trap(Trap::unreachable);
    builder_.ClearInsertionPoint();
}

void FunctionTranslator::br_on_null(const Instruction& in)
{
    auto* const reference = pop();
    branch_if(builder_.CreateIsNull(reference), in.index);
    push(reference);
}

void FunctionTranslator::br_on_non_null(const Instruction& in)
{
    auto* const condition = builder_.CreateIsNotNull(stack_.back());
    branch_if(condition, in.index);
    pop();
}

void FunctionTranslator::br_on_cast(const Instruction& in)
{
    auto* condition = is_of_type(stack_.back(), in.type2);
    if (in.op == Op::br_on_cast_fail)
        condition = builder_.CreateNot(condition);
    branch_if(condition, in.index);
}

/// With fuel, what is left is stored only where somebody asks.
void FunctionTranslator::poll()
{
    auto* const limit = entry_word(offsetof(Context, stack_limit));
    if (!fuel_)
        return emit_poll(builder_, context_, limit);
    auto* const asked = new_block("poll");
    auto* const fine = new_block("go_on");
    builder_.CreateCondBr(somebody_asks(builder_, limit), asked, fine, unlikely());
    go_on_in(asked);
    call_runtime(RuntimeFunction::poll, llvm::ConstantPointerNull::get(module_.pointer()));
    builder_.CreateBr(fine);
    go_on_in(fine);
}

} // namespace trellis::wasm::compiler
