#include "wasm/text/name_section.hpp"

#include "wasm/binary/writer.hpp"
#include "wasm/text/byte_reader.hpp"
#include "wasm/text/characters.hpp"

#include <algorithm>
#include <variant>

namespace trellis::wasm {

namespace {

struct ModuleName {};
using Subsection = std::variant<ModuleName, NameSpace, InnerNameSpace>;

/// By subsection id.
constexpr Subsection subsections[] = {
    ModuleName{},       NameSpace::function, InnerNameSpace::local, InnerNameSpace::label,
    NameSpace::type,    NameSpace::table,    NameSpace::memory,     NameSpace::global,
    NameSpace::element, NameSpace::data,     InnerNameSpace::field, NameSpace::tag,
};

void write_map(Writer& writer, const NameMap& map)
{
    writer.u64(map.size());
    for (const auto& [index, name] : map) {
        writer.u32(index);
        writer.name(name);
    }
}

void write_subsection(Writer& writer, ModuleName, const Names& names)
{
    if (names.module)
        writer.name(*names.module);
}

void write_subsection(Writer& writer, NameSpace space, const Names& names)
{
    if (!names.of(space).empty())
        write_map(writer, names.of(space));
}

void write_subsection(Writer& writer, InnerNameSpace space, const Names& names)
{
    if (names.of(space).empty())
        return;
    writer.u64(names.of(space).size());
    for (const auto& [index, map] : names.of(space)) {
        writer.u32(index);
        write_map(writer, map);
    }
}

std::string_view read_name(ByteReader& reader)
{
    const auto name = reader.take(reader.u32());
    return {reinterpret_cast<const char*>(name.data()), name.size()};
}

bool follows(const auto& map, std::uint32_t index)
{
    return map.empty() || map.back().first < index;
}

NameMap read_map(ByteReader& reader)
{
    NameMap map;
    for (auto count = reader.u32(); count > 0 && !reader.failed(); --count) {
        const auto index = reader.u32();
        const auto name = read_name(reader);
        if (!reader.failed() && is_utf8(name) && follows(map, index))
            map.emplace_back(index, name);
    }
    return map;
}

void read_subsection(ByteReader& reader, ModuleName, Names& names)
{
    const auto name = read_name(reader);
    if (!reader.failed() && is_utf8(name))
        names.module = name;
}

void read_subsection(ByteReader& reader, NameSpace space, Names& names)
{
    names.of(space) = read_map(reader);
}

void read_subsection(ByteReader& reader, InnerNameSpace space, Names& names)
{
    auto& outer = names.of(space);
    outer.clear();
    for (auto count = reader.u32(); count > 0 && !reader.failed(); --count) {
        const auto index = reader.u32();
        auto inner = read_map(reader);
        if (!inner.empty() && follows(outer, index))
            outer.emplace_back(index, std::move(inner));
    }
}

} // namespace

std::size_t Names::count() const
{
    std::size_t total = module ? 1 : 0;
    for (const auto& map : maps)
        total += map.size();
    for (const auto& inner_map : inner_maps)
        for (const auto& [index, map] : inner_map)
            total += map.size();
    return total;
}

std::vector<std::uint8_t> write_name_section(const Names& names)
{
    Writer section;
    for (std::uint8_t id = 0; id < std::size(subsections); ++id) {
        Writer contents;
        std::visit([&](auto subsection) { write_subsection(contents, subsection, names); }, subsections[id]);
        if (contents.size() > 0)
            section.section(id, contents.bytes());
    }
    return {section.bytes().begin(), section.bytes().end()};
}

NameSection read_name_section(Bytes contents)
{
    NameSection section;
    ByteReader reader(contents);
    while (!reader.at_end()) {
        const auto id = reader.byte();
        ByteReader inside(reader.take(reader.u32()));
        if (id < std::size(subsections))
            std::visit([&](auto subsection) { read_subsection(inside, subsection, section.names); }, subsections[id]);
    }
    section.exact = std::ranges::equal(write_name_section(section.names), contents);
    return section;
}

std::optional<std::string_view> find_name(const NameMap& map, std::uint32_t index)
{
    const auto found = std::ranges::lower_bound(map, index, {}, &NameMap::value_type::first);
    return found != map.end() && found->first == index ? std::optional(found->second) : std::nullopt;
}

const NameMap* find_inner(const InnerNameMap& map, std::uint32_t index)
{
    const auto found = std::ranges::lower_bound(map, index, {}, &InnerNameMap::value_type::first);
    return found != map.end() && found->first == index ? &found->second : nullptr;
}

} // namespace trellis::wasm
