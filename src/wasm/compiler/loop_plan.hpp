// What has to be known about a loop to make its second version; see loops.hpp.
#pragma once

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/ScalarEvolutionExpressions.h>
#include <llvm/IR/Dominators.h>

#include <optional>
#include <vector>

namespace trellis::wasm::compiler {

struct Analyses {
    llvm::LoopInfo& loops;
    llvm::DominatorTree& dominators;
    llvm::ScalarEvolution& evolution;
};

/// All expressions have 64 bits; those of the check hold before the loop.
struct LoopPlan {
    struct Access {
        llvm::Instruction* instruction;
        const llvm::SCEV* offset; ///< from the beginning of memory 0: start + iteration * step, or the same always
    };
    std::vector<Access> accesses;
    std::vector<llvm::Instruction*> polls;
    std::vector<llvm::Instruction*> others; ///< accesses to what is not linear memory
    std::vector<const llvm::SCEV*> ends;    ///< none of these may be greater than the memory's size
    std::vector<const llvm::SCEV*> indices; ///< each must fit into 32 bits
    const llvm::SCEV* count = nullptr;      ///< how often control goes back; must fit into 32 bits
    std::uint64_t chunk = 0;                ///< iterations between polls
    bool needs_chunks = false;
    llvm::DebugLoc location;
};

/// Nothing where a second version can't be made or would not pay.
std::optional<LoopPlan> plan_loop(llvm::Loop& loop, const Analyses& analyses);

} // namespace trellis::wasm::compiler
