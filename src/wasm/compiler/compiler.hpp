// Compiles a module with LLVM. Thread-safe; knows neither files nor the interpreter.
#pragma once

#include "wasm/native/image.hpp"

#include <functional>

namespace trellis::wasm::compiler {

/// A way into the middle of a function; see native::CompiledModule::LoopEntry.
struct LoopEntry {
    std::uint32_t function; ///< defined
    std::uint32_t loop;     ///< offset of the loop instruction in the module's binary
};

/// Some functions of a module. What they call of the others goes through Context::compiled.
struct Selection {
    std::vector<std::uint32_t> functions; ///< defined; sorted
    std::vector<LoopEntry> loops;         ///< of functions among them
    bool with_types = false;              ///< wrappers and adapters of all types too
};

/// Bytes of code that are compiled, and how many there are. Called by any thread, by one at a time.
using Progress = std::function<void(std::uint64_t done, std::uint64_t all)>;

/// What code is made for; part of its identity.
struct Options {
    bool guarded_memory0 = true; ///< memory 0 is guarded (execution/memory.hpp); matters for 32-bit memories only
    bool fuel = false;           ///< code counts fuel as StoreLimits::fuel says
    bool deterministic = false;  ///< NaNs that instructions generate are canonical (StoreLimits::deterministic)
    unsigned threads = 0;        ///< 0: as many as there are processors
    std::string cpu = "";        ///< a name of native/artifact.hpp; empty: this machine's
    std::optional<Selection> only = {};
    Progress progress = {};   ///< may be empty
    std::string dump_ir = ""; ///< for people who work on the compiler: "raw" or "optimised" goes to standard error
};

/// Errors: unsupported (names the instruction), limit.
Result<native::CompiledModule> compile(const Module& module, const Options& options = {});

} // namespace trellis::wasm::compiler
