// Functions that the program calls: a C function each, which lowers its arguments, calls the import and hands on what
// comes back. Asynchronous ones return at once with the status of a subtask.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#canon-lower
#pragma once

#include "wasm/component/bindgen/bindings.hpp"

namespace trellis::wasm::component::bindgen {

void add_import(Bindings& bindings, const wit::Function& function, ScopeId scope);

} // namespace trellis::wasm::component::bindgen
