// What the translation of all functions in one LLVM module shares: LLVM's types for WebAssembly's, declarations made
// once, and the numeric functions. One thread.
#pragma once

#include "wasm/compiler/compiler.hpp"

#include <llvm/IR/DIBuilder.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>
#include <llvm/Target/TargetMachine.h>

#include <unordered_map>

namespace trellis::wasm::compiler {

/// Words of native::Context.
enum class ContextWord : std::uint32_t {};

class LlvmModule {
public:
    LlvmModule(const Module& module, const Options& options, llvm::TargetMachine& target);

    [[nodiscard]] const Module& wasm() const { return wasm_; }
    [[nodiscard]] const Options& options() const { return options_; }
    [[nodiscard]] llvm::LLVMContext& context() { return *context_; }
    [[nodiscard]] llvm::Module& llvm() { return *module_; }

    [[nodiscard]] llvm::Type* type(ValType type);
    [[nodiscard]] llvm::IntegerType* word() { return llvm::Type::getInt64Ty(*context_); }
    [[nodiscard]] llvm::PointerType* pointer() { return llvm::PointerType::getUnqual(*context_); }
    /// Of compiled code; see native/context.hpp.
    [[nodiscard]] llvm::FunctionType* type(const FuncType& type);
    [[nodiscard]] static bool returns_directly(const FuncType& type)
    {
        return type.results.size() <= native::most_direct_results;
    }

    /// Of a defined function; its body may be in another module.
    llvm::Function* function(FuncIndex index);
    /// Whether its body is made here, or in another part of the same code.
    [[nodiscard]] bool has_body(FuncIndex index) const;
    /// Stands for a function that may not be compiled: has another tier call it.
    llvm::Function* stub(FuncIndex index);
    /// The function entered at a loop.
    llvm::Function* function_at(FuncIndex index, std::uint32_t loop);
    /// What a function with landing pads names; nothing calls it: native/unwind does its work.
    llvm::Constant* personality();
    /// A new function with the attributes that compiled code has.
    llvm::Function* make_function(llvm::FunctionType* type, const std::string& name);
    /// The numeric function of that name.
    llvm::Function* numeric(std::string_view name);
    /// A scope for the debug locations of a function.
    llvm::DISubprogram* debug_scope(llvm::Function& function);
    /// Brings in the bodies of the numeric functions that are used, and ends debug information.
    void finish();

    [[nodiscard]] llvm::MDNode* invariant() { return llvm::MDNode::get(*context_, {}); }

private:
    void set_attributes(llvm::Function& function);

    const Module& wasm_;
    const Options& options_;
    std::unique_ptr<llvm::LLVMContext> context_;
    std::unique_ptr<llvm::Module> module_;
    std::unique_ptr<llvm::Module> numeric_;
    std::unordered_map<std::string, llvm::Function*> numeric_by_name_; ///< in numeric_
    llvm::DIBuilder debug_;
    llvm::DIFile* debug_file_;
    std::string cpu_, cpu_features_;
};

/// Where results go that are not returned directly.
inline llvm::Argument* last_argument(llvm::Function& function)
{
    return function.getArg(static_cast<unsigned>(function.arg_size() - 1));
}

/// Names of what compiled code consists of, in object files.
std::string function_name(std::uint32_t defined);
std::string loop_name(const LoopEntry& entry);
std::string wrapper_name(std::uint32_t type);
std::string adapter_name(std::uint32_t type);

} // namespace trellis::wasm::compiler
