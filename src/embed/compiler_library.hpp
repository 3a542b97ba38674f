// Opens the compiler when it is needed for the first time. Any thread.
#pragma once

#include "base/result.hpp"
#include "wasm/syntax/module.hpp"
#include "wasm/syntax/type_registry.hpp"

#include <vector>

namespace trellis::embed {

/// Compiles for this processor and attaches the code to the module. Errors: not_found (the compiler is not installed),
/// unsupported (names the instruction), limit.
Result<> compile(const wasm::Module& module);

/// An artifact for processors of that kind: "x86-64-v2", "x86-64-v3", "x86-64-v4". Errors: the same.
Result<std::vector<std::uint8_t>> compile_artifact(const wasm::Module& module, std::string_view cpu);

/// The module of an artifact, with its code. Errors: malformed, unsupported (another version or processor).
Result<std::shared_ptr<const wasm::Module>> load_artifact(Bytes file, wasm::TypeRegistry& registry,
                                                          wasm::Features features);

} // namespace trellis::embed
