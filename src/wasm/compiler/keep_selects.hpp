// LLVM takes a choice between a float and a constant by their order for a minimum or maximum, and where the processor
// has one that gives the constant for a NaN, uses it. On aarch64 that one (fmaxnm, fminnm) makes a quiet NaN of a
// signalling one instead, so there such choices are hidden from it.
#pragma once

#include <llvm/IR/Module.h>

namespace trellis::wasm::compiler {

/// Behind all optimisation.
void keep_selects(llvm::Module& module);

} // namespace trellis::wasm::compiler
