// The adapter that makes WASI 0.1 of WASI 0.2: a core module that answers what a program imports from
// wasi_snapshot_preview1, to be put into a component beside it (wasm/component/encoding). It is written in C and part
// of this program. Thread-safe.
#pragma once

#include "base/result.hpp"
#include "wasm/syntax/module.hpp"

namespace trellis::sandbox {

/// The name that programs import from, and that an adapter answers.
inline constexpr std::string_view wasi_adapter_name = "wasi_snapshot_preview1";

/// Whether a module imports WASI 0.1.
bool imports_wasi(const wasm::Module& module);

/// The adapter for this module, its world inside: wasi:cli's `run` calls a `_start`, if the module has one. With exit
/// codes a host has to have what wasi:cli calls `exit-with-code`; without them there are success and failure.
Result<wasm::Module> wasi_adapter_for(const wasm::Module& module, bool exit_codes);

} // namespace trellis::sandbox
