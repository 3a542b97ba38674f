#include "wasm/compiler/llvm_module.hpp"

#include "base/check.hpp"
#include "base/format.hpp"
#include "wasm/compiler/function_translator.hpp"
#include "wasm/compiler/processor.hpp"

#include <algorithm>
#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/Linker/Linker.h>
#include <llvm/Support/MemoryBuffer.h>

namespace trellis::wasm::compiler {
namespace {

/// "i32_add" of "_ZN7trellis4wasm7numeric7i32_addEjj".
std::string name_of_mangled(std::string_view mangled)
{
    constexpr std::string_view prefix = "_ZN7trellis4wasm7numeric";
    if (!mangled.starts_with(prefix))
        return {};
    mangled.remove_prefix(prefix.size());
    std::size_t length = 0;
    while (!mangled.empty() && mangled.front() >= '0' && mangled.front() <= '9') {
        length = length * 10 + static_cast<std::size_t>(mangled.front() - '0');
        mangled.remove_prefix(1);
    }
    return std::string(mangled.substr(0, length));
}

} // namespace

std::string function_name(std::uint32_t defined)
{
    return format("f{}", defined);
}
std::string loop_name(const LoopEntry& entry)
{
    return format("f{}_{}", entry.function, entry.loop);
}
std::string wrapper_name(std::uint32_t type)
{
    return format("w{}", type);
}
std::string adapter_name(std::uint32_t type)
{
    return format("a{}", type);
}

LlvmModule::LlvmModule(const Module& module, const Options& options, llvm::TargetMachine& target)
    : wasm_(module), options_(options), context_(std::make_unique<llvm::LLVMContext>()),
      module_(std::make_unique<llvm::Module>("m", *context_)), debug_(*module_),
      debug_file_(debug_.createFile("m", "")), cpu_(target.getTargetCPU()),
      cpu_features_(target.getTargetFeatureString())
{
    module_->setTargetTriple(target.getTargetTriple().str());
    module_->setDataLayout(target.createDataLayout());
    module_->setPICLevel(llvm::PICLevel::SmallPIC);
    // A callee of tailcc's pops arguments, and at least what keeps the stack aligned to 16 bytes: to 8 is nothing.
    if (target.getTargetTriple().isX86())
        module_->setOverrideStackAlignment(8);
    module_->addModuleFlag(llvm::Module::Warning, "Debug Info Version", llvm::DEBUG_METADATA_VERSION);
    debug_.createCompileUnit(llvm::dwarf::DW_LANG_C, debug_file_, "", true, "", 0, "",
                             llvm::DICompileUnit::LineTablesOnly);

    const auto bitcode = processor_of(options.cpu).numeric_bitcode();
    auto buffer = llvm::MemoryBuffer::getMemBuffer({bitcode.data(), bitcode.size()}, "numeric", true);
    auto lazy = llvm::getOwningLazyBitcodeModule(std::move(buffer), *context_);
    TRELLIS_CHECK(bool(lazy));
    numeric_ = std::move(*lazy);
    numeric_->setTargetTriple(module_->getTargetTriple());
    numeric_->setDataLayout(module_->getDataLayout());
    for (auto& function : *numeric_)
        if (auto name = name_of_mangled(function.getName()); !name.empty())
            numeric_by_name_[std::move(name)] = &function;
}

llvm::Type* LlvmModule::type(ValType type)
{
    switch (type.kind()) {
    case Kind::i32:
        return llvm::Type::getInt32Ty(*context_);
    case Kind::f32:
        return llvm::Type::getFloatTy(*context_);
    case Kind::f64:
        return llvm::Type::getDoubleTy(*context_);
    case Kind::v128:
        return llvm::FixedVectorType::get(llvm::Type::getInt8Ty(*context_), 16);
    default:
        return word();
    }
}

llvm::FunctionType* LlvmModule::type(const FuncType& function)
{
    std::vector<llvm::Type*> parameters = {pointer()}, results;
    for (const auto one : function.params)
        parameters.push_back(type(one));
    for (const auto one : function.results)
        results.push_back(type(one));
    if (!returns_directly(function)) {
        parameters.push_back(pointer());
        results.clear();
    }
    auto* const result = results.empty()       ? llvm::Type::getVoidTy(*context_)
                         : results.size() == 1 ? results.front()
                                               : llvm::StructType::get(*context_, results);
    return llvm::FunctionType::get(result, parameters, false);
}

void LlvmModule::set_attributes(llvm::Function& function)
{
    function.setUWTableKind(llvm::UWTableKind::Sync);
    function.addFnAttr("frame-pointer", "all");
    function.addFnAttr("probe-stack", "inline-asm");
    function.addFnAttr("target-cpu", cpu_);
    if (!cpu_features_.empty())
        function.addFnAttr("target-features", cpu_features_);
    function.addFnAttr("no-builtins");
    function.addFnAttr("disable-tail-calls", "true"); // a frame that is gone neither exhausts the stack nor is seen
}

llvm::Function* LlvmModule::make_function(llvm::FunctionType* type, const std::string& name)
{
    auto* const function = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, name, *module_);
    set_attributes(*function);
    function->setVisibility(llvm::GlobalValue::HiddenVisibility);
    return function;
}

