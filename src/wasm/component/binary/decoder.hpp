// Bytes to Component: the binary format's sections, nested components and core modules included. Linear time; memory
// bounded by a small multiple of the input; nesting bounded. Every error has the offset in the whole file.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md
#pragma once

#include "base/result.hpp"
#include "wasm/component/syntax/component.hpp"

namespace trellis::wasm::component {

/// Core modules are decoded, too, and share the bytes. Nothing is validated yet. Errors: malformed, limit; invalid for
/// what the official suites call that.
Result<std::shared_ptr<Component>> decode_component(SharedBytes binary);

/// Whether the bytes begin as a component does, and not as a core module.
bool is_binary_component(Bytes bytes);

} // namespace trellis::wasm::component
