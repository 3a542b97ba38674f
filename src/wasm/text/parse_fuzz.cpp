// Text, or a binary module, must never crash the parser or the printer; and what was printed once must parse to a
// module that prints the same.
#include "base/check.hpp"
#include "wasm/binary/decoder.hpp"
#include "wasm/text/custom_annotation.hpp"
#include "wasm/text/text.hpp"

using namespace trellis;
using namespace trellis::wasm;

namespace {

std::string print_again(std::string_view text)
{
    const auto binary = parse_text(text, {.features = Features::all()});
    TRELLIS_CHECK(binary.has_value());
    const auto module = decode_module(*binary, Features::all());
    TRELLIS_CHECK(module.has_value());
    auto again = print_text(*module);
    TRELLIS_CHECK(again.has_value());
    return std::move(*again);
}

/// Without the places of custom sections: they are told by the section before, and an empty one is not kept.
std::string without_places(std::string text)
{
    std::vector<std::string> places = {"(before first)", "(after last)"};
    for (const auto& row : section_rows)
        places.push_back("(after " + std::string(row.name) + ")");
    for (const auto& place : places)
        for (auto at = text.find(place); at != std::string::npos; at = text.find(place, at))
            text.erase(at, place.size());
    return text;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    SharedBytes binary;
    if (is_binary_module({data, size})) {
        binary = SharedBytes::copy_of({data, size});
    } else {
        (void)parse_text(text, {.check_annotations = true});
        auto parsed = parse_text(text, {.features = Features::all()});
        if (!parsed)
            return 0;
        binary = std::move(*parsed);
    }
    const auto module = decode_module(std::move(binary), Features::all());
    if (!module)
        return 0;
    const auto printed = print_text(*module);
    if (printed)
        TRELLIS_CHECK(without_places(print_again(*printed)) == without_places(*printed));
    return 0;
}
