// Opens the compiler when it is needed for the first time. Any thread.
#pragma once

#include "base/result.hpp"
#include "wasm/compiler/compiler.hpp"
#include "wasm/syntax/module.hpp"

#include <vector>

namespace trellis::embed {

/// How compiled code reaches a module's 32-bit memory 0: guarded, by the system's protection of 8 GiB of address space;
/// checked, by a comparison at each access.
enum class MemoryMode : std::uint8_t { guarded, checked };

/// What code does beside what the module says.
struct CodeWishes {
    bool fuel = false;          ///< counts it, as StoreLimits::fuel says
    bool deterministic = false; ///< as StoreLimits::deterministic says
};

/// Guarded, unless the module has a memory for which there is not so much address space now.
MemoryMode best_memory_mode(const wasm::Module& module);

/// Whether the compiler is installed; does not open it.
bool has_compiler();

/// wasm::compiler::compile. Errors: not_found (the compiler is not installed), and its own.
Result<wasm::native::CompiledModule> compile_with(const wasm::Module& module, const wasm::compiler::Options& options);

/// Code for this processor, by so many threads (0: as many as there are processors). Errors: not_found (the compiler is
/// not installed), unsupported (names the instruction), limit.
Result<wasm::native::CompiledModule> compile(const wasm::Module& module, MemoryMode memory, CodeWishes wishes,
                                             unsigned threads = 0);

/// An artifact for processors of that kind: "x86-64-v2", "x86-64-v3", "x86-64-v4", "aarch64" (checked
/// only). Errors: the same.
Result<std::vector<std::uint8_t>> compile_artifact(const wasm::Module& module, std::string_view cpu, MemoryMode memory,
                                                   CodeWishes wishes, wasm::compiler::Progress progress = {});

} // namespace trellis::embed
