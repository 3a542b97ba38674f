#include "wasm/binary/writer.hpp"

namespace trellis::wasm {

void Writer::u64(std::uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        byte(static_cast<std::uint8_t>(value | 0x80));
    byte(static_cast<std::uint8_t>(value));
}

void Writer::s64(std::int64_t value)
{
    for (; value < -0x40 || value >= 0x40; value >>= 7)
        byte(static_cast<std::uint8_t>(value | 0x80));
    byte(static_cast<std::uint8_t>(value & 0x7f));
}

void Writer::fixed(std::uint64_t value, unsigned count)
{
    for (unsigned i = 0; i < count; ++i, value >>= 8)
        byte(static_cast<std::uint8_t>(value));
}

void Writer::name(std::string_view text)
{
    u64(text.size());
    raw(text);
}

void Writer::sized(Bytes contents)
{
    u64(contents.size());
    raw(contents);
}

void Writer::section(std::uint8_t id, Bytes contents)
{
    byte(id);
    sized(contents);
}

void Writer::custom_section(std::string_view section_name, Bytes contents)
{
    Writer name_only;
    name_only.name(section_name);
    byte(0);
    u64(name_only.size() + contents.size());
    raw(name_only.bytes());
    raw(contents);
}

void Writer::value_type(ValType type)
{
    if (!type.is_ref())
        return byte(static_cast<std::uint8_t>(type.kind()));
    // A nullable reference to an abstract type has a form of one byte: the heap type's own.
    if (!type.nullable() || type.heap().is_index())
        byte(type.nullable() ? 0x63 : 0x64);
    heap_type(type.heap());
}

void Writer::value_types(std::span<const ValType> types)
{
    u64(types.size());
    for (const auto type : types)
        value_type(type);
}

void Writer::field_type(const FieldType& type)
{
    value_type(type.storage);
    byte(type.is_mutable);
}

void Writer::composite_type(const CompositeType& type)
{
    if (const auto* function = std::get_if<FuncType>(&type)) {
        byte(0x60);
        value_types(function->params);
        value_types(function->results);
    } else if (const auto* structure = std::get_if<StructType>(&type)) {
        byte(0x5f);
        u64(structure->fields.size());
        for (const auto& field : structure->fields)
            field_type(field);
    } else {
        byte(0x5e);
        field_type(std::get<ArrayType>(type).element);
    }
}

void Writer::sub_type(const SubType& type)
{
    if (!type.is_final || type.supertype) {
        byte(type.is_final ? 0x4f : 0x50);
        byte(type.supertype ? 1 : 0);
        if (type.supertype)
            u32(number(*type.supertype));
    }
    composite_type(type.composite);
}

void Writer::limits(const Limits& limits, std::uint8_t flags)
{
    byte(static_cast<std::uint8_t>(flags | (limits.max ? 1 : 0) | (limits.is_64 ? 4 : 0)));
    u64(limits.min);
    if (limits.max)
        u64(*limits.max);
}

void Writer::table_type(const TableType& type)
{
    value_type(type.element);
    limits(type.limits, 0);
}

void Writer::memory_type(const MemoryType& type)
{
    const bool custom_pages = type.page_size_log2 != 16;
    limits(type.limits, static_cast<std::uint8_t>((type.shared ? 2 : 0) | (custom_pages ? 8 : 0)));
    if (custom_pages)
        u32(type.page_size_log2);
}

void Writer::global_type(const GlobalType& type)
{
    value_type(type.value);
    byte(type.is_mutable);
}

void Writer::tag_type(const TagType& type)
{
    byte(0);
    u32(number(type.function));
}

void Writer::extern_type(const ExternType& type)
{
    byte(static_cast<std::uint8_t>(type.index()));
    switch (static_cast<ExternKind>(type.index())) {
    case ExternKind::func:
        return u32(number(std::get<TypeIndex>(type)));
    case ExternKind::table:
        return table_type(std::get<TableType>(type));
    case ExternKind::memory:
        return memory_type(std::get<MemoryType>(type));
    case ExternKind::global:
        return global_type(std::get<GlobalType>(type));
    case ExternKind::tag:
        return tag_type(std::get<TagType>(type));
    }
}

void Writer::block_type(const BlockType& type)
{
    switch (type.form) {
    case BlockType::Form::empty:
        return byte(0x40);
    case BlockType::Form::value:
        return value_type(type.value);
    case BlockType::Form::type:
        return s64(number(type.type));
    }
}

} // namespace trellis::wasm
