// Fuel: each straight-line run of instructions is charged where it begins, one unit per instruction, exactly as the
// interpreter does. What is left is a variable, which LLVM keeps in a register; the store's word gets it where somebody
// may look: before calls and accesses that may fault, and on the way into a trap.
#include "wasm/compiler/function_translator.hpp"

namespace trellis::wasm::compiler {

using native::Context;

void FunctionTranslator::begin_fuel()
{
    fuel_ = nullptr;
    run_ = {};
    if (!module_.options().fuel)
        return;
    fuel_ = builder_.CreateAlloca(module_.word());
    load_fuel(builder_);
}

llvm::Value* FunctionTranslator::fuel_word(llvm::IRBuilder<>& where)
{
    auto* const at = where.CreateConstInBoundsGEP1_64(where.getInt8Ty(), context_, offsetof(Context, fuel));
    auto* const word = where.CreateLoad(module_.pointer(), at);
    word->setMetadata(llvm::LLVMContext::MD_invariant_load, module_.invariant());
    return word;
}

/// After what may have used some.
void FunctionTranslator::load_fuel(llvm::IRBuilder<>& where)
{
    if (fuel_)
        where.CreateStore(where.CreateLoad(module_.word(), fuel_word(where)), fuel_);
}

/// Before what may look at it; a volatile store stays before a volatile access.
void FunctionTranslator::store_fuel(bool before_access)
{
    if (fuel_ && !run_.is_stored)
        builder_.CreateStore(builder_.CreateLoad(module_.word(), fuel_), fuel_word(builder_), before_access);
}

void FunctionTranslator::store_fuel_before_access()
{
    store_fuel(true);
    run_.is_stored = true;
}

namespace {

/// What stands for nothing, and where a straight-line run ends behind its instruction.
bool is_free(Op op)
{
    return op == Op::end || op == Op::else_ || op == Op::catch_ || op == Op::catch_all || op == Op::delegate;
}

bool ends_run(Op op)
{
    switch (op) {
    case Op::loop:
    case Op::if_:
    case Op::br_if:
    case Op::br_on_null:
    case Op::br_on_non_null:
    case Op::br_on_cast:
    case Op::br_on_cast_fail:
        return true;
    default:
        return is_free(op);
    }
}

} // namespace

/// Before the instruction is translated: it belongs to the run that is open, or opens one.
void FunctionTranslator::charge(const Instruction& in)
{
    if (is_free(in.op))
        run_ = {}; // other paths arrive
    if (!fuel_ || is_free(in.op))
        return;
    if (!run_.left)
        open_run();
    ++run_.units;
    for (auto* const user : {run_.left, run_.spent})
        user->setOperand(1, number(run_.units));
}

void FunctionTranslator::open_run()
{
    run_ = {};
    auto* const fuel = builder_.CreateLoad(module_.word(), fuel_);
    auto* const zero = number(0);
    run_.spent = llvm::CmpInst::Create(llvm::Instruction::ICmp, llvm::CmpInst::ICMP_ULT, fuel, zero);
    builder_.Insert(run_.spent);
    auto* const trapping = new_block("out_of_fuel");
    auto* const fine = new_block("charged");
    builder_.CreateCondBr(run_.spent, trapping, fine, unlikely());
    go_on_in(trapping);
    builder_.CreateStore(zero, fuel_word(builder_));
    run_.is_stored = true;
    trap(Trap::out_of_fuel);
    run_.is_stored = false;
    go_on_in(fine);
    run_.left = llvm::BinaryOperator::CreateSub(fuel, zero);
    builder_.Insert(run_.left);
    builder_.CreateStore(run_.left, fuel_);
}

void FunctionTranslator::end_run(const Instruction& in)
{
    if (ends_run(in.op))
        run_ = {};
}

} // namespace trellis::wasm::compiler
