// Any text that is WIT: every world of it becomes C or a refusal, and the same twice.
#include "base/check.hpp"
#include "wasm/component/bindgen/c_generator.hpp"
#include "wasm/component/wit/resolver.hpp"

using namespace trellis;
using namespace trellis::wasm::component;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto model =
        wit::resolve({.root = {{"a.wit", text}}, .dependencies = {}}, {.features = {}, .all_features = true});
    if (!model)
        return 0;
    for (std::uint32_t i = 0; i < model->worlds.size(); ++i) {
        const auto once = bindgen::generate_c(*model, wit::WorldId{i});
        const auto again = bindgen::generate_c(*model, wit::WorldId{i});
        TRELLIS_CHECK(once.has_value() == again.has_value());
        TRELLIS_CHECK(!once || (once->header == again->header && once->source == again->source));
    }
    return 0;
}
