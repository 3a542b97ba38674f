// The types of C: each WIT type as a struct whose layout in memory is the one that the canonical ABI defines, and with
// it the function that frees what a value owns. So lists, results and long parameter lists pass without a copy.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#alignment
#pragma once

#include "wasm/component/bindgen/bindings.hpp"

namespace trellis::wasm::component::bindgen {

/// Defines what is not defined yet of an interface's types and of what its functions mention.
void define_types(Bindings& bindings, ScopeId scope);
/// The same for what stands in the world itself: types, or what a function mentions.
void define_type(Bindings& bindings, const Typed& typed);
void define_types_of(Bindings& bindings, const wit::Function& function, ScopeId scope);
/// After the imports: exports that use an imported interface's types call them what the import does.
void keep_types_for_exports(Bindings& bindings);

/// `SPACE_free(pointer);`, or nothing if such a value owns no memory.
std::string free_call(const Bindings& bindings, const Typed& typed, std::string_view pointer);

} // namespace trellis::wasm::component::bindgen
