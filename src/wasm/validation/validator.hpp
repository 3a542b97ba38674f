// Validation: one walk over a module and each function body, with a pluggable sink. At load it runs with a sink that
// does nothing; on a function's first call it runs again with the sink that emits a tier's code. So validation knows no
// tier, and a tier never type-checks.
// https://webassembly.github.io/spec/core/valid/index.html
#pragma once

#include "base/result.hpp"
#include "wasm/syntax/module.hpp"
#include "wasm/syntax/type_registry.hpp"

namespace trellis::wasm {

/// Whether function bodies have to be checked: not where the module comes with code that was compiled of exactly it, by
/// somebody who is trusted as far as that code.
enum class Bodies : std::uint8_t { check, vouched_for };

/// Checks everything, function bodies too (in parallel when the module is large), and fills in canonical_types and
/// declared_functions. Errors: malformed (in a body), invalid, limit; with offset and the specification's
/// words.
Result<> validate_module(Module& module, TypeRegistry& registry, Bodies bodies = Bodies::check);

/// decode_module, validate_module, ready to share.
Result<std::shared_ptr<const Module>> load_module(SharedBytes binary, TypeRegistry& registry,
                                                  Features features = Features::standard(),
                                                  Bodies bodies = Bodies::check);

} // namespace trellis::wasm
