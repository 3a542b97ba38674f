// Makes a second version of loops: where a check before the loop proves that no address wraps and none leaves memory 0,
// nothing in the loop can trap, so its accesses are plain ones with 64-bit addresses, which LLVM can move, merge and
// vectorise. That version polls every so many iterations. See docs/DECISIONS.md.
#pragma once

#include <llvm/IR/PassManager.h>

namespace trellis::wasm::compiler {

struct VersionLoops : llvm::PassInfoMixin<VersionLoops> {
    llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses);
    static bool isRequired() { return true; }
};

} // namespace trellis::wasm::compiler
