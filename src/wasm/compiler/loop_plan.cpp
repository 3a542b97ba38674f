#include "wasm/compiler/loop_plan.hpp"

#include "wasm/compiler/poll_calls.hpp"
#include "wasm/native/context.hpp"

#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/Utils/ScalarEvolutionExpander.h>

#include <bit>

namespace trellis::wasm::compiler {
namespace {

using llvm::SCEV;
using llvm::SCEVAddRecExpr;

/// Takes zero extension out of the way: of an index that the check proves not to wrap, the value with 64 bits is a
/// recurrence too.
class Widener : public llvm::SCEVRewriteVisitor<Widener> {
public:
    Widener(llvm::ScalarEvolution& evolution, llvm::Loop& loop) : SCEVRewriteVisitor(evolution), loop_(loop) {}

    const SCEV* visitZeroExtendExpr(const llvm::SCEVZeroExtendExpr* extension)
    {
        const auto* const narrow = llvm::dyn_cast<SCEVAddRecExpr>(extension->getOperand());
        auto* const type = extension->getType();
        if (!narrow || narrow->getLoop() != &loop_ || !narrow->isAffine() || !type->isIntegerTy(64) ||
            narrow->getType()->getIntegerBitWidth() != 32)
            return extension;
        const auto* const wide =
            SE.getAddRecExpr(SE.getZeroExtendExpr(narrow->getStart(), type),
                             SE.getSignExtendExpr(narrow->getStepRecurrence(SE), type), &loop_, SCEV::FlagAnyWrap);
        if (const auto* const moving = llvm::dyn_cast<SCEVAddRecExpr>(wide))
            widened.insert(moving);
        return wide;
    }

    llvm::SmallSetVector<const SCEVAddRecExpr*, 8> widened;

private:
    llvm::Loop& loop_;
};

/// Of the word that has a global's address: those words are behind each other, where the context says.
bool is_global(const llvm::Value* address)
{
    const auto* const word = llvm::dyn_cast<llvm::LoadInst>(address);
    const auto* const words =
        word ? llvm::dyn_cast<llvm::LoadInst>(word->getPointerOperand()->stripInBoundsConstantOffsets()) : nullptr;
    if (!words)
        return false;
    const auto& layout = words->getModule()->getDataLayout();
    llvm::APInt offset(layout.getPointerSizeInBits(), 0);
    const auto* const base = words->getPointerOperand()->stripAndAccumulateInBoundsConstantOffsets(layout, offset);
    return base == words->getFunction()->getArg(0) && offset == offsetof(native::Context, globals);
}

class Planner {
public:
    Planner(llvm::Loop& loop, const Analyses& analyses)
        : loop_(loop), all_(analyses), evolution_(analyses.evolution), widener_(evolution_, loop),
          word_(llvm::Type::getInt64Ty(loop.getHeader()->getContext()))
    {
    }

    std::optional<LoopPlan> run();

private:
    bool has_shape() const;
    bool count_iterations();
    bool add(llvm::Instruction& instruction);
    bool add_access(llvm::Instruction& instruction, llvm::Value* address, llvm::Type* type);
    bool is_memory0(const SCEV* base) const;
    void add_end(const SCEV* offset, std::uint64_t size);
    const SCEV* at_last(const SCEV* offset);
    bool can_be_computed(const SCEV* expression);
    bool finish();

    struct Group { ///< accesses a constant distance apart from each other
        const SCEV* offset;
        std::uint64_t end; ///< of the last one, from the offset
    };

