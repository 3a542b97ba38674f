// Exceptions. A call inside a try block lands in the block's dispatch, which tries its clauses in order and hands the
// exception on to the try block around it, or throws it again to the caller.
#include "wasm/compiler/function_translator.hpp"

namespace trellis::wasm::compiler {

using native::RuntimeFunction;

void FunctionTranslator::make_dispatch(Block& block)
{
    block.dispatch = new_block("dispatch");
    llvm::IRBuilder<> there(block.dispatch);
    block.exception = there.CreatePHI(module_.word(), 2);
    block.no_match = block.dispatch;
    block.in_body = true;
}

llvm::BasicBlock* FunctionTranslator::landing()
{
    for (auto block = blocks_.rbegin(); lands_ && block != blocks_.rend(); ++block) {
        if (!block->in_body)
            continue;
        if (!block->landing) {
            block->landing = new_block("landing");
            llvm::IRBuilder<> there(block->landing);
            there.SetCurrentDebugLocation(builder_.getCurrentDebugLocation());
            auto* const type = llvm::StructType::get(module_.pointer(), there.getInt32Ty());
            auto* const pad = there.CreateLandingPad(type, 1);
            pad->addClause(llvm::ConstantPointerNull::get(module_.pointer())); // catches all
            auto* const exception = there.CreatePtrToInt(there.CreateExtractValue(pad, 0), module_.word());
            load_fuel(there);
            block->exception->addIncoming(exception, block->landing);
            there.CreateBr(block->dispatch);
        }
        return block->landing;
    }
    return nullptr;
}

llvm::CallBase* FunctionTranslator::call_or_invoke(llvm::FunctionType* type, llvm::Value* callee,
                                                   const Values& arguments)
{
    auto* const pad = landing();
    if (!pad) {
        auto* const made = builder_.CreateCall(type, callee, arguments);
        made->addFnAttr(llvm::Attribute::NoMerge);
        return made;
    }
    auto* const next = new_block("returned");
    auto* const made = builder_.CreateInvoke(type, callee, next, pad, arguments);
    made->addFnAttr(llvm::Attribute::NoMerge);
    go_on_in(next);
    return made;
}

/// To the handlers of the innermost try block below that many blocks, or to the caller.
void FunctionTranslator::propagate(llvm::Value* exception, std::size_t enclosing)
{
    while (enclosing-- > 0) {
        auto& outer = blocks_[enclosing];
        if (!outer.in_body)
            continue;
        outer.exception->addIncoming(exception, builder_.GetInsertBlock());
        builder_.CreateBr(outer.dispatch);
        return;
    }
    frame(2);
    builder_.CreateStore(exception, slot(0));
    const auto entry = runtime_entry(RuntimeFunction::pass_on);
    builder_.CreateCall(entry, {context_, frame_})
        ->addFnAttr(llvm::Attribute::NoMerge); // not to a handler that was passed over
    builder_.CreateUnreachable();
}

/// Puts the parameters of the tag on the stack.
void FunctionTranslator::take_fields(llvm::Value* exception, std::uint32_t tag)
{
    const auto& types = module_.wasm().function_type(module_.wasm().tag_types[tag].function).params;
    std::size_t slots = 2;
    for (const auto one : types)
        slots += one.slots();
    frame(slots);
    run(RuntimeFunction::exception_fields, {exception});
    std::size_t at = 0;
    for (const auto one : types) {
        push(builder_.CreateAlignedLoad(module_.type(one), slot(at), llvm::Align(8)));
        at += one.slots();
    }
}

void FunctionTranslator::dispatch_clause(const CatchClause& clause, llvm::Value* exception)
{
    using Form = CatchClause::Form;
    const auto height = stack_.size();
    const bool has_tag = clause.form == Form::catch_ || clause.form == Form::catch_ref;
    llvm::BasicBlock* next = nullptr;
    if (has_tag) {
        auto* const same =
            run(RuntimeFunction::exception_matches, {exception, number(wasm::number(clause.tag))}, module_.word());
        auto* const matching = new_block("matching");
        next = new_block("no_match");
        builder_.CreateCondBr(builder_.CreateIsNotNull(same), matching, next);
        go_on_in(matching);
        take_fields(exception, wasm::number(clause.tag));
    }
    if (clause.form == Form::catch_ref || clause.form == Form::catch_all_ref)
        push(exception);
    branch(clause.label);
    stack_.resize(height);
    if (next)
        go_on_in(next);
}

void FunctionTranslator::try_table(const Instruction& in)
{
    auto* const body = builder_.GetInsertBlock();
    Block made{};
    make_dispatch(made);
    go_on_in(made.dispatch);
    for (const auto& clause : in.catches) {
        if (!builder_.GetInsertBlock())
            break; // behind one that catches all
        dispatch_clause(clause, made.exception);
    }
    if (builder_.GetInsertBlock())
        propagate(made.exception, blocks_.size());
    go_on_in(body);
    open(Op::try_table, in.block_type);
    auto& opened = blocks_.back();
    opened.dispatch = made.dispatch;
    opened.exception = made.exception;
    opened.in_body = true;
}

// The older instructions.

void FunctionTranslator::try_(const Instruction& in)
{
    open(Op::try_, in.block_type);
    make_dispatch(blocks_.back());
}

/// What comes before a handler: the body or the handler before.
void FunctionTranslator::end_body(Block& block)
{
    if (builder_.GetInsertBlock()) {
        add_incoming(block.results);
        builder_.CreateBr(block.end);
    }
    block.in_body = false;
    stack_.resize(block.height);
}

void FunctionTranslator::catch_(const Instruction& in)
{
    auto& block = blocks_.back();
    end_body(block);
    go_on_in(block.no_match);
    take_kept_operands(block.height);
    block.caught = block.exception;
    block.no_match = nullptr;
    if (in.op == Op::catch_all)
        return;
    auto* const same = run(RuntimeFunction::exception_matches, {block.exception, number(in.index)}, module_.word());
    auto* const matching = new_block("matching");
    block.no_match = new_block("no_match");
    builder_.CreateCondBr(builder_.CreateIsNotNull(same), matching, block.no_match);
    go_on_in(matching);
    take_fields(block.exception, in.index);
}

/// At the end of a try block: what no clause wants goes on.
void FunctionTranslator::end_try(Block& block)
{
    block.in_body = false;
    if (block.op == Op::try_table || !block.no_match)
        return;
    auto* const before = builder_.GetInsertBlock();
    go_on_in(block.no_match);
    propagate(block.exception, blocks_.size() - 1);
    if (before)
        go_on_in(before);
    else
        builder_.ClearInsertionPoint();
}

/// The block ends here, and its exceptions are thrown as if at the label.
void FunctionTranslator::delegate(const Instruction& in)
{
    auto& block = blocks_.back();
    auto* const before = builder_.GetInsertBlock();
    go_on_in(block.no_match);
    propagate(block.exception, blocks_.size() - 1 - in.index);
    if (before)
        go_on_in(before);
    else
        builder_.ClearInsertionPoint();
    block.no_match = nullptr;
    end(in);
}

void FunctionTranslator::throw_(const Instruction& in)
{
    const auto& types = module_.wasm().function_type(module_.wasm().tag_types[in.index].function).params;
    auto arguments = pop(types.size());
    arguments.insert(arguments.begin(), number(in.index));
    run(RuntimeFunction::throw_, arguments);
    builder_.CreateUnreachable();
    builder_.ClearInsertionPoint();
}

void FunctionTranslator::throw_exception(llvm::Value* exception)
{
    run(RuntimeFunction::throw_ref, {exception});
    builder_.CreateUnreachable();
    builder_.ClearInsertionPoint();
}

void FunctionTranslator::throw_ref(const Instruction&)
{
    throw_exception(pop());
}

void FunctionTranslator::rethrow(const Instruction& in)
{
    throw_exception(label(in.index).caught);
}

} // namespace trellis::wasm::compiler
