// Where the code of a script's modules comes from: compiled on the spot, or artifacts that another run has written, in
// a folder, by what the module is. So what one machine has compiled runs on another.
#pragma once

#include "base/result.hpp"
#include "wasm/execution/store.hpp"
#include "wasm/native/image.hpp"

#include <string>

namespace trellis::conformance {

/// For this machine. Errors: unsupported (there is no compiler in this build).
Result<wasm::native::CompiledModule> compile(const wasm::Module& module, bool checked);
/// For another: a name of native/artifact.hpp; memory is checked.
Result<wasm::native::CompiledModule> compile_for(const wasm::Module& module, const std::string& cpu);

/// Of each module one half of the functions is compiled, 0 or 1; mix.cpp. Its instances can't be made where there is no
/// compiler.
const wasm::Tier& mixed_tier(unsigned half);

/// Compiles modules when instances of them are made.
const wasm::Tier& compiling_tier();

/// Attaches what compile() gives.
Result<> compile_and_attach(const wasm::Module& module, bool checked);
/// Writes what compile_for() gives, unless it is there.
Result<> write_artifact(const wasm::Module& module, const std::string& cpu, const std::string& folder);
/// Attaches what is there.
Result<> attach_artifact(const wasm::Module& module, const std::string& folder);

} // namespace trellis::conformance
