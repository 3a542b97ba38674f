// A function entered in the middle, at the head of a loop, with the frame that the interpreter has made so far
// (execution/frame_layout.hpp). Everything is translated, and what only the beginning needs falls away. Since the loop
// has two ways in, no value of before may be used behind it: operands below an open block are kept in variables, which
// LLVM turns into values again.
#include "wasm/compiler/function_translator.hpp"
#include "wasm/execution/frame_layout.hpp"

namespace trellis::wasm::compiler {
namespace {

std::uint64_t slots_of(const llvm::Type* type)
{
    return type->isVectorTy() ? 2 : 1;
}

} // namespace

void FunctionTranslator::begin_at_loop(std::span<const ValType> locals)
{
    way_in_ = new_block("way_in");
    builder_.CreateBr(way_in_);
    builder_.SetInsertPoint(way_in_);
    std::uint64_t at = 0;
    for (std::size_t i = 0; i < locals.size(); ++i) {
        if (i == type_->params.size())
            at += frame_header_slots;
        auto* const type = module_.type(locals[i]);
        builder_.CreateStore(load_from_frame(at, type), locals_[i]);
        at += locals[i].slots();
    }
    if (locals.size() == type_->params.size())
        at += frame_header_slots;
    first_operand_ = at;
}

llvm::Value* FunctionTranslator::load_from_frame(std::uint64_t slot, llvm::Type* type)
{
    return builder_.CreateAlignedLoad(type, address_of(last_argument(*function_), slot * sizeof(Slot)), llvm::Align(8));
}

llvm::AllocaInst* FunctionTranslator::place_of(std::size_t position)
{
    auto* const type = stack_[position]->getType();
    auto& place = places_[{position, type}];
    if (!place) {
        llvm::IRBuilder<> at_entry(entry_, entry_->begin());
        place = at_entry.CreateAlloca(type);
    }
    return place;
}

/// Before a block whose parameters begin at `height`: what is below stays until its end.
void FunctionTranslator::keep_operands(std::size_t height)
{
    if (!entered_loop_)
        return;
    for (auto i = blocks_.empty() ? 0 : blocks_.back().height; i < height; ++i)
        builder_.CreateStore(stack_[i], place_of(i));
}

/// Where ways join: the operands below the innermost block.
void FunctionTranslator::take_kept_operands(std::size_t height)
{
    if (!entered_loop_)
        return;
    for (std::size_t i = 0; i < height; ++i)
        stack_[i] = builder_.CreateLoad(stack_[i]->getType(), place_of(i));
}

/// The other way into the loop that is being opened: operands from the frame.
void FunctionTranslator::connect_way_in(llvm::BasicBlock* head, const std::vector<llvm::PHINode*>& parameters)
{
    builder_.SetInsertPoint(way_in_);
    const auto height = stack_.size() - parameters.size();
    auto at = first_operand_;
    for (std::size_t i = 0; i < stack_.size(); ++i) {
        auto* const type = stack_[i]->getType();
        auto* const value = load_from_frame(at, type);
        if (i < height)
            builder_.CreateStore(value, place_of(i));
        else
            parameters[i - height]->addIncoming(value, way_in_);
        at += slots_of(type);
    }
    builder_.CreateBr(head);
    way_in_ = nullptr;
}

void FunctionTranslator::return_to_frame()
{
    std::uint64_t at = 0;
    for (auto* const value : stack_) {
        builder_.CreateAlignedStore(value, address_of(last_argument(*function_), at * sizeof(Slot)), llvm::Align(8));
        at += slots_of(value->getType());
    }
    builder_.CreateRetVoid();
}

/// The frame can't be given up, since it is not this function's own; but nothing of it is seen.
void FunctionTranslator::tail_call_from_loop(const FuncType& type, llvm::Value* entry, llvm::Value* context)
{
    builder_.SetCurrentDebugLocation(llvm::DILocation::get(module_.context(), unseen, 0, scope_));
    lands_ = false;
    emit_call(type, entry, context, false);
    lands_ = true;
    branch(blocks_.size() - 1);
}

} // namespace trellis::wasm::compiler
