// The compiler as a shared object, which the program opens when something has to be compiled: loading LLVM takes longer
// than running most programs. Both are of one build: `trellis_compiler_build` says of which.
#pragma once

#include "wasm/compiler/compiler.hpp"

extern "C" {
const char* trellis_compiler_build();
/// Compiles; `result` is written over.
void trellis_compile(const trellis::wasm::Module& module, const trellis::wasm::compiler::Options& options,
                     trellis::Result<trellis::wasm::native::CompiledModule>& result);
}
