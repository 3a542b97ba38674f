// The kinds of value types, and which of them are primitive.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#type-definitions
#pragma once

#include <cstdint>
#include <string_view>

namespace trellis::wasm::component {

/// Primitive ones first, in the order of their binary codes from 0x7f down (error-context, 0x64, last).
enum class ValueKind : std::uint8_t {
    bool_,
    s8,
    u8,
    s16,
    u16,
    s32,
    u32,
    s64,
    u64,
    f32,
    f64,
    char_,
    string,
    error_context,
    record,
    variant,
    list,
    fixed_list, ///< a list of a length that the type says
    tuple,
    flags,
    enum_,
    option,
    result,
    own,
    borrow,
    stream,
    future,
    map,
};

inline constexpr std::uint32_t primitive_kinds = 14;

constexpr bool is_primitive(ValueKind kind)
{
    return static_cast<std::uint32_t>(kind) < primitive_kinds;
}

/// As the text format has it: "u32", "error-context".
std::string_view name_of(ValueKind kind);

} // namespace trellis::wasm::component
