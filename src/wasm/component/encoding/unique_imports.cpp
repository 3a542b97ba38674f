#include "wasm/component/encoding/unique_imports.hpp"

#include "wasm/binary/writer.hpp"

#include <array>
#include <set>
#include <string>

namespace trellis::wasm::component::encoding {
namespace {

constexpr std::string_view again = " #"; // no name of a world has that in it
constexpr std::uint8_t import_section = 2;

Writer imports_of(const Module& module, bool& has_twins)
{
    std::set<std::pair<std::string_view, std::string>> seen;
    Writer contents;
    contents.u64(module.imports.size());
    for (const auto& import : module.imports) {
        std::string name(import.name);
        for (unsigned i = 2; !seen.emplace(import.module, name).second; ++i)
            name = std::string(import.name).append(again).append(std::to_string(i));
        has_twins |= name.size() != import.name.size();
        contents.name(import.module);
        contents.name(name);
        contents.extern_type(import.type);
    }
    return contents;
}

} // namespace

std::optional<std::vector<std::uint8_t>> with_unique_imports(const Module& module)
{
    constexpr std::array<std::uint8_t, 8> preamble = {0, 'a', 's', 'm', 1, 0, 0, 0};
    bool has_twins = false;
    const auto imports = imports_of(module, has_twins);
    if (!has_twins)
        return std::nullopt;
    Writer writer;
    writer.raw(preamble);
    for (const auto& section : module.sections)
        writer.section(section.id, section.id == import_section ? imports.bytes() : module.bytes(section.contents));
    const auto bytes = writer.bytes();
    return std::vector<std::uint8_t>(bytes.begin(), bytes.end());
}

std::string_view imported_name(std::string_view unique_name)
{
    return unique_name.substr(0, unique_name.find(again));
}

} // namespace trellis::wasm::component::encoding
