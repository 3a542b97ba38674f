#include "wasm/compiler/lanes.hpp"

#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/PatternMatch.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <vector>

namespace trellis::wasm::compiler {
namespace {

using llvm::Value;
namespace match = llvm::PatternMatch;

constexpr std::uint64_t vector_bytes = 16;

bool is_vector(const llvm::Type* type)
{
    return type->isVectorTy() && type->getPrimitiveSizeInBits() == 8 * vector_bytes;
}

/// base + zero-extended index + offset, the index of 32 bits.
struct Address {
    const Value* base = nullptr;
    Value* index = nullptr;
    std::uint64_t offset = 0;

    [[nodiscard]] bool begins_like(const Address& other) const { return base == other.base && index == other.index; }
};

/// Nothing where it has another form.
std::optional<Address> address_of(Value* pointer, const llvm::DataLayout& layout)
{
    llvm::APInt offset(64, 0);
    auto* const moved = pointer->stripAndAccumulateConstantOffsets(layout, offset, true);
    const auto* const step = llvm::dyn_cast<llvm::GetElementPtrInst>(moved);
    if (!step || step->getNumIndices() != 1 || !step->getSourceElementType()->isIntegerTy(8))
        return std::nullopt;
    auto* wide = step->getOperand(1);
    const llvm::APInt* more = nullptr;
    if (match::match(wide, match::m_Add(match::m_Value(wide), match::m_APInt(more))))
        offset += *more;
    Value* index = nullptr;
    if (!match::match(wide, match::m_ZExt(match::m_Value(index))) || !index->getType()->isIntegerTy(32))
        return std::nullopt;
    return Address{step->getPointerOperand(), index, offset.getZExtValue()};
}

/// What was stored to the bytes of a vector: first all of them, then lanes.
struct Stored {
    struct Lane {
        llvm::StoreInst* store;
        Value *index, *first; ///< how far the lane is from the vector: the difference
    };
    Address address;
    Value* vector;
    std::vector<Lane> lanes;
};

/// Goes through one block.
class Walk {
public:
    using Evolution = llvm::function_ref<llvm::ScalarEvolution&()>;

    Walk(llvm::BasicBlock& block, Evolution evolution)
        : block_(block), layout_(block.getDataLayout()), evolution_(evolution)
    {
    }

    bool run()
    {
        for (auto& instruction : llvm::make_early_inc_range(block_))
            if (auto* const store = llvm::dyn_cast<llvm::StoreInst>(&instruction))
                note(*store);
            else if (auto* const load = llvm::dyn_cast<llvm::LoadInst>(&instruction))
                replace(*load);
            else if (instruction.mayWriteToMemory())
                stored_.clear();
        return changed_;
    }

private:
    void note(llvm::StoreInst& store)
    {
        const auto address = address_of(store.getPointerOperand(), layout_);
        auto* const value = store.getValueOperand();
        if (!address || store.isAtomic())
            stored_.clear();
        else if (is_vector(value->getType()))
            note_vector(*address, value);
        else if (!note_lane(store, *address))
            stored_.clear();
    }

    void note_vector(const Address& address, Value* value)
    {
        const auto is_apart = [&](const Stored& other) {
            const auto distance = static_cast<std::int64_t>(other.address.offset - address.offset);
            return other.address.begins_like(address) && static_cast<std::uint64_t>(std::abs(distance)) >= vector_bytes;
        };
        std::erase_if(stored_, std::not_fn(is_apart));
        stored_.push_back({address, value, {}});
    }

    /// At an address `first | place`, where a vector was stored at `first`, and place is so small that what is stored
    /// lies in the vector.
    bool note_lane(llvm::StoreInst& store, const Address& address)
    {
        const std::uint64_t size = layout_.getTypeStoreSize(store.getValueOperand()->getType());
        Value *first = nullptr, *place = nullptr;
        if (!match::match(address.index, match::m_Or(match::m_Value(first), match::m_Value(place))))
            return false;
        for (int order = 0; order < 2; ++order, std::swap(first, place))
            for (auto& one : stored_)
                if (begins_at(one.address, first, address) && is_at_most(place, vector_bytes - size)) {
                    one.lanes.push_back({&store, address.index, first});
                    return true;
                }
        return false;
    }

