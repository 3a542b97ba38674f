#include "wasm/syntax/features.hpp"

#include <array>

namespace trellis::wasm {

std::string_view name_of(Feature feature)
{
    static constexpr std::array<std::string_view, static_cast<std::size_t>(Feature::count_)> names = {
        "mvp",
        "sign-extension",
        "saturating-conversion",
        "bulk-memory",
        "reference-types",
        "multi-value",
        "simd",
        "relaxed-simd",
        "tail-call",
        "extended-const",
        "function-references",
        "gc",
        "exceptions",
        "multi-memory",
        "memory64",
        "threads",
        "custom-page-sizes",
        "wide-arithmetic",
        "legacy-exceptions",
    };
    return names[static_cast<std::size_t>(feature)];
}

} // namespace trellis::wasm
