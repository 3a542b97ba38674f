#include "wasm/compiler/library.hpp"

const char trellis_compiler_version[] = TRELLIS_VERSION;

void trellis_compile(const trellis::wasm::Module& module, const trellis::wasm::compiler::Options& options,
                     trellis::Result<trellis::wasm::native::CompiledModule>& result)
{
    result = trellis::wasm::compiler::compile(module, options);
}