    /// Whether the vector is where `lane` would be with this index. What is added to the vector's index for that can't
    /// wrap: the vector was stored there, in 33 bits.
    static bool begins_at(const Address& vector, Value* index, const Address& lane)
    {
        const auto [root, added] = without_constant(index);
        const auto [vector_root, vector_added] = without_constant(vector.index);
        return vector.base == lane.base && root == vector_root &&
               vector.offset == lane.offset + static_cast<std::uint32_t>(added - vector_added);
    }

    static std::pair<Value*, std::uint32_t> without_constant(Value* index)
    {
        Value* root = nullptr;
        const llvm::APInt* added = nullptr;
        if (match::match(index, match::m_AddLike(match::m_Value(root), match::m_APInt(added))))
            return {root, static_cast<std::uint32_t>(added->getZExtValue())};
        return {index, 0};
    }

    bool is_at_most(Value* value, std::uint64_t limit)
    {
        auto& evolution = evolution_();
        return evolution.getUnsignedRangeMax(evolution.getSCEV(value)).ule(limit);
    }

    void replace(llvm::LoadInst& load)
    {
        const auto address = is_vector(load.getType()) ? address_of(load.getPointerOperand(), layout_) : std::nullopt;
        if (!address || load.isAtomic())
            return;
        const auto same = std::ranges::find_if(stored_, [&](const Stored& one) {
            return one.address.begins_like(*address) && one.address.offset == address->offset;
        });
        if (same == stored_.end() || same->lanes.empty())
            return;
        llvm::IRBuilder<> builder(&load);
        load.replaceAllUsesWith(builder.CreateBitCast(loaded(builder, *same), load.getType()));
        load.eraseFromParent();
        changed_ = true;
    }

    /// The vector that the load finds.
    static Value* loaded(llvm::IRBuilder<>& builder, const Stored& stored)
    {
        auto* vector =
            builder.CreateBitCast(stored.vector, llvm::FixedVectorType::get(builder.getInt8Ty(), vector_bytes));
        for (const auto& lane : stored.lanes)
            vector = with_lane(builder, vector, lane);
        return vector;
    }

    /// The lane's bytes in all places, turned so that they are right where the lane is, and taken there. What was just
    /// stored alone is soon loaded again: sooner than a general register becomes a vector.
    static Value* with_lane(llvm::IRBuilder<>& builder, Value* vector, const Stored::Lane& lane)
    {
        const auto bits = static_cast<unsigned>(lane.store->getValueOperand()->getType()->getPrimitiveSizeInBits());
        auto* const type = builder.getIntNTy(bits);
        auto* const distance = builder.CreateSub(lane.index, lane.first);
        Value* value = builder.CreateAlignedLoad(type, lane.store->getPointerOperand(), llvm::Align(1), true);
        if (bits > 8) {
            auto* const turn = builder.CreateZExtOrTrunc(builder.CreateShl(distance, 3), type);
            value = builder.CreateIntrinsic(llvm::Intrinsic::fshl, {type}, {value, value, turn});
        }
        auto* const everywhere =
            builder.CreateBitCast(builder.CreateVectorSplat(8 * vector_bytes / bits, value), vector->getType());
        auto* const from_lane = builder.CreateSub(
            bytes_in_order(builder),
            builder.CreateVectorSplat(vector_bytes, builder.CreateTrunc(distance, builder.getInt8Ty())));
        auto* const size = llvm::ConstantInt::get(vector->getType(), bits / 8);
        return builder.CreateSelect(builder.CreateICmpULT(from_lane, size), everywhere, vector);
    }

    static llvm::Constant* bytes_in_order(llvm::IRBuilder<>& builder)
    {
        std::array<std::uint8_t, vector_bytes> bytes{};
        std::iota(bytes.begin(), bytes.end(), std::uint8_t(0));
        return llvm::ConstantDataVector::get(builder.getContext(), bytes);
    }

    llvm::BasicBlock& block_;
    const llvm::DataLayout& layout_;
    Evolution evolution_;
    std::vector<Stored> stored_;
    bool changed_ = false;
};

} // namespace

llvm::PreservedAnalyses ForwardLanes::run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses)
{
    bool changed = false;
    const auto evolution = [&]() -> llvm::ScalarEvolution& {
        return analyses.getResult<llvm::ScalarEvolutionAnalysis>(function);
    };
    for (auto& block : function)
        if (Walk(block, evolution).run())
            changed = true;
    return changed ? llvm::PreservedAnalyses::none() : llvm::PreservedAnalyses::all();
}

} // namespace trellis::wasm::compiler
