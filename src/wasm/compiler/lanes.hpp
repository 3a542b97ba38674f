// Vectors of which a lane is written through memory. Guests' compilers write `vector[i] = value` as a store of the
// vector to their stack, a store of the lane, and a load of the vector, which waits until both are in the cache. Here
// that load becomes the vector with the lane replaced. The stores stay, so memory and traps are what they were: the
// load's bytes had just been stored to.
#pragma once

#include <llvm/IR/PassManager.h>

namespace trellis::wasm::compiler {

/// For modules whose memory 0 no other thread writes.
struct ForwardLanes : llvm::PassInfoMixin<ForwardLanes> {
    llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses);
    static bool isRequired() { return true; }
};

} // namespace trellis::wasm::compiler