    llvm::Loop& loop_;
    const Analyses& all_;
    llvm::ScalarEvolution& evolution_;
    Widener widener_;
    llvm::Type* word_;
    std::vector<Group> groups_;
    std::uint64_t instructions_ = 0;
    LoopPlan plan_;
};

/// One way in, one way out, at the end.
bool Planner::has_shape() const
{
    return loop_.isInnermost() && loop_.isLoopSimplifyForm() && loop_.getExitBlock() &&
           loop_.getExitingBlock() == loop_.getLoopLatch() && loop_.isLCSSAForm(all_.dominators);
}

bool Planner::count_iterations()
{
    const auto* const count = evolution_.getBackedgeTakenCount(&loop_);
    if (llvm::isa<llvm::SCEVCouldNotCompute>(count) || count->getType()->getIntegerBitWidth() > 64)
        return false;
    plan_.count = evolution_.getNoopOrZeroExtend(count, word_);
    constexpr std::uint64_t worth_it = 4;
    return evolution_.getUnsignedRangeMax(plan_.count).getZExtValue() >= worth_it;
}

bool Planner::is_memory0(const SCEV* base) const
{
    const auto* const unknown = llvm::dyn_cast<llvm::SCEVUnknown>(base);
    const auto* const load = unknown ? llvm::dyn_cast<llvm::LoadInst>(unknown->getValue()) : nullptr;
    // memory0_base is the first word of the context.
    return load && load->getPointerOperand() == load->getFunction()->getArg(0);
}

bool Planner::add_access(llvm::Instruction& instruction, llvm::Value* address, llvm::Type* type)
{
    const auto* const pointer = evolution_.getSCEV(address);
    if (!is_memory0(evolution_.getPointerBase(pointer)))
        return false;
    const auto* const offset = widener_.visit(evolution_.removePointerBase(pointer));
    if (!evolution_.isLoopInvariant(offset, &loop_)) {
        const auto* const moving = llvm::dyn_cast<SCEVAddRecExpr>(offset);
        if (!moving || moving->getLoop() != &loop_ || !moving->isAffine())
            return false;
        // A greater step could make the check's own arithmetic wrap; with one that is not known before, LLVM divides
        // and scatters, which loses.
        const auto* const step = llvm::dyn_cast<llvm::SCEVConstant>(moving->getStepRecurrence(evolution_));
        if (!step || !step->getAPInt().isSignedIntN(32))
            return false;
    }
    plan_.accesses.push_back({&instruction, offset});
    add_end(offset, instruction.getModule()->getDataLayout().getTypeStoreSize(type));
    return true;
}

void Planner::add_end(const SCEV* offset, std::uint64_t size)
{
    constexpr std::int64_t far = 1 << 16;
    for (auto& group : groups_) {
        const auto* const distance = llvm::dyn_cast<llvm::SCEVConstant>(evolution_.getMinusSCEV(offset, group.offset));
        if (!distance || distance->getAPInt().abs().ugt(far))
            continue;
        const auto by = distance->getAPInt().getSExtValue();
        if (by < 0) {
            group.end += static_cast<std::uint64_t>(-by);
            group.offset = offset;
        }
        group.end = std::max(group.end, static_cast<std::uint64_t>(std::max<std::int64_t>(by, 0)) + size);
        return;
    }
    groups_.push_back({offset, size});
}

bool Planner::add(llvm::Instruction& instruction)
{
    if (llvm::isa<llvm::DbgInfoIntrinsic>(instruction))
        return true;
    ++instructions_;
    if (is_poll(instruction)) {
        plan_.polls.push_back(&instruction);
        plan_.location = instruction.getDebugLoc();
        return true;
    }
    auto* const load = llvm::dyn_cast<llvm::LoadInst>(&instruction);
    auto* const store = llvm::dyn_cast<llvm::StoreInst>(&instruction);
    if (load && load->isVolatile())
        return !load->isAtomic() && add_access(instruction, load->getPointerOperand(), load->getType());
    if (store && store->isVolatile() && is_global(store->getPointerOperand())) {
        plan_.others.push_back(&instruction);
        return true;
    }
    if (store && store->isVolatile())
        return !store->isAtomic() &&
               add_access(instruction, store->getPointerOperand(), store->getValueOperand()->getType());
    if ((load && load->isSimple()) || (store && store->isSimple())) {
        plan_.others.push_back(&instruction);
        return true;
    }
    return !instruction.mayReadOrWriteMemory() && !instruction.mayHaveSideEffects() && !instruction.mayThrow();
}

const SCEV* Planner::at_last(const SCEV* offset)
{
    const auto* const moving = llvm::dyn_cast<SCEVAddRecExpr>(offset);
    return moving && moving->getLoop() == &loop_ ? moving->evaluateAtIteration(plan_.count, evolution_) : offset;
}

bool Planner::can_be_computed(const SCEV* expression)
{
    auto* const before = loop_.getLoopPreheader()->getTerminator();
    llvm::SCEVExpander expander(evolution_, before->getModule()->getDataLayout(), "loop");
    return evolution_.isLoopInvariant(expression, &loop_) && expander.isSafeToExpandAt(expression, before);
}

/// The check, from what was found.
bool Planner::finish()
{
    llvm::SmallSetVector<const SCEV*, 8> ends, indices;
    for (const auto& group : groups_)
        for (const auto* const offset :
             {at_last(group.offset), at_last(group.offset) == group.offset
                                         ? group.offset
                                         : llvm::cast<SCEVAddRecExpr>(group.offset)->getStart()})
            ends.insert(evolution_.getAddExpr(offset, evolution_.getConstant(word_, group.end)));
    for (const auto* const index : widener_.widened)
        indices.insert(at_last(index));
    plan_.ends.assign(ends.begin(), ends.end());
    plan_.indices.assign(indices.begin(), indices.end());
    constexpr std::uint64_t slice = 1 << 20; // instructions between polls: a fraction of a millisecond
    plan_.chunk = std::bit_floor(std::max<std::uint64_t>(slice / std::max<std::uint64_t>(instructions_, 1), 16));
    plan_.needs_chunks = evolution_.getUnsignedRangeMax(plan_.count).getZExtValue() >= plan_.chunk;
    constexpr std::size_t most_conditions = 16;
    if (plan_.ends.size() + plan_.indices.size() > most_conditions)
        return false;
    for (const auto* const list : {&plan_.ends, &plan_.indices})
        for (const auto* const one : *list)
            if (!can_be_computed(one))
                return false;
    for (const auto& access : plan_.accesses) {
        const auto* const moving = llvm::dyn_cast<SCEVAddRecExpr>(access.offset);
        const bool moves = moving && moving->getLoop() == &loop_;
        if (!can_be_computed(moves ? moving->getStart() : access.offset) ||
            (moves && !can_be_computed(moving->getStepRecurrence(evolution_))))
            return false;
    }
    return can_be_computed(plan_.count);
}

std::optional<LoopPlan> Planner::run()
{
    if (!has_shape() || !count_iterations())
        return std::nullopt;
    for (auto* const block : loop_.blocks())
        for (auto& instruction : *block)
            if (!add(instruction))
                return std::nullopt;
    if (plan_.polls.empty() || !finish())
        return std::nullopt;
    return std::move(plan_);
}

} // namespace

std::optional<LoopPlan> plan_loop(llvm::Loop& loop, const Analyses& analyses)
{
    return Planner(loop, analyses).run();
}

} // namespace trellis::wasm::compiler
