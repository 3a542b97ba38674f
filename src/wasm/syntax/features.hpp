// Which parts of WebAssembly an engine accepts: run-time values, checked by decoder and validator. The default is
// WebAssembly 3.0 and the finished proposals; legacy exceptions are off unless asked for.
#pragma once

#include <cstdint>
#include <string_view>

namespace trellis::wasm {

enum class Feature : std::uint8_t {
    mvp,
    sign_extension,
    saturating_conversion,
    bulk_memory,
    reference_types,
    multi_value,
    simd,
    relaxed_simd,
    tail_call,
    extended_const,
    function_references,
    gc,
    exceptions,
    multi_memory,
    memory64,
    threads,
    custom_page_sizes,
    wide_arithmetic,
    legacy_exceptions,
    count_,
};

/// A set of features; a plain value.
class Features {
public:
    [[nodiscard]] constexpr bool has(Feature feature) const { return (bits_ >> static_cast<unsigned>(feature)) & 1; }
    [[nodiscard]] constexpr Features with(Feature feature) const { return Features(bits_ | bit(feature)); }
    [[nodiscard]] constexpr Features without(Feature feature) const { return Features(bits_ & ~bit(feature)); }
    friend constexpr bool operator==(Features, Features) = default;

    /// WebAssembly 3.0 with threads, custom page sizes and wide arithmetic.
    static constexpr Features standard() { return all().without(Feature::legacy_exceptions); }
    static constexpr Features all() { return Features((1u << static_cast<unsigned>(Feature::count_)) - 1); }

private:
    constexpr explicit Features(std::uint32_t bits) : bits_(bits) {}
    static constexpr std::uint32_t bit(Feature feature) { return 1u << static_cast<unsigned>(feature); }

    std::uint32_t bits_;
};

/// The name of a feature as people write it: "relaxed-simd".
std::string_view name_of(Feature feature);

} // namespace trellis::wasm
