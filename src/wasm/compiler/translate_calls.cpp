// Calls; and the functions between compiled code and everything else.
#include "wasm/compiler/function_translator.hpp"

#include "wasm/syntax/type_registry.hpp"

namespace trellis::wasm::compiler {

using native::CallBinding;
using native::Context;
using native::RuntimeFunction;

void FunctionTranslator::call(const Instruction& in)
{
    const auto& wasm = module_.wasm();
    const auto index = static_cast<FuncIndex>(in.index);
    const auto& type = wasm.type_of(index);
    const bool tail = in.op == Op::return_call;
    if (!wasm.is_imported(index))
        return emit_call(type, entry_of(index), context_, tail);
    auto* const imports = context_word(offsetof(Context, imports), module_.pointer());
    const std::uint64_t at = in.index * sizeof(CallBinding);
    auto* const entry = fixed(imports, at + offsetof(CallBinding, entry), module_.pointer());
    auto* const context = fixed(imports, at + offsetof(CallBinding, context), module_.pointer());
    emit_call(type, entry, context, tail);
}

llvm::Value* FunctionTranslator::entry_of(FuncIndex function)
{
    if (module_.has_body(function))
        return module_.function(function);
    auto* const table = context_word(offsetof(Context, compiled), module_.pointer());
    const auto defined = wasm::number(function) - module_.wasm().imported_functions;
    auto* const entry =
        builder_.CreateAlignedLoad(module_.pointer(), address_of(table, defined * sizeof(void*)), llvm::Align(8));
    entry->setAtomic(llvm::AtomicOrdering::Monotonic);
    return builder_.CreateSelect(builder_.CreateIsNull(entry), module_.stub(function), entry);
}

void FunctionTranslator::emit_call(const FuncType& type, llvm::Value* entry, llvm::Value* context, bool tail)
{
    if (tail && entered_loop_)
        return tail_call_from_loop(type, entry, context);
    auto arguments = pop(type.params.size());
    arguments.insert(arguments.begin(), context);
    store_fuel();
    const bool direct = LlvmModule::returns_directly(type);
    llvm::Value* results = nullptr;
    if (!direct) {
        std::size_t slots = 0;
        for (const auto one : type.results)
            slots += one.slots();
        results = tail ? last_argument(*function_) : frame(slots);
        arguments.push_back(results);
    }
    if (tail) {
        auto* const made = builder_.CreateCall(module_.type(type), entry, arguments);
        made->setCallingConv(llvm::CallingConv::Tail);
        made->setTailCallKind(llvm::CallInst::TCK_MustTail);
        if (made->getType()->isVoidTy())
            builder_.CreateRetVoid();
        else
            builder_.CreateRet(made);
        return builder_.ClearInsertionPoint();
    }
    auto* const made = call_or_invoke(module_.type(type), entry, arguments);
    made->setCallingConv(llvm::CallingConv::Tail);
    load_fuel(builder_);
    run_.is_stored = false; // LLVM may leave out the callee's store if there is another one behind the next access
    if (direct && type.results.size() == 1)
        push(made);
    std::uint64_t at = 0;
    for (std::uint32_t i = 0; i < type.results.size() && (!direct || type.results.size() > 1); ++i) {
        push(direct ? builder_.CreateExtractValue(made, i)
                    : builder_.CreateAlignedLoad(module_.type(type.results[i]), slot(at), llvm::Align(8)));
        at += type.results[i].slots();
    }
}

/// The reference at an index that is checked.
llvm::Value* FunctionTranslator::table_element(std::uint32_t table, llvm::Value* index, Trap out_of_bounds)
{
    auto* const tables = context_word(offsetof(Context, tables), module_.pointer());
    auto* const object = fixed(tables, table * sizeof(void*), module_.pointer());
    auto* const size = load_field(object, offsetof(Table, size), module_.word());
    auto* const wide = widened(index);
    trap_if(builder_.CreateICmpUGE(wide, size), out_of_bounds);
    auto* const elements = load_field(object, offsetof(Table, elements), module_.pointer());
    return builder_.CreateLoad(module_.word(), builder_.CreateInBoundsGEP(module_.word(), elements, {wide}));
}

void FunctionTranslator::call_indirect(const Instruction& in)
{
    const auto& wasm = module_.wasm();
    auto* const index = pop();
    auto* const reference = table_element(in.index2, index, Trap::undefined_element);
    trap_if(builder_.CreateIsNull(reference), Trap::uninitialized_element);
    auto* const function = builder_.CreateIntToPtr(reference, module_.pointer());

    // Nearly always the types are the same; else one may be below the other.
    auto* const types = context_word(offsetof(Context, types), module_.pointer());
    auto* const expected = fixed(types, in.index * sizeof(void*), module_.pointer());
    auto* const found = fixed(function, offsetof(Function, type), module_.pointer());
    auto* const different = builder_.CreateICmpNE(found, expected);
    if (wasm.types[in.index].is_final)
        trap_if(different, Trap::indirect_call_type_mismatch);
    else {
        auto* const check = new_block("check");
        auto* const same = new_block("same");
        builder_.CreateCondBr(different, check, same, unlikely());
        go_on_in(check);
        run(RuntimeFunction::check_call_type, {reference, number(in.index)});
        builder_.CreateBr(same);
        go_on_in(same);
    }
    call_reference(function, static_cast<TypeIndex>(in.index), in.op == Op::return_call_indirect);
}

void FunctionTranslator::call_ref(const Instruction& in)
{
    auto* const reference = pop();
    trap_if(builder_.CreateIsNull(reference), Trap::null_function_reference);
    auto* const function = builder_.CreateIntToPtr(reference, module_.pointer());
    call_reference(function, static_cast<TypeIndex>(in.index), in.op == Op::return_call_ref);
}

/// A function that nobody of compiled code has called yet, or that is not compiled, is bound first.
void FunctionTranslator::call_reference(llvm::Value* function, TypeIndex type, bool tail)
{
    auto* const pointer = module_.pointer();
    auto* const known_entry = load_field(function, offsetof(Function, native_entry), pointer);
    auto* const known_context = load_field(function, offsetof(Function, native_context), pointer);
    auto* const before = builder_.GetInsertBlock();
    auto* const bind = new_block("bind");
    auto* const bound = new_block("bound");
    builder_.CreateCondBr(builder_.CreateIsNull(known_entry), bind, bound, unlikely());
    go_on_in(bind);
    auto* const new_entry =
        run(RuntimeFunction::bind_function,
            {builder_.CreatePtrToInt(function, module_.word()), number(wasm::number(type))}, pointer);
    auto* const new_context = builder_.CreateLoad(pointer, slot(1));
    builder_.CreateBr(bound);
    go_on_in(bound);
    const auto either = [&](llvm::Value* known, llvm::Value* made) {
        auto* const phi = builder_.CreatePHI(pointer, 2);
        phi->addIncoming(known, before);
        phi->addIncoming(made, bind);
        return phi;
    };
    auto* const entry = either(known_entry, new_entry);
    auto* const context = either(known_context, new_context);
    emit_call(module_.wasm().function_type(type), entry, context, tail);
}

void make_wrapper(LlvmModule& module, std::uint32_t index)
{
    const auto& type = module.wasm().function_type(static_cast<TypeIndex>(index));
    auto* const pointer = module.pointer();
    auto* const wrapper = module.make_function(
        llvm::FunctionType::get(llvm::Type::getVoidTy(module.context()), {pointer, pointer, pointer}, false),
        wrapper_name(index));
    llvm::IRBuilder<> builder(llvm::BasicBlock::Create(module.context(), "entry", wrapper));
    auto* const frame = wrapper->getArg(2);
    const auto slot = [&](std::uint64_t at) { return builder.CreateConstInBoundsGEP1_64(module.word(), frame, at); };
    std::vector<llvm::Value*> arguments = {wrapper->getArg(0)};
    std::uint64_t at = 0;
    for (const auto one : type.params) {
        arguments.push_back(builder.CreateAlignedLoad(module.type(one), slot(at), llvm::Align(8)));
        at += one.slots();
    }
    const bool direct = LlvmModule::returns_directly(type);
    if (!direct)
        arguments.push_back(frame);
    auto* const made = builder.CreateCall(module.type(type), wrapper->getArg(1), arguments);
    made->setCallingConv(llvm::CallingConv::Tail);
    at = 0;
    for (std::uint32_t i = 0; direct && i < type.results.size(); ++i) {
        auto* const result = type.results.size() == 1 ? made : builder.CreateExtractValue(made, i);
        builder.CreateAlignedStore(result, slot(at), llvm::Align(8));
        at += type.results[i].slots();
    }
    builder.CreateRetVoid();
}

namespace {

/// The body of a function that puts its arguments into slots and calls a runtime function with them.
class CallOut {
public:
    CallOut(LlvmModule& module, llvm::Function& function, const FuncType& type)
        : module_(module), function_(function), type_(type),
          builder_(llvm::BasicBlock::Create(module.context(), "entry", &function))
    {
        std::uint64_t parameters = 0, results = 0;
        for (const auto one : type.params)
            parameters += one.slots();
        for (const auto one : type.results)
            results += one.slots();
        frame_ = builder_.CreateAlloca(module.word(), builder_.getInt64(1 + std::max(parameters, results)));
        frame_->setAlignment(llvm::Align(alignof(Slot)));
    }

