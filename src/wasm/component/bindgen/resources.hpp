// A resource in C: its handles as structs of one number, and the functions that drop, make and look into them. An
// exported resource is a struct of the program's own, and a borrow of it is a pointer to that.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#canon-resourcenew
#pragma once

#include "wasm/component/bindgen/bindings.hpp"

namespace trellis::wasm::component::bindgen {

/// Of a resource that has got its name just now.
void define_resource(Bindings& bindings, const Typed& resource);

} // namespace trellis::wasm::component::bindgen
