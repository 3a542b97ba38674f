// Streams and futures in C: a number for the readable end, another for the writable one, and for each type the
// functions that make, read, write, cancel and drop them. The component learns a type by a function in whose signature
// it stands: the imports are called after that function, and counted in it.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#-canon-streamfuturenew
#pragma once

#include "wasm/component/bindgen/bindings.hpp"

namespace trellis::wasm::component::bindgen {

/// For the streams and futures of a function's type that have none yet.
void add_streams(Bindings& bindings, const wit::Function& function, ScopeId scope, bool is_export);

} // namespace trellis::wasm::component::bindgen
