#include "wasm/compiler/poll_calls.hpp"

#include "wasm/compiler/context_words.hpp"

#include <llvm/IR/MDBuilder.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>

namespace trellis::wasm::compiler {
namespace {

constexpr llvm::StringLiteral poll_name = "trellis.poll";

void expand(llvm::CallInst& poll)
{
    llvm::IRBuilder<> builder(&poll);
    auto* const weights = llvm::MDBuilder(poll.getContext()).createUnlikelyBranchWeights();
    auto* const asked =
        llvm::SplitBlockAndInsertIfThen(somebody_asks(builder, poll.getArgOperand(1)), &poll, false, weights);
    builder.SetInsertPoint(asked);
    builder.SetCurrentDebugLocation(poll.getDebugLoc());
    auto* const context = poll.getArgOperand(0);
    auto* const entries = fixed_pointer(builder, context, offsetof(native::Context, runtime));
    auto* const entry =
        fixed_pointer(builder, entries, static_cast<std::uint64_t>(native::RuntimeFunction::poll) * sizeof(void*));
    auto* const pointer = builder.getPtrTy();
    auto* const type = llvm::FunctionType::get(builder.getVoidTy(), {pointer, pointer}, false);
    auto* const made = builder.CreateCall(type, entry, {context, llvm::ConstantPointerNull::get(pointer)});
    made->addFnAttr(llvm::Attribute::Cold);
    // There it gives back all general registers but r11, so that what a loop uses may be in any of them.
    if (llvm::StringRef(poll.getModule()->getTargetTriple()).starts_with("x86_64"))
        made->setCallingConv(llvm::CallingConv::PreserveMost);
    poll.eraseFromParent();
}

} // namespace

llvm::Value* somebody_asks(llvm::IRBuilderBase& builder, llvm::Value* limit)
{
    return builder.CreateIsNull(builder.CreateAlignedLoad(builder.getInt64Ty(), limit, llvm::Align(8), true));
}

void emit_poll(llvm::IRBuilderBase& builder, llvm::Value* context, llvm::Value* limit)
{
    auto* const pointer = builder.getPtrTy();
    auto* const type = llvm::FunctionType::get(builder.getVoidTy(), {pointer, pointer}, false);
    const auto callee = builder.GetInsertBlock()->getModule()->getOrInsertFunction(poll_name, type);
    builder.CreateCall(callee, {context, limit})->setDoesNotThrow();
}

bool is_poll(const llvm::Instruction& instruction)
{
    const auto* const call = llvm::dyn_cast<llvm::CallInst>(&instruction);
    return call && call->getCalledFunction() && call->getCalledFunction()->getName() == poll_name;
}

llvm::PreservedAnalyses ExpandPolls::run(llvm::Function& function, llvm::FunctionAnalysisManager&)
{
    std::vector<llvm::CallInst*> first, others;
    for (auto& block : function) {
        bool seen = false;
        for (auto& one : block)
            if (is_poll(one)) {
                (seen ? others : first).push_back(llvm::cast<llvm::CallInst>(&one));
                seen = true;
            }
    }
    for (auto* const one : others)
        one->eraseFromParent();
    for (auto* const one : first)
        expand(*one);
    return first.empty() ? llvm::PreservedAnalyses::all() : llvm::PreservedAnalyses::none();
}

} // namespace trellis::wasm::compiler
