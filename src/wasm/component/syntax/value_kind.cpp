#include "wasm/component/syntax/value_kind.hpp"

#include <array>

namespace trellis::wasm::component {

std::string_view name_of(ValueKind kind)
{
    constexpr std::array<std::string_view, 28> names = {
        "bool", "s8",     "u8",     "s16",           "u16",    "s32",     "u32",    "s64",  "u64",   "f32",
        "f64",  "char",   "string", "error-context", "record", "variant", "list",   "list", "tuple", "flags",
        "enum", "option", "result", "own",           "borrow", "stream",  "future", "map",
    };
    return names[static_cast<std::size_t>(kind)];
}

} // namespace trellis::wasm::component
