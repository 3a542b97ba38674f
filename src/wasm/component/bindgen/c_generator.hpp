// A world as C: WORLD.h with the types and functions a program sees, WORLD.c with what connects them to the canonical
// ABI. The same model gives the same bytes. The text depends on nothing but a C compiler for WebAssembly with its
// library.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "wasm/component/wit/model.hpp"

#include <map>
#include <set>
#include <string>

namespace trellis::wasm::component::bindgen {

struct COptions {
    /// The world in the component model's binary format, for the custom section from which a component is made; empty:
    /// the source has no such section.
    Bytes component_type = {};
    /// Interfaces, as the component names them, and what names in C begin with instead: {"wasi:cli/stdout", "out"}.
    std::map<std::string, std::string, std::less<>> renames = {};
    /// Functions ("run", "wasi:cli/run#run") that are asynchronous in C, or not, whatever WIT says.
    std::set<std::string, std::less<>> asynchronous = {}, synchronous = {};
};

struct CBindings {
    std::string name; ///< of both files, without .h and .c
    std::string header;
    std::string source;
};

/// Errors: limit, if it would be too much code; invalid, for types that can't be passed.
Result<CBindings> generate_c(const wit::Model& model, wit::WorldId world, const COptions& options = {});

} // namespace trellis::wasm::component::bindgen
