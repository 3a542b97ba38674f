// Compiles a module with LLVM. Thread-safe; knows neither files nor the interpreter.
#pragma once

#include "wasm/native/image.hpp"

namespace trellis::wasm::compiler {

/// What code is made for; part of its identity.
struct Options {
    bool guarded_memory0 = true; ///< memory 0 is guarded (execution/memory.hpp); matters for 32-bit memories only
    bool fuel = false;           ///< code counts fuel as StoreLimits::fuel says
    unsigned threads = 0;        ///< 0: as many as there are processors
    std::string cpu = "";        ///< a name of native/artifact.hpp; empty: this machine's
    std::string dump_ir = "";    ///< for people who work on the compiler: "raw" or "optimised" goes to standard error
};

/// Errors: unsupported (names the instruction), limit.
Result<native::CompiledModule> compile(const Module& module, const Options& options = {});

} // namespace trellis::wasm::compiler
