#include "wasm/compiler/function_translator.hpp"

#include "base/check.hpp"
#include "base/format.hpp"
#include "wasm/compiler/context_words.hpp"

#include <llvm/IR/MDBuilder.h>

namespace trellis::wasm::compiler {

using native::Context;
using native::RuntimeFunction;

FunctionTranslator::FunctionTranslator(LlvmModule& module, const std::vector<bool>& polls)
    : module_(module), polls_(polls), builder_(module.context())
{
}

void FunctionTranslator::begin(const Module& module, FuncIndex function,
                               std::span<const InstructionReader::LocalRun> locals)
{
    type_ = &module.type_of(function);
    function_ = entered_loop_ ? module_.function_at(function, *entered_loop_) : module_.function(function);
    scope_ = module_.debug_scope(*function_);
    function_->setSubprogram(scope_);
    function_->setPersonalityFn(module_.personality());
    stack_.clear();
    blocks_.clear();
    entry_words_.clear();
    locals_.clear();
    places_.clear();
    frame_ = nullptr;
    frame_slots_ = 0;
    context_ = function_->getArg(0);
    entry_ = llvm::BasicBlock::Create(module_.context(), "entry", function_);
    builder_.SetInsertPoint(entry_);
    builder_.SetCurrentDebugLocation(llvm::DILocation::get(module_.context(), unseen, 0, scope_));

    std::vector<ValType> types(type_->params);
    for (const auto& run : locals)
        types.insert(types.end(), run.count, run.type);
    for (std::size_t i = 0; i < types.size(); ++i) {
        auto* const type = module_.type(types[i]);
        locals_.push_back(builder_.CreateAlloca(type));
        if (entered_loop_)
            continue;
        if (i < type_->params.size())
            builder_.CreateStore(function_->getArg(static_cast<unsigned>(i + 1)), locals_.back());
        else
            builder_.CreateStore(llvm::Constant::getNullValue(type), locals_.back());
    }
    begin_fuel();
    auto* const end = new_block("return");
    blocks_.push_back({.op = Op::block,
                       .target = end,
                       .end = end,
                       .otherwise = nullptr,
                       .target_values = {},
                       .results = make_phis(end, type_->results),
                       .parameters = {},
                       .height = 0});
    blocks_.back().target_values = blocks_.back().results;
    if (entered_loop_)
        begin_at_loop(types);
    auto* const body = new_block("body");
    if (!entered_loop_)
        builder_.CreateBr(body);
    builder_.SetInsertPoint(body);
    if (!entered_loop_ && polls_[wasm::number(function) - module.imported_functions])
        poll();
}

void FunctionTranslator::instruction(const Instruction& in)
{
    if (error_)
        return;
    offset_ = in.offset;
    builder_.SetCurrentDebugLocation(llvm::DILocation::get(module_.context(), in.offset, 0, scope_));
    charge(in);
    (this->*special(in.op))(in);
    end_run(in);
}

void FunctionTranslator::unsupported(const Instruction& in)
{
    error_ = Error{ErrorCode::unsupported, format("{} is not compiled yet", info(in.op).text), in.offset};
}

// Building blocks

llvm::Value* FunctionTranslator::pop()
{
    TRELLIS_CHECK(!stack_.empty());
    auto* const value = stack_.back();
    stack_.pop_back();
    return value;
}

FunctionTranslator::Values FunctionTranslator::pop(std::size_t count)
{
    TRELLIS_CHECK(stack_.size() >= count);
    Values values(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return values;
}

llvm::Value* FunctionTranslator::address_of(llvm::Value* base, std::uint64_t offset)
{
    return offset == 0 ? base : builder_.CreateConstInBoundsGEP1_64(builder_.getInt8Ty(), base, offset);
}

llvm::Value* FunctionTranslator::load_field(llvm::Value* base, std::uint64_t offset, llvm::Type* type)
{
    return builder_.CreateLoad(type, address_of(base, offset));
}

llvm::Value* FunctionTranslator::fixed(llvm::Value* base, std::uint64_t offset, llvm::Type* type)
{
    auto* const load = builder_.CreateLoad(type, address_of(base, offset));
    load->setMetadata(llvm::LLVMContext::MD_invariant_load, module_.invariant());
    return load;
}

llvm::Value* FunctionTranslator::context_word(std::size_t offset, llvm::Type* type)
{
    return fixed(context_, offset, type);
}

llvm::Value* FunctionTranslator::entry_word(std::size_t offset)
{
    auto& known = entry_words_[offset];
    if (!known) {
        llvm::IRBuilder<> at_entry(entry_, entry_->begin());
        known = fixed_pointer(at_entry, context_, offset);
    }
    return known;
}

llvm::Value* FunctionTranslator::widened(llvm::Value* value)
{
    return builder_.CreateZExt(value, module_.word());
}

llvm::BasicBlock* FunctionTranslator::new_block(const char* name)
{
    return llvm::BasicBlock::Create(module_.context(), name, function_);
}

void FunctionTranslator::go_on_in(llvm::BasicBlock* block)
{
    builder_.SetInsertPoint(block);
}

llvm::MDNode* FunctionTranslator::unlikely()
{
    return llvm::MDBuilder(module_.context()).createUnlikelyBranchWeights();
}

void FunctionTranslator::trap_if(llvm::Value* condition, Trap what)
{
    auto* const trapping = new_block("trap");
    auto* const fine = new_block("fine");
    builder_.CreateCondBr(condition, trapping, fine, unlikely());
    go_on_in(trapping);
    trap(what);
    go_on_in(fine);
}

/// The arguments of `raise` are so few that they take the place of the frame's address.
void FunctionTranslator::trap(Trap what)
{
    const auto packed = static_cast<std::uint64_t>(what) << 32 | offset_;
    call_runtime(RuntimeFunction::raise,
                 llvm::ConstantExpr::getIntToPtr(llvm::ConstantInt::get(module_.word(), packed), module_.pointer()));
    builder_.CreateUnreachable();
}

llvm::FunctionCallee FunctionTranslator::runtime_entry(RuntimeFunction which)
{
    auto* const entries = context_word(offsetof(Context, runtime), module_.pointer());
    auto* const entry = fixed(entries, static_cast<std::uint64_t>(which) * sizeof(void*), module_.pointer());
    return {llvm::FunctionType::get(builder_.getVoidTy(), {module_.pointer(), module_.pointer()}, false), entry};
}

void FunctionTranslator::call_runtime(RuntimeFunction which, llvm::Value* frame)
{
    store_fuel();
    auto entry = runtime_entry(which);
    const bool throws = which == RuntimeFunction::throw_ || which == RuntimeFunction::throw_ref;
    if (throws) {
        call_or_invoke(entry.getFunctionType(), entry.getCallee(), {context_, frame});
        return;
    }
    auto* const made = builder_.CreateCall(entry, {context_, frame});
    made->setDoesNotThrow();
    made->addFnAttr(llvm::Attribute::NoMerge); // each has a place of its own in backtraces
    if (which == RuntimeFunction::raise)
        made->setDoesNotReturn();
    if (which == RuntimeFunction::raise || which == RuntimeFunction::poll)
        made->addFnAttr(llvm::Attribute::Cold);
    if (which != RuntimeFunction::raise)
        load_fuel(builder_);
}

llvm::Value* FunctionTranslator::frame(std::size_t slots)
{
    if (!frame_) {
        llvm::IRBuilder<> at_entry(entry_, entry_->begin());
        frame_ = at_entry.CreateAlloca(module_.word(), at_entry.getInt32(1));
        frame_->setAlignment(llvm::Align(16));
    }
    if (slots > frame_slots_) {
        frame_slots_ = slots;
        frame_->setOperand(0, builder_.getInt32(static_cast<std::uint32_t>(slots)));
    }
    return frame_;
}

llvm::Value* FunctionTranslator::slot(std::size_t index)
{
    return address_of(frame_, index * sizeof(Slot));
}

llvm::Value* FunctionTranslator::run(RuntimeFunction which, const Values& arguments, llvm::Type* result)
{
    std::size_t slots = 0;
    for (auto* const one : arguments)
        slots += one->getType()->isVectorTy() ? 2 : 1;
    auto* const at = frame(std::max<std::size_t>(slots, 2));
    slots = 0;
    for (auto* const one : arguments) {
        const bool narrow = one->getType()->isIntegerTy(32);
        builder_.CreateAlignedStore(narrow ? widened(one) : one, slot(slots), llvm::Align(8));
        slots += one->getType()->isVectorTy() ? 2 : 1;
    }
    call_runtime(which, at);
    return result ? builder_.CreateAlignedLoad(result, at, llvm::Align(8)) : nullptr;
}

} // namespace trellis::wasm::compiler
