#include "wasm/compiler/library.hpp"

#include "wasm/native/build_identity.hpp"

const char* trellis_compiler_build()
{
    return trellis::wasm::native::build_identity;
}

void trellis_compile(const trellis::wasm::Module& module, const trellis::wasm::compiler::Options& options,
                     trellis::Result<trellis::wasm::native::CompiledModule>& result)
{
    result = trellis::wasm::compiler::compile(module, options);
}
