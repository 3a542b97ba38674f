#include "wasm/compiler/keep_selects.hpp"

#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>

#include <vector>

namespace trellis::wasm::compiler {
namespace {

bool looks_like_minimum(llvm::SelectInst& select)
{
    llvm::Value *left = nullptr, *right = nullptr;
    const auto pattern = llvm::matchSelectPattern(&select, left, right);
    const bool is_float = pattern.Flavor == llvm::SPF_FMINNUM || pattern.Flavor == llvm::SPF_FMAXNUM;
    return is_float && pattern.NaNBehavior != llvm::SPNB_RETURNS_NAN;
}

} // namespace

void keep_selects(llvm::Module& module)
{
    std::vector<llvm::SelectInst*> found;
    for (auto& function : module)
        for (auto& instruction : llvm::instructions(function))
            if (auto* const select = llvm::dyn_cast<llvm::SelectInst>(&instruction);
                select && looks_like_minimum(*select))
                found.push_back(select);
    for (auto* const select : found) {
        llvm::IRBuilder<> builder(select);
        for (const unsigned operand : {1u, 2u}) // no longer those that are compared
            if (!llvm::isa<llvm::Constant>(select->getOperand(operand)))
                select->setOperand(operand, builder.CreateUnaryIntrinsic(llvm::Intrinsic::arithmetic_fence,
                                                                         select->getOperand(operand)));
    }
}

} // namespace trellis::wasm::compiler
