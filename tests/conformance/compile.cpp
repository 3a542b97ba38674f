#include "wasm/compiler/compiler.hpp"

#include "conformance/code.hpp"

namespace trellis::conformance {

Result<wasm::native::CompiledModule> compile(const wasm::Module& module, bool checked)
{
    return wasm::compiler::compile(module, {.guarded_memory0 = !checked});
}

Result<wasm::native::CompiledModule> compile_for(const wasm::Module& module, const std::string& cpu)
{
    return wasm::compiler::compile(module, {.guarded_memory0 = false, .cpu = cpu});
}

} // namespace trellis::conformance
