// Bytes must never crash the decoder or the validator of components, nor take them long; and what is valid once is
// valid again.
#include "base/check.hpp"
#include "wasm/component/validation/validator.hpp"

using namespace trellis;
using namespace trellis::wasm;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static TypeRegistry registry;
    const Bytes bytes(data, size);
    const auto loaded = component::load_component(SharedBytes::copy_of(bytes), registry);
    if (loaded)
        TRELLIS_CHECK(component::load_component(SharedBytes::copy_of(bytes), registry).has_value());
    return 0;
}
