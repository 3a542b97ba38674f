#include "sandbox/wasi/adapter/wasi_adapter.hpp"

#include "base/check.hpp"
#include "sandbox/wasi/adapter/embedded.hpp"
#include "wasm/binary/decoder.hpp"
#include "wasm/component/encoding/embed.hpp"
#include "wasm/component/wit/resolver.hpp"

#include <algorithm>

namespace trellis::sandbox {
namespace {

using namespace wasm::component;

bool is_command(const wasm::Module& module)
{
    return std::ranges::any_of(module.exports, [](const wasm::Export& item) {
        return item.name == "_start" && item.kind == wasm::ExternKind::func;
    });
}

Result<wit::Model> worlds()
{
    const auto bytes = wasi_adapter::wit;
    return wit::resolve(
        {.root = {{.path = "adapter.wit", .text = std::string(bytes.begin(), bytes.end())}}, .dependencies = {}});
}

} // namespace

bool imports_wasi(const wasm::Module& module)
{
    return std::ranges::any_of(module.imports,
                               [](const wasm::Import& import) { return import.module == wasi_adapter_name; });
}

Result<wasm::Module> wasi_adapter_for(const wasm::Module& module, bool exit_codes)
{
    const auto model = TRELLIS_TRY(worlds());
    const auto world = model.find_world(is_command(module) ? "command" : "reactor");
    TRELLIS_CHECK(world);
    const auto binary = exit_codes ? wasi_adapter::module_with_exit_codes : wasi_adapter::module;
    return wasm::decode_module(SharedBytes::copy_of(encoding::embed_world(binary, model, *world)));
}

} // namespace trellis::sandbox
