#include "wasm/compiler/loops.hpp"

#include "wasm/compiler/context_words.hpp"
#include "wasm/compiler/loop_plan.hpp"
#include "wasm/compiler/poll_calls.hpp"

#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/Cloning.h>
#include <llvm/Transforms/Utils/LoopUtils.h>
#include <llvm/Transforms/Utils/ScalarEvolutionExpander.h>

namespace trellis::wasm::compiler {
namespace {

using llvm::BasicBlock;
using llvm::PHINode;
using llvm::SCEV;
using llvm::Value;

/// Makes the second version of one loop.
class Versioner {
public:
    Versioner(llvm::Loop& loop, const LoopPlan& plan, const Analyses& analyses)
        : loop_(loop), plan_(plan), all_(analyses),
          expander_(analyses.evolution, loop.getHeader()->getDataLayout(), "loop"),
          builder_(loop.getHeader()->getContext())
    {
    }

    /// The header of the second version.
    BasicBlock* run();

private:
    Value* expand(const SCEV* expression);
    Value* check();
    void compute_addresses();
    void clone();
    void make_chunks();
    void leave();
    void make_plain();
    void keep_order();
    Value* address_of(const LoopPlan::Access& access);
    Value* number(std::uint64_t value) { return builder_.getInt64(value); }
    Value* in_fast(Value* value)
    {
        const auto found = map_.find(value);
        return found == map_.end() ? value : static_cast<Value*>(found->second);
    }

    llvm::Loop& loop_;
    const LoopPlan& plan_;
    const Analyses& all_;
    llvm::SCEVExpander expander_;
    llvm::IRBuilder<> builder_;
    llvm::ValueToValueMapTy map_;

