// memory.copy and memory.fill of few bytes, without a call. Pairs of accesses from both ends cover what is between
// them, overlapping where they have to. All is read before anything is written, and the last bytes are written first:
// an access outside faults before memory has changed.
#include "wasm/compiler/function_translator.hpp"

namespace trellis::wasm::compiler {

namespace {

/// The most bytes without a call; none at all may be out of bounds too, which the runtime finds.
constexpr std::uint64_t most_bytes = 64;

/// From so many bytes on, accesses of this width at these places: distances from the beginning, and from the end.
struct Cover {
    std::uint64_t least;
    std::uint64_t width;
    std::uint64_t pairs;
};
constexpr std::array covers = {Cover{33, 16, 2}, Cover{16, 16, 1}, Cover{8, 8, 1}, Cover{4, 4, 1}};

} // namespace

/// Calls `emit` in a block of its own for each way to cover that many bytes: with the places of the accesses, the last
/// byte's first, and their type. What is left, up to three bytes, are three accesses of one.
void FunctionTranslator::cover_bytes(llvm::Value* count,
                                     const std::function<void(const Values& places, llvm::Type* type)>& emit)
{
    auto* const done = new_block("covered");
    for (const auto& cover : covers) {
        auto* const enough = new_block("cover");
        auto* const fewer = new_block("fewer");
        builder_.CreateCondBr(builder_.CreateICmpUGE(count, number(cover.least)), enough, fewer);
        go_on_in(enough);
        Values places;
        for (std::uint64_t pair = 0; pair < cover.pairs; ++pair)
            places.push_back(builder_.CreateSub(count, number((pair + 1) * cover.width)));
        for (std::uint64_t pair = 0; pair < cover.pairs; ++pair)
            places.push_back(number(pair * cover.width));
        emit(places, builder_.getIntNTy(static_cast<unsigned>(8 * cover.width)));
        builder_.CreateBr(done);
        go_on_in(fewer);
    }
    emit({builder_.CreateSub(count, number(1)), builder_.CreateLShr(count, 1), number(0)}, builder_.getInt8Ty());
    builder_.CreateBr(done);
    go_on_in(done);
}

/// Few bytes of a guarded memory here; more, none, and those of other memories by the runtime.
void FunctionTranslator::bulk_operation(const Instruction& in)
{
    const bool copies = in.op == Op::memory_copy;
    if (!is_guarded(in.index) || (copies && !is_guarded(in.index2)))
        return runtime_operation(in);
    const std::span operands = std::span(stack_).last(3);
    auto* const count = widened(operands[2]);
    const auto* const constant = llvm::dyn_cast<llvm::ConstantInt>(count);
    if (constant && (constant->isZero() || constant->getZExtValue() > most_bytes))
        return runtime_operation(in);
    store_fuel_before_access();
    auto* const few = new_block("few");
    auto* const many = new_block("many");
    auto* const done = new_block("done");
    auto* const is_few = builder_.CreateICmpULT(builder_.CreateSub(count, number(1)), number(most_bytes));
    auto* const to = guarded_place(operands[0]);
    auto* const second = copies ? guarded_place(operands[1]) : operands[1];
    builder_.CreateCondBr(is_few, few, many);
    go_on_in(few);
    copies ? copy_few(to, second, count) : fill_few(to, second, count);
    builder_.CreateBr(done);
    go_on_in(many);
    runtime_operation(in);
    builder_.CreateBr(done);
    go_on_in(done);
}

llvm::Value* FunctionTranslator::guarded_place(llvm::Value* index)
{
    return builder_.CreateGEP(builder_.getInt8Ty(), entry_word(offsetof(native::Context, memory0_base)),
                              {widened(index)});
}

void FunctionTranslator::copy_few(llvm::Value* to, llvm::Value* from, llvm::Value* count)
{
    cover_bytes(count, [&](const Values& places, llvm::Type* type) {
        Values read;
        for (auto* const place : places)
            read.push_back(builder_.CreateAlignedLoad(type, builder_.CreateGEP(builder_.getInt8Ty(), from, {place}),
                                                      llvm::Align(1), true));
        for (std::size_t i = 0; i < places.size(); ++i)
            builder_.CreateAlignedStore(read[i], builder_.CreateGEP(builder_.getInt8Ty(), to, {places[i]}),
                                        llvm::Align(1), true);
    });
}

void FunctionTranslator::fill_few(llvm::Value* to, llvm::Value* value, llvm::Value* count)
{
    auto* const byte = builder_.CreateTrunc(value, builder_.getInt8Ty());
    cover_bytes(count, [&](const Values& places, llvm::Type* type) {
        const auto bytes = type->getIntegerBitWidth() / 8;
        auto* const each = bytes == 1 ? byte : builder_.CreateBitCast(builder_.CreateVectorSplat(bytes, byte), type);
        for (auto* const place : places)
            builder_.CreateAlignedStore(each, builder_.CreateGEP(builder_.getInt8Ty(), to, {place}), llvm::Align(1),
                                        true);
    });
}

} // namespace trellis::wasm::compiler
