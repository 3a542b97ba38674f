// Functions that the program defines: a core function each, which lifts its arguments, calls the program's C function
// and lowers the result. Asynchronous ones return a code of what to wait for, come back through a callback, and give
// their result whenever they have it, by NAME_return.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#canon-lift
#pragma once

#include "wasm/component/bindgen/bindings.hpp"

namespace trellis::wasm::component::bindgen {

void add_export(Bindings& bindings, const wit::Function& function, ScopeId scope);

} // namespace trellis::wasm::component::bindgen