    struct Address {
        Value *start, *step; ///< step is null where it does not change
    };
    std::vector<Address> addresses_;
    BasicBlock *check_ = nullptr, *exit_ = nullptr;
    BasicBlock *chunk_ = nullptr, *header_ = nullptr, *latch_ = nullptr, *fast_exit_ = nullptr, *again_ = nullptr;
    Value *context_ = nullptr, *base_ = nullptr, *limit_ = nullptr, *count_ = nullptr, *passed_ = nullptr;
    PHINode *done_ = nullptr, *left_ = nullptr, *iteration_ = nullptr;
    Value* last_ = nullptr;
};

/// No access moves past this, and it is no instruction.
void Versioner::keep_order()
{
    auto* const none = llvm::FunctionType::get(builder_.getVoidTy(), false);
    builder_.CreateCall(none, llvm::InlineAsm::get(none, "", "~{memory}", true))->setDoesNotThrow();
}

Value* Versioner::expand(const SCEV* expression)
{
    return expander_.expandCodeFor(expression, builder_.getInt64Ty(), &*builder_.GetInsertPoint());
}

/// Whether nothing in the loop can trap.
Value* Versioner::check()
{
    auto& evolution = all_.evolution;
    std::vector<Value*> conditions;
    const auto at_most = [&](const SCEV* value, Value* limit) {
        conditions.push_back(builder_.CreateICmpULE(expand(value), limit));
    };
    if (!plan_.accesses.empty()) {
        auto* const size = memory0_size(builder_, context_);
        for (const auto* const end : plan_.ends)
            at_most(end, size);
    }
    for (const auto* const index : plan_.indices)
        at_most(index, number(~std::uint32_t(0)));
    if (evolution.getUnsignedRangeMax(plan_.count).getActiveBits() > 32)
        at_most(plan_.count, number(~std::uint32_t(0)));
    return conditions.empty() ? builder_.getTrue() : builder_.CreateAnd(conditions);
}

void Versioner::compute_addresses()
{
    for (const auto& access : plan_.accesses) {
        const auto* moving = llvm::dyn_cast<llvm::SCEVAddRecExpr>(access.offset);
        if (moving && moving->getLoop() != &loop_)
            moving = nullptr; // a loop around this one moves it
        addresses_.push_back({expand(moving ? moving->getStart() : access.offset),
                              moving ? expand(moving->getStepRecurrence(all_.evolution)) : nullptr});
    }
}

void Versioner::clone()
{
    auto* const preheader = llvm::SplitBlock(check_, check_->getTerminator(), &all_.dominators, &all_.loops);
    llvm::SmallVector<BasicBlock*, 8> blocks;
    auto* const fast =
        llvm::cloneLoopWithPreheader(preheader, check_, &loop_, map_, ".fast", &all_.loops, &all_.dominators, blocks);
    llvm::remapInstructionsInBlocks(blocks, map_);
    chunk_ = fast->getLoopPreheader();
    header_ = fast->getHeader();
    latch_ = fast->getLoopLatch();
    auto* const old = check_->getTerminator();
    llvm::BranchInst::Create(chunk_, preheader, passed_, old->getIterator())
        ->setMetadata(llvm::LLVMContext::MD_prof, llvm::MDBuilder(old->getContext()).createLikelyBranchWeights());
    old->eraseFromParent();
}

/// for (done = 0, left = count;; done += last + 1, left -= last + 1) {
///     last = min(left, chunk - 1);
///     for (iteration = 0;; ++iteration) { the loop's body; if (iteration == last) break; }
///     if (last == left) break;
///     poll();
/// }
void Versioner::make_chunks()
{
    auto* const word = builder_.getInt64Ty();
    builder_.SetInsertPoint(chunk_, chunk_->begin());
    last_ = count_;
    if (plan_.needs_chunks) {
        done_ = builder_.CreatePHI(word, 2, "done");
        left_ = builder_.CreatePHI(word, 2, "left");
        builder_.SetInsertPoint(chunk_->getTerminator());
        last_ = builder_.CreateBinaryIntrinsic(llvm::Intrinsic::umin, left_, number(plan_.chunk - 1));
    }
    builder_.SetInsertPoint(header_, header_->begin());
    iteration_ = builder_.CreatePHI(word, 2, "iteration");
    auto* const old = latch_->getTerminator();
    builder_.SetInsertPoint(old);
    auto* const next = builder_.CreateAdd(iteration_, number(1), "", true, true);
    iteration_->addIncoming(number(0), chunk_);
    iteration_->addIncoming(next, latch_);
    fast_exit_ = BasicBlock::Create(builder_.getContext(), "fast_exit", header_->getParent(), exit_);
    builder_.CreateCondBr(builder_.CreateICmpEQ(iteration_, last_), fast_exit_, header_);
    old->eraseFromParent();
}

/// Out of the second version: to where the loop ends, or to its next chunk.
void Versioner::leave()
{
    builder_.SetInsertPoint(fast_exit_);
    const auto taken_out = [&](Value* value) {
        auto* const phi = PHINode::Create(value->getType(), 1, "", fast_exit_->begin());
        phi->addIncoming(value, latch_);
        return phi;
    };
    for (auto& phi : exit_->phis())
        phi.addIncoming(taken_out(in_fast(phi.getIncomingValueForBlock(loop_.getLoopLatch()))), fast_exit_);
    keep_order(); // what comes next may trap, and then all that was stored has to be there
    if (!plan_.needs_chunks) {
        builder_.CreateBr(exit_);
        return;
    }
    again_ = BasicBlock::Create(builder_.getContext(), "again", header_->getParent(), exit_);
    builder_.CreateCondBr(builder_.CreateICmpEQ(last_, left_), exit_, again_);
    for (auto& phi : header_->phis()) {
        if (&phi == iteration_)
            continue;
        auto* const carried = PHINode::Create(phi.getType(), 2, "", chunk_->begin());
        carried->addIncoming(phi.getIncomingValueForBlock(chunk_), check_);
        carried->addIncoming(taken_out(phi.getIncomingValueForBlock(latch_)), again_);
        phi.setIncomingValueForBlock(chunk_, carried);
    }
    builder_.SetInsertPoint(again_);
    builder_.SetCurrentDebugLocation(plan_.location);
    emit_poll(builder_, context_, limit_);
    auto* const passed = builder_.CreateAdd(last_, number(1), "", true, true);
    done_->addIncoming(number(0), check_);
    done_->addIncoming(builder_.CreateAdd(done_, passed, "", true, true), again_);
    left_->addIncoming(count_, check_);
    left_->addIncoming(builder_.CreateSub(left_, passed, "", true, true), again_);
    builder_.CreateBr(chunk_);
}

void Versioner::make_plain()
{
    builder_.SetInsertPoint(header_, header_->getFirstInsertionPt());
    llvm::MDBuilder metadata(builder_.getContext());
    auto* const domain = metadata.createAnonymousAliasScopeDomain();
    auto* const scope = llvm::MDNode::get(builder_.getContext(), {metadata.createAnonymousAliasScope(domain)});
    auto* const iteration = done_ ? builder_.CreateAdd(done_, iteration_, "", true, true) : iteration_;
    for (std::size_t i = 0; i < plan_.accesses.size(); ++i) {
        auto* offset = addresses_[i].start;
        if (addresses_[i].step)
            offset = builder_.CreateAdd(offset, builder_.CreateMul(iteration, addresses_[i].step, "", false, true), "",
                                        false, true);
        auto* const address = builder_.CreateInBoundsGEP(builder_.getInt8Ty(), base_, {offset});
        auto* const access = llvm::cast<llvm::Instruction>(in_fast(plan_.accesses[i].instruction));
        access->setMetadata(llvm::LLVMContext::MD_alias_scope, scope);
        if (auto* const load = llvm::dyn_cast<llvm::LoadInst>(access)) {
            load->setVolatile(false);
            load->setOperand(llvm::LoadInst::getPointerOperandIndex(), address);
        } else {
            llvm::cast<llvm::StoreInst>(access)->setVolatile(false);
            access->setOperand(llvm::StoreInst::getPointerOperandIndex(), address);
        }
    }
    for (auto* const other : plan_.others) {
        auto* const access = llvm::cast<llvm::Instruction>(in_fast(other));
        access->setMetadata(llvm::LLVMContext::MD_noalias, scope);
        if (auto* const store = llvm::dyn_cast<llvm::StoreInst>(access)) // of a global: nobody looks before the end
            store->setVolatile(false);
    }
    for (auto* const poll : plan_.polls)
        llvm::cast<llvm::Instruction>(in_fast(poll))->eraseFromParent();
}

BasicBlock* Versioner::run()
{
    check_ = loop_.getLoopPreheader();
    exit_ = loop_.getExitBlock();
    context_ = check_->getParent()->getArg(0);
    builder_.SetInsertPoint(check_->getTerminator());
    builder_.SetCurrentDebugLocation(plan_.location);
    base_ =
        plan_.accesses.empty() ? nullptr : fixed_pointer(builder_, context_, offsetof(native::Context, memory0_base));
    limit_ = fixed_pointer(builder_, context_, offsetof(native::Context, stack_limit));
    passed_ = check();
    count_ = expand(plan_.count);
    compute_addresses();
    clone();
    builder_.SetInsertPoint(chunk_->getTerminator());
    keep_order(); // what came before may trap, and then nothing of the loop may have been stored
    make_chunks();
    leave();
    make_plain();
    // The first version is for loops that trap; it need not be fast.
    llvm::addStringMetadataToLoop(&loop_, "llvm.loop.unroll.disable");
    return header_;
}

} // namespace

llvm::PreservedAnalyses VersionLoops::run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses)
{
    constexpr int most_loops = 100;
    llvm::SmallPtrSet<BasicBlock*, 8> seen;
    bool changed = false;
    for (int made = 0; made < most_loops;) {
        const Analyses all = {.loops = analyses.getResult<llvm::LoopAnalysis>(function),
                              .dominators = analyses.getResult<llvm::DominatorTreeAnalysis>(function),
                              .evolution = analyses.getResult<llvm::ScalarEvolutionAnalysis>(function)};
        bool found = false;
        for (auto* const loop : all.loops.getLoopsInPreorder()) {
            if (!loop->isInnermost() || !seen.insert(loop->getHeader()).second)
                continue;
            const auto plan = plan_loop(*loop, all);
            if (!plan)
                continue;
            Versioner versioner(*loop, *plan, all);
            seen.insert(versioner.run());
            found = changed = true;
            ++made;
            break;
        }
        if (!found)
            break;
        analyses.invalidate(function, llvm::PreservedAnalyses::none());
    }
    return changed ? llvm::PreservedAnalyses::none() : llvm::PreservedAnalyses::all();
}

} // namespace trellis::wasm::compiler
