#include "wasm/text/section_assembler.hpp"

#include "wasm/text/keyword.hpp"

namespace trellis::wasm {

namespace {

constexpr std::uint8_t code_section = 10;

void write_list(Writer& module, std::uint8_t id, const EntryList& list)
{
    if (list.count == 0)
        return;
    Writer contents;
    contents.u32(list.count);
    contents.raw(list.entries.bytes());
    module.section(id, contents.bytes());
}

void write_number(Writer& module, std::uint8_t id, std::uint32_t value)
{
    Writer contents;
    contents.u32(value);
    module.section(id, contents.bytes());
}

void write_types(Writer& module, std::uint8_t id, const TypeTable& types)
{
    EntryList list;
    for (const auto& group : types.groups()) {
        ++list.count;
        if (group.count != 1) {
            list.entries.byte(0x4e);
            list.entries.u32(group.count);
        }
        for (std::uint32_t i = 0; i < group.count; ++i)
            list.entries.sub_type(types.types()[number(group.first) + i]);
    }
    write_list(module, id, list);
}

} // namespace

SharedBytes SectionAssembler::assemble(const TypeTable& types, const Names& names) const
{
    Writer module;
    module.raw(std::string_view("\0asm\1\0\0\0", 8));
    for (Placement i = 0; i < std::size(section_rows); ++i) {
        write_customs(module, 2 * i);
        if (section_rows[i].id == code_section)
            write_hints(module);
        write_section(module, section_rows[i].id, types);
        write_customs(module, 2 * i + 1);
    }
    if (!names.empty() && !has_custom("name"))
        module.custom_section("name", write_name_section(names));
    write_customs(module, placement_last);
    return SharedBytes::copy_of(module.bytes());
}

bool SectionAssembler::has_custom(std::string_view name) const
{
    return contains(customs, name, &CustomAnnotation::name);
}

void SectionAssembler::write_section(Writer& module, std::uint8_t id, const TypeTable& types) const
{
    const std::pair<std::uint8_t, const EntryList*> lists[] = {
        {2, &imports}, {3, &functions}, {4, &tables},   {5, &memories}, {13, &tags},
        {6, &globals}, {7, &exports},   {9, &elements}, {10, &code},    {11, &data},
    };
    for (const auto& [list_id, list] : lists)
        if (list_id == id)
            write_list(module, id, *list);
    if (id == 1)
        write_types(module, id, types);
    if (id == 8 && start)
        write_number(module, id, *start);
    if (id == 12 && needs_data_count)
        write_number(module, id, data.count);
}

void SectionAssembler::write_customs(Writer& module, Placement placement) const
{
    for (const auto& custom : customs)
        if (custom.placement == placement)
            module.custom_section(
                custom.name, {reinterpret_cast<const std::uint8_t*>(custom.contents.data()), custom.contents.size()});
}

void SectionAssembler::write_hints(Writer& module) const
{
    if (hints.empty() || has_custom(branch_hint_section))
        return;
    module.custom_section(branch_hint_section, write_branch_hints(hints));
}

} // namespace trellis::wasm
