// Text must never crash the resolver or the printer; and what was printed once must resolve to a model that prints the
// same. A second file may follow behind a zero byte, which no file can contain.
#include "base/check.hpp"
#include "wasm/component/wit/printer.hpp"
#include "wasm/component/wit/resolver.hpp"

using namespace trellis;
using namespace trellis::wasm::component::wit;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto middle = text.find('\0');
    Input input;
    input.root.push_back({"a.wit", std::string(text.substr(0, middle))});
    if (middle != std::string_view::npos)
        input.dependencies.push_back({{"b.wit", std::string(text.substr(middle + 1))}});
    const ResolveOptions options = {.features = {"a"}};
    const auto model = resolve(input, options);
    if (!model)
        return 0;
    const auto printed = print(*model);
    const auto again = resolve({.root = {{"c.wit", printed}}, .dependencies = {}}, options);
    TRELLIS_CHECK(again.has_value());
    TRELLIS_CHECK(print(*again) == printed);
    return 0;
}
