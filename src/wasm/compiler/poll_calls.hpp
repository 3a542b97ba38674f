// Interruption polls. While LLVM optimises, a poll is one call of a function that does not exist; at the end it becomes
// a load, a comparison, and a call that is hardly ever made.
#pragma once

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/PassManager.h>

namespace trellis::wasm::compiler {

/// Whether somebody wants the guest to stop: then what the context's `stack_limit` points to is 0.
llvm::Value* somebody_asks(llvm::IRBuilderBase& builder, llvm::Value* limit);
void emit_poll(llvm::IRBuilderBase& builder, llvm::Value* context, llvm::Value* limit);
bool is_poll(const llvm::Instruction& instruction);

/// One poll is left in each basic block, and becomes code.
struct ExpandPolls : llvm::PassInfoMixin<ExpandPolls> {
    llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses);
    static bool isRequired() { return true; }
};

} // namespace trellis::wasm::compiler