    llvm::Value* load(llvm::Value* base, std::uint64_t offset)
    {
        return builder_.CreateLoad(module_.pointer(),
                                   builder_.CreateConstInBoundsGEP1_64(builder_.getInt8Ty(), base, offset));
    }

    /// `first` goes before the arguments.
    void call(RuntimeFunction which, llvm::Value* context, llvm::Value* first)
    {
        builder_.CreateStore(first, slot(0));
        std::uint64_t at = 1;
        for (std::uint32_t i = 0; i < type_.params.size(); ++i) {
            builder_.CreateAlignedStore(function_.getArg(i + 1), slot(at), llvm::Align(8));
            at += type_.params[i].slots();
        }
        auto* const runtime = load(context, offsetof(Context, runtime));
        auto* const entry = load(runtime, static_cast<std::uint64_t>(which) * sizeof(void*));
        auto* const pointer = module_.pointer();
        builder_.CreateCall(llvm::FunctionType::get(builder_.getVoidTy(), {pointer, pointer}, false), entry,
                            {context, frame_});
        give_back();
    }

private:
    llvm::Value* slot(std::uint64_t at) { return builder_.CreateConstInBoundsGEP1_64(module_.word(), frame_, at); }

    void give_back()
    {
        std::vector<llvm::Value*> values;
        std::uint64_t at = 1;
        for (const auto one : type_.results) {
            values.push_back(builder_.CreateAlignedLoad(module_.type(one), slot(at), llvm::Align(8)));
            at += one.slots();
        }
        if (!LlvmModule::returns_directly(type_))
            return write_results(values);
        if (values.empty())
            builder_.CreateRetVoid();
        else if (values.size() == 1)
            builder_.CreateRet(values.front());
        else
            builder_.CreateAggregateRet(values.data(), static_cast<unsigned>(values.size()));
    }

