// Any bytes: the loader answers with a module or a located error, never anything else; and what it accepts, walks.
#include "wasm/binary/name_section.hpp"
#include "wasm/validation/custom_section_check.hpp"
#include "wasm/validation/sink_contract.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace trellis;
    using namespace trellis::wasm;
    static TypeRegistry registry;
    const SharedBytes bytes = SharedBytes::copy_of({data, size});
    const Features features = size % 2 == 0 ? Features::all() : Features::standard();
    const auto module = load_module(bytes, registry, features);
    if (!module.has_value()) {
        const Error& error = module.error();
        TRELLIS_CHECK(error.code == ErrorCode::malformed || error.code == ErrorCode::invalid ||
                      error.code == ErrorCode::limit);
        TRELLIS_CHECK(!error.message.empty() && error.offset && *error.offset <= size);
        return 0;
    }
    check_sink_contract(**module);
    static_cast<void>(check_custom_sections(**module).has_value());
    for (std::uint32_t i = 0; i < std::min<std::size_t>((*module)->function_types.size(), 4); ++i)
        static_cast<void>(function_name(**module, static_cast<FuncIndex>(i)));
    return 0;
}
