// Bytes to Module: the binary format's sections. Function bodies are located, not read. Linear time; memory bounded by
// a small multiple of the input. Every error has the offset and the specification's words.
// https://webassembly.github.io/spec/core/binary/modules.html
#pragma once

#include "base/result.hpp"
#include "wasm/syntax/module.hpp"

namespace trellis::wasm {

/// Errors: malformed, or limit (syntax/implementation_limits.hpp). Unsupported is never used: a switched-off feature is
/// malformed or invalid, as the specification of the time had it.
Result<Module> decode_module(SharedBytes binary, Features features = Features::standard());

/// Whether the bytes begin with WebAssembly's magic number.
bool is_binary_module(Bytes bytes);

} // namespace trellis::wasm