    void write_results(const std::vector<llvm::Value*>& values)
    {
        auto* const to = last_argument(function_);
        std::uint64_t at = 0;
        for (std::size_t i = 0; i < values.size(); ++i) {
            builder_.CreateAlignedStore(values[i], builder_.CreateConstInBoundsGEP1_64(module_.word(), to, at),
                                        llvm::Align(8));
            at += type_.results[i].slots();
        }
        builder_.CreateRetVoid();
    }

    LlvmModule& module_;
    llvm::Function& function_;
    const FuncType& type_;
    llvm::IRBuilder<> builder_;
    llvm::AllocaInst* frame_;
};

} // namespace

void make_adapter(LlvmModule& module, std::uint32_t index)
{
    const auto& type = module.wasm().function_type(static_cast<TypeIndex>(index));
    auto* const adapter = module.make_function(module.type(type), adapter_name(index));
    adapter->setCallingConv(llvm::CallingConv::Tail);
    CallOut out(module, *adapter, type);
    auto* const call = adapter->getArg(0);
    out.call(RuntimeFunction::call_function, out.load(call, offsetof(native::ForeignCall, caller)), call);
}

void make_stub(LlvmModule& module, llvm::Function& stub, FuncIndex index)
{
    auto* const number = llvm::ConstantInt::get(module.word(), wasm::number(index));
    CallOut(module, stub, module.wasm().type_of(index)).call(RuntimeFunction::call_defined, stub.getArg(0), number);
}

} // namespace trellis::wasm::compiler
