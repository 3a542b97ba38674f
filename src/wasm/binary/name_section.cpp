#include "wasm/binary/name_section.hpp"

#include "wasm/binary/cursor.hpp"

namespace trellis::wasm {

namespace {

constexpr std::uint8_t function_names = 1;

std::string_view find_in_map(Cursor cursor, std::uint32_t index)
{
    const std::uint32_t count = cursor.length();
    for (std::uint32_t i = 0; i < count && cursor.ok(); ++i) {
        const std::uint32_t candidate = cursor.u32();
        const std::string_view name = cursor.name();
        if (cursor.ok() && candidate == index)
            return name;
    }
    return {};
}

std::string_view find_in_section(Cursor cursor, std::uint32_t index)
{
    while (cursor.ok() && !cursor.at_end()) {
        const std::uint8_t id = cursor.byte();
        const std::uint32_t size = cursor.length();
        if (id == function_names)
            return find_in_map(cursor, index);
        cursor.take(size);
    }
    return {};
}

} // namespace

std::string_view function_name(const Module& module, FuncIndex function)
{
    for (const CustomSection& section : module.custom_sections) {
        if (section.name != "name")
            continue;
        const auto name = find_in_section(Cursor(module.binary.view(), section.contents), number(function));
        if (!name.empty())
            return name;
    }
    for (const Export& item : module.exports) {
        if (item.kind == ExternKind::func && item.index == number(function))
            return item.name;
    }
    return {};
}

} // namespace trellis::wasm
