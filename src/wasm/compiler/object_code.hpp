// From an LLVM module to code: optimisation, machine code, and what the object file says.
#pragma once

#include "wasm/compiler/llvm_module.hpp"

namespace trellis::wasm::compiler {

/// A machine to compile for. Errors: unsupported (LLVM does not know it).
Result<std::unique_ptr<llvm::TargetMachine>> make_target(const Options& options);

/// `version_loops`: see loops.hpp.
void optimise(llvm::Module& module, llvm::TargetMachine& target, bool version_loops);

/// The module as an object file (ELF).
std::vector<char> emit_object(llvm::Module& module, llvm::TargetMachine& target);

/// Puts object files together. Errors: unsupported (a relocation that needs work when loading), limit (too much code).
Result<native::CompiledModule> link(const Module& module, const Options& options,
                                    std::span<const std::vector<char>> objects);

} // namespace trellis::wasm::compiler
