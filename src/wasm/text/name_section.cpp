#include "wasm/text/name_section.hpp"

#include "wasm/text/byte_reader.hpp"
#include "wasm/text/characters.hpp"
#include "wasm/text/writer.hpp"

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

NameMap read_map(ByteReader& reader)
{
    NameMap map;
    for (auto count = reader.u32(); count > 0 && !reader.failed(); --count) {
        const auto index = reader.u32();
        const auto name = read_name(reader);
        if (!is_utf8(name) || (!map.empty() && map.back().first >= index))
            reader.fail();
        map.emplace_back(index, name);
    }
    return map;
}

void read_subsection(ByteReader& reader, ModuleName, Names& names)
{
    names.module = read_name(reader);
    if (!is_utf8(*names.module))
        reader.fail();
}

void read_subsection(ByteReader& reader, NameSpace space, Names& names)
{
    names.of(space) = read_map(reader);
}

void read_subsection(ByteReader& reader, InnerNameSpace space, Names& names)
{
    auto& outer = names.of(space);
    for (auto count = reader.u32(); count > 0 && !reader.failed(); --count) {
        const auto index = reader.u32();
        if (!outer.empty() && outer.back().first >= index)
            reader.fail();
        outer.emplace_back(index, read_map(reader));
        if (outer.back().second.empty())
            reader.fail();
    }
}

} // namespace

bool Names::empty() const
{
    return !module && std::ranges::all_of(maps, &NameMap::empty) &&
           std::ranges::all_of(inner_maps, &InnerNameMap::empty);
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

std::optional<Names> read_name_section(Bytes contents)
{
    Names names;
    ByteReader reader(contents);
    while (!reader.at_end() && !reader.failed()) {
        const auto id = reader.byte();
        ByteReader inside(reader.take(reader.u32()));
        if (id >= std::size(subsections))
            return std::nullopt;
        std::visit([&](auto subsection) { read_subsection(inside, subsection, names); }, subsections[id]);
        if (inside.failed() || !inside.at_end())
            return std::nullopt;
    }
    // Writing it again finds everything else that would be lost: order, repetition, long numbers, empty subsections.
    if (reader.failed() || !std::ranges::equal(write_name_section(names), contents))
        return std::nullopt;
    return names;
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