llvm::Constant* LlvmModule::personality()
{
    auto* const type = llvm::Type::getInt32Ty(*context_);
    return llvm::cast<llvm::Constant>(module_->getOrInsertFunction("personality", type).getCallee());
}

llvm::Function* LlvmModule::function(FuncIndex index)
{
    const auto name = function_name(number(index) - wasm_.imported_functions);
    if (auto* const known = module_->getFunction(name))
        return known;
    auto* const made = make_function(type(wasm_.type_of(index)), name);
    made->setCallingConv(llvm::CallingConv::Tail);
    // Its words can be read early.
    made->addParamAttr(0, llvm::Attribute::getWithDereferenceableBytes(*context_, sizeof(native::Context)));
    made->addParamAttr(0, llvm::Attribute::getWithAlignment(*context_, llvm::Align(alignof(native::Context))));
    return made;
}

bool LlvmModule::has_body(FuncIndex index) const
{
    return !options_.only ||
           std::ranges::binary_search(options_.only->functions, number(index) - wasm_.imported_functions);
}

llvm::Function* LlvmModule::stub(FuncIndex index)
{
    const auto name = format("s{}", number(index));
    if (auto* const known = module_->getFunction(name))
        return known;
    auto* const made = make_function(type(wasm_.type_of(index)), name);
    made->setCallingConv(llvm::CallingConv::Tail);
    make_stub(*this, *made, index);
    return made;
}

llvm::Function* LlvmModule::function_at(FuncIndex index, std::uint32_t loop)
{
    const auto type =
        llvm::FunctionType::get(llvm::Type::getVoidTy(*context_), {pointer(), pointer(), pointer()}, false);
    return make_function(type, loop_name({number(index) - wasm_.imported_functions, loop}));
}

llvm::Function* LlvmModule::numeric(std::string_view name)
{
    const auto found = numeric_by_name_.find(std::string(name));
    TRELLIS_CHECK(found != numeric_by_name_.end());
    auto* const there = found->second;
    if (auto* const known = module_->getFunction(there->getName()))
        return known;
    auto* const declared = llvm::Function::Create(there->getFunctionType(), llvm::GlobalValue::ExternalLinkage,
                                                  there->getName(), *module_);
    declared->setAttributes(there->getAttributes());
    return declared;
}

llvm::DISubprogram* LlvmModule::debug_scope(llvm::Function& function)
{
    auto* const type = debug_.createSubroutineType(debug_.getOrCreateTypeArray({}));
    return debug_.createFunction(debug_file_, function.getName(), "", debug_file_, 0, type, 0, llvm::DINode::FlagZero,
                                 llvm::DISubprogram::SPFlagDefinition);
}

void LlvmModule::finish()
{
    debug_.finalize();
    std::vector<std::string> used;
    for (const auto& [name, function] : numeric_by_name_)
        if (module_->getFunction(function->getName()))
            used.push_back(function->getName().str());
    if (used.empty())
        return;
    if (auto* const table = numeric_->getNamedGlobal("llvm.compiler.used"))
        table->eraseFromParent();
    TRELLIS_CHECK(!llvm::Linker::linkModules(*module_, std::move(numeric_), llvm::Linker::Flags::LinkOnlyNeeded));
    for (auto& function : *module_) {
        if (name_of_mangled(function.getName()).empty() || function.isDeclaration())
            continue;
        function.setAttributes({});
        set_attributes(function);
        function.addFnAttr(llvm::Attribute::AlwaysInline);
        function.setLinkage(llvm::GlobalValue::InternalLinkage);
        function.setComdat(nullptr);
    }
}

} // namespace trellis::wasm::compiler
