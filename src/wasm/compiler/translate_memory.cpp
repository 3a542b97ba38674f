// Loads and stores, atomic ones too. A guarded memory is accessed without a check: what is outside faults.
#include "wasm/compiler/function_translator.hpp"

#include "base/format.hpp"

#include <algorithm>
#include <llvm/IR/InlineAsm.h>

namespace trellis::wasm::compiler {

using native::Context;
using native::MemoryView;

bool FunctionTranslator::is_guarded(std::uint32_t memory) const
{
    const auto& type = module_.wasm().memory_types[memory];
    return memory == 0 && module_.options().guarded_memory0 && !type.limits.is_64 && type.page_size_log2 == 16;
}

namespace {

std::uint64_t least_bytes(const MemoryType& type)
{
    return std::min(type.limits.min, std::uint64_t(1) << 32) << type.page_size_log2;
}

} // namespace

/// The processor may run ahead into an access that the check behind this will refuse: it finds address 0 then, by a
/// dependence of data that nobody predicts. LLVM must not see that the check makes it superfluous.
llvm::Value* FunctionTranslator::zero_where(llvm::Value* outside, llvm::Value* effective)
{
    auto* const safe = builder_.CreateSelect(outside, number(0), effective);
    if (auto* const select = llvm::dyn_cast<llvm::SelectInst>(safe))
        select->setMetadata(llvm::LLVMContext::MD_unpredictable, module_.invariant());
    auto* const type = llvm::FunctionType::get(module_.word(), {module_.word()}, false);
    return builder_.CreateCall(llvm::InlineAsm::get(type, "", "=r,0", true), {safe});
}

/// Index and offset added; 64-bit indices may overflow, which is out of bounds.
llvm::Value* FunctionTranslator::effective_address(const Instruction& in, llvm::Value* index)
{
    auto* const wide = widened(index);
    if (in.value == 0)
        return wide;
    auto* const sum = builder_.CreateAdd(wide, number(in.value), "", !index->getType()->isIntegerTy(64), true);
    if (index->getType()->isIntegerTy(64))
        trap_if(builder_.CreateICmpULT(sum, wide), Trap::out_of_bounds_memory_access);
    return sum;
}

llvm::Value* FunctionTranslator::checked_address(std::uint32_t memory, llvm::Value* effective, std::uint64_t size)
{
    auto* const pointer = module_.pointer();
    if (is_guarded(memory)) {
        store_fuel_before_access();
        auto* const base = entry_word(offsetof(Context, memory0_base));
        return builder_.CreateGEP(builder_.getInt8Ty(), base, {effective});
    }
    auto* const views = context_word(offsetof(Context, memories), pointer);
    const std::uint64_t view = memory * sizeof(MemoryView);
    auto* const size_word = fixed(views, view + offsetof(MemoryView, size), pointer);
    auto* const bytes = builder_.CreateAlignedLoad(module_.word(), size_word, llvm::Align(8));
    bytes->setAtomic(llvm::AtomicOrdering::Monotonic);
    auto* outside = builder_.CreateICmpUGT(effective, builder_.CreateSub(bytes, number(size)));
    if (least_bytes(module_.wasm().memory_types[memory]) < size)
        outside = builder_.CreateOr(builder_.CreateICmpULT(bytes, number(size)), outside);
    effective = zero_where(outside, effective);
    trap_if(outside, Trap::out_of_bounds_memory_access);
    auto* const base = fixed(views, view + offsetof(MemoryView, base), pointer);
    return builder_.CreateGEP(builder_.getInt8Ty(), base, {effective});
}

llvm::Value* FunctionTranslator::address(const Instruction& in, llvm::Value* index)
{
    return checked_address(in.index, effective_address(in, index), std::uint64_t(1) << access_size_log2(in.op));
}

void FunctionTranslator::load(const Instruction& in)
{
    auto* const from = address(in, pop());
    const auto& row = info(in.op);
    const auto bits = 8u << access_size_log2(in.op);
    const auto read = [&](llvm::Type* type) { return builder_.CreateAlignedLoad(type, from, llvm::Align(1), true); };
    if (row.text.starts_with("v128.load") && in.op != Op::v128_load) {
        std::string name(row.text);
        std::ranges::replace(name, '.', '_');
        return push(call_numeric(name, {read(builder_.getIntNTy(bits))}));
    }
    const auto result = row.signature.back();
    if (result == 'v')
        return push(read(module_.type(Kind::v128)));
    if (result == 'f' || result == 'F')
        return push(read(module_.type(result == 'f' ? Kind::f32 : Kind::f64)));
    auto* const type = module_.type(result == 'i' ? Kind::i32 : Kind::i64);
    auto* const value = read(builder_.getIntNTy(bits));
    push(row.text.ends_with("_s") ? builder_.CreateSExt(value, type) : builder_.CreateZExt(value, type));
}

void FunctionTranslator::store(const Instruction& in)
{
    auto* value = pop();
    auto* const to = address(in, pop());
    const auto bits = 8u << access_size_log2(in.op);
    if (value->getType()->isIntegerTy())
        value = builder_.CreateTrunc(value, builder_.getIntNTy(bits));
    builder_.CreateAlignedStore(value, to, llvm::Align(1), true);
}

void FunctionTranslator::load_lane(const Instruction& in)
{
    auto* const vector = pop();
    auto* const from = address(in, pop());
    const auto bits = 8u << access_size_log2(in.op);
    auto* const lanes = llvm::FixedVectorType::get(builder_.getIntNTy(bits), 128 / bits);
    auto* const value = builder_.CreateAlignedLoad(builder_.getIntNTy(bits), from, llvm::Align(1), true);
    auto* const changed =
        builder_.CreateInsertElement(builder_.CreateBitCast(vector, lanes), value, std::uint64_t(in.lane));
    push(builder_.CreateBitCast(changed, module_.type(Kind::v128)));
}

void FunctionTranslator::store_lane(const Instruction& in)
{
    auto* const vector = pop();
    auto* const to = address(in, pop());
    const auto bits = 8u << access_size_log2(in.op);
    auto* const lanes = llvm::FixedVectorType::get(builder_.getIntNTy(bits), 128 / bits);
    auto* const value = builder_.CreateExtractElement(builder_.CreateBitCast(vector, lanes), std::uint64_t(in.lane));
    builder_.CreateAlignedStore(value, to, llvm::Align(1), true);
}

void FunctionTranslator::memory_size(const Instruction& in)
{
    const auto& type = module_.wasm().memory_types[in.index];
    auto* const views = context_word(offsetof(Context, memories), module_.pointer());
    auto* const word = fixed(views, in.index * sizeof(MemoryView) + offsetof(MemoryView, size), module_.pointer());
    auto* const bytes = builder_.CreateAlignedLoad(module_.word(), word, llvm::Align(8));
    bytes->setAtomic(llvm::AtomicOrdering::Monotonic);
    auto* const pages = builder_.CreateLShr(bytes, type.page_size_log2);
    push(builder_.CreateTrunc(pages, module_.type(type.limits.address_type())));
}

void FunctionTranslator::check_alignment(llvm::Value* effective, std::uint64_t size)
{
    if (size > 1)
        trap_if(builder_.CreateIsNotNull(builder_.CreateAnd(effective, size - 1)), Trap::unaligned_atomic);
}

void FunctionTranslator::atomic_fence(const Instruction&)
{
    builder_.CreateFence(llvm::AtomicOrdering::SequentiallyConsistent);
}

namespace {

llvm::AtomicRMWInst::BinOp operation_of(std::string_view text)
{
    using A = llvm::AtomicRMWInst;
    static constexpr std::array<std::pair<std::string_view, A::BinOp>, 6> rows = {
        {{".add", A::Add}, {".sub", A::Sub}, {".and", A::And}, {".or", A::Or}, {".xor", A::Xor}, {".xchg", A::Xchg}}};
    for (const auto& [name, operation] : rows)
        if (text.find(name) != std::string_view::npos)
            return operation;
    return A::BAD_BINOP;
}

} // namespace

void FunctionTranslator::atomic(const Instruction& in)
{
    constexpr auto order = llvm::AtomicOrdering::SequentiallyConsistent;
    const auto& row = info(in.op);
    const std::uint64_t size = std::uint64_t(1) << access_size_log2(in.op);
    auto* const narrow = builder_.getIntNTy(static_cast<unsigned>(8 * size));
    const auto colon = row.signature.find(':');
    auto operands = pop(colon);
    auto* const effective = effective_address(in, operands[0]);
    check_alignment(effective, size);
    auto* const at = checked_address(in.index, effective, size);
    const auto operand = [&](std::size_t i) { return builder_.CreateTrunc(operands[i], narrow); };
    llvm::Value* result = nullptr;
    if (row.shape == Shape::atomic_load) {
        auto* const load = builder_.CreateAlignedLoad(narrow, at, llvm::Align(size), true);
        load->setAtomic(order);
        result = load;
    } else if (row.shape == Shape::atomic_store) {
        builder_.CreateAlignedStore(operand(1), at, llvm::Align(size), true)->setAtomic(order);
        return;
    } else if (row.shape == Shape::atomic_cmpxchg) {
        // An expected value that the access can't hold never matches: then what is there is written again.
        auto* const expected = operand(1);
        auto* const fits = builder_.CreateICmpEQ(builder_.CreateZExt(expected, operands[1]->getType()), operands[1]);
        auto* const replacement = builder_.CreateSelect(fits, operand(2), expected);
        auto* const exchange = builder_.CreateAtomicCmpXchg(at, expected, replacement, llvm::Align(size), order, order);
        exchange->setVolatile(true);
        result = builder_.CreateExtractValue(exchange, 0);
    } else {
        auto* const made = builder_.CreateAtomicRMW(operation_of(row.text), at, operand(1), llvm::Align(size), order);
        made->setVolatile(true);
        result = made;
    }
    push(builder_.CreateZExt(result, module_.type(row.signature.back() == 'i' ? Kind::i32 : Kind::i64)));
}

} // namespace trellis::wasm::compiler
