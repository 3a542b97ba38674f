#include "wasm/component/binary/type_reader.hpp"

#include "wasm/binary/type_reader.hpp"
#include "wasm/component/binary/reading.hpp"

#include <array>

namespace trellis::wasm::component {
namespace {

using written::Declarator;
using written::DefinedType;
using written::ValueType;

constexpr std::uint8_t error_context_code = 0x64;
constexpr std::uint32_t many = 1'000'000;

std::optional<ValueKind> primitive_of(std::uint8_t code)
{
    if (code == error_context_code)
        return ValueKind::error_context;
    if (code <= 0x7f && code >= 0x73)
        return static_cast<ValueKind>(0x7f - code);
    return std::nullopt;
}

std::optional<ValueType> read_optional_value_type(Cursor& cursor)
{
    return read_optional(cursor, "optional component value type", [&] { return read_value_type(cursor); });
}

written::Member read_field(Cursor& cursor)
{
    const std::string_view name = cursor.name();
    return {name, read_value_type(cursor)};
}

written::Member read_case(Cursor& cursor)
{
    const std::string_view name = cursor.name();
    const auto type = read_optional_value_type(cursor);
    read_exactly(cursor, 0x00, "zero byte required");
    return {name, type};
}

written::Member read_element(Cursor& cursor)
{
    return {{}, read_value_type(cursor)};
}

written::Member read_label(Cursor& cursor)
{
    return {cursor.name(), std::nullopt};
}

void read_members(Cursor& cursor, DefinedType& type, written::Member (*read_one)(Cursor&))
{
    type.members = read_vector(cursor, limits::members, "members of a type", [&] { return read_one(cursor); });
}

void read_record(Cursor& cursor, DefinedType& type)
{
    read_members(cursor, type, read_field);
}

void read_variant(Cursor& cursor, DefinedType& type)
{
    read_members(cursor, type, read_case);
}

void read_tuple(Cursor& cursor, DefinedType& type)
{
    read_members(cursor, type, read_element);
}

void read_labels(Cursor& cursor, DefinedType& type)
{
    read_members(cursor, type, read_label);
}

void read_one_element(Cursor& cursor, DefinedType& type)
{
    type.element = read_value_type(cursor);
}

void read_fixed_list(Cursor& cursor, DefinedType& type)
{
    type.element = read_value_type(cursor);
    type.length = cursor.u32();
}

void read_two(Cursor& cursor, DefinedType& type)
{
    type.element = read_value_type(cursor);
    type.other = read_value_type(cursor);
}

void read_result(Cursor& cursor, DefinedType& type)
{
    type.element = read_optional_value_type(cursor);
    type.other = read_optional_value_type(cursor);
}

void read_handle(Cursor& cursor, DefinedType& type)
{
    type.resource = read_index<ComponentTypeIndex>(cursor);
}

void read_optional_element(Cursor& cursor, DefinedType& type)
{
    type.element = read_optional_value_type(cursor);
}

struct Form {
    std::uint8_t code;
    ValueKind kind;
    void (*read)(Cursor&, DefinedType&);
};

constexpr std::array forms = {
    Form{0x72, ValueKind::record, read_record},
    Form{0x71, ValueKind::variant, read_variant},
    Form{0x70, ValueKind::list, read_one_element},
    Form{0x6f, ValueKind::tuple, read_tuple},
    Form{0x6e, ValueKind::flags, read_labels},
    Form{0x6d, ValueKind::enum_, read_labels},
    Form{0x6b, ValueKind::option, read_one_element},
    Form{0x6a, ValueKind::result, read_result},
    Form{0x69, ValueKind::own, read_handle},
    Form{0x68, ValueKind::borrow, read_handle},
    Form{0x67, ValueKind::fixed_list, read_fixed_list},
    Form{0x66, ValueKind::stream, read_optional_element},
    Form{0x65, ValueKind::future, read_optional_element},
    Form{0x63, ValueKind::map, read_two},
};

DefinedType read_defined_type(Cursor& cursor, std::uint8_t code, std::uint32_t at)
{
    DefinedType type{};
    if (const auto primitive_kind = primitive_of(code)) {
        type.kind = *primitive_kind;
        return type;
    }
    const auto* form = std::ranges::find(forms, code, &Form::code);
    if (form == forms.end()) {
        fail_leading_byte(cursor, code, at, "component defined type");
        return type;
    }
    type.kind = form->kind;
    form->read(cursor, type);
    return type;
}

written::FuncType read_func_type(Cursor& cursor, bool is_async)
{
    written::FuncType type;
    type.is_async = is_async;
    type.params = read_vector(cursor, limits::parameters, "parameters", [&] { return read_field(cursor); });
    type.result = read_results(cursor);
    return type;
}

written::ResourceType read_resource_type(Cursor& cursor)
{
    written::ResourceType type;
    type.representation = wasm::read_value_type(cursor, Features::standard());
    type.destructor = read_optional(cursor, "resource destructor", [&] { return read_index<CoreFuncIndex>(cursor); });
    return type;
}

written::Import read_import(Cursor& cursor)
{
    const ExternName name = read_extern_name(cursor);
    return {name, read_extern_type(cursor)};
}

Declarator read_declarator(Cursor& cursor, bool in_component, unsigned depth)
{
    const std::uint32_t at = cursor.offset();
    const std::uint8_t code = cursor.byte();
    if (code == 0x00)
        return {read_core_type(cursor), at};
    if (code == 0x01)
        return {read_type(cursor, depth + 1), at};
    if (code == 0x02)
        return {read_alias(cursor), at};
    if (code == 0x03 && in_component)
        return {read_import(cursor), at};
    if (code == 0x04) {
        auto [name, type] = read_import(cursor);
        return {written::Export{name, type}, at};
    }
    fail_leading_byte(cursor, code, at, "component or instance type declaration");
    return {};
}

std::vector<Declarator> read_declarators(Cursor& cursor, bool in_component, unsigned depth)
{
    if (depth >= limits::nesting)
        cursor.fail("nesting too deep", cursor.offset(), ErrorCode::limit);
    return read_vector(cursor, many, "declarations", [&] { return read_declarator(cursor, in_component, depth); });
}

written::CoreTypeGroup read_core_group(Cursor& cursor)
{
    constexpr std::uint8_t recursive = 0x4e, shared = 0x65;
    const Features features = Features::standard();
    const std::uint8_t code = cursor.at_end() ? std::uint8_t(0) : cursor.peek();
    if (code == shared)
        cursor.fail("shared types (shared-everything-threads) are not supported", cursor.offset(),
                    ErrorCode::unsupported);
    if (code == recursive) {
        cursor.byte();
        return read_vector(cursor, many, "types", [&] { return read_sub_type(cursor, features); });
    }
    return {read_sub_type(cursor, features)};
}

wasm::ExternType read_core_extern_type(Cursor& cursor)
{
    const Features features = Features::standard();
    switch (read_core_kind(cursor)) {
    case ExternKind::func:
        return read_index<TypeIndex>(cursor);
    case ExternKind::table:
        return read_table_type(cursor, features);
    case ExternKind::memory:
        return read_memory_type(cursor, features);
    case ExternKind::global:
        return read_global_type(cursor, features);
    case ExternKind::tag:
        return read_tag_type(cursor);
    }
    return TypeIndex{};
}

AliasOuter read_core_alias(Cursor& cursor)
{
    read_exactly(cursor, 0x10, "outer alias kind");
    read_exactly(cursor, 0x01, "outer alias target");
    const std::uint32_t scopes = cursor.u32();
    return {scopes, read_index<CoreTypeIndex>(cursor)};
}

written::ModuleDeclarator read_module_declarator(Cursor& cursor)
{
    const std::uint32_t at = cursor.offset();
    const std::uint8_t code = cursor.byte();
    if (code == 0x00) {
        const std::string_view module = cursor.name();
        const std::string_view name = cursor.name();
        return {written::CoreImport{module, name, read_core_extern_type(cursor)}, at};
    }
    if (code == 0x01)
        return {read_core_group(cursor), at};
    if (code == 0x02)
        return {read_core_alias(cursor), at};
    if (code == 0x03) {
        const std::string_view name = cursor.name();
        return {written::CoreExport{name, read_core_extern_type(cursor)}, at};
    }
    fail_leading_byte(cursor, code, at, "type definition");
    return {};
}

/// The sort that an alias begins with: its byte, and the core sort's behind it.
struct Sort {
    std::uint8_t byte;
    std::uint8_t core;
    std::uint32_t at;
};

constexpr std::uint8_t core_sort = 0x00, core_module = 0x11, core_type = 0x10;

ItemKind item_kind_of(Cursor& cursor, Sort sort)
{
    switch (sort.byte) {
    case core_sort:
        if (sort.core == core_module)
            return ItemKind::module;
        break;
    case 0x01:
        return ItemKind::func;
    case 0x02:
        cursor.fail("support for component model `value`s is not enabled", sort.at, ErrorCode::unsupported);
        break;
    case 0x03:
        return ItemKind::type;
    case 0x04:
        return ItemKind::component;
    case 0x05:
        return ItemKind::instance;
    }
    if (cursor.ok())
        fail_leading_byte(cursor, sort.byte == core_sort ? sort.core : sort.byte, sort.at, "component external kind");
    return {};
}

Sort read_sort(Cursor& cursor)
{
    Sort sort{0, 0, cursor.offset()};
    sort.byte = cursor.byte();
    if (sort.byte == core_sort)
        sort.core = cursor.byte();
    return sort;
}

OuterItem outer_item_of(Cursor& cursor, Sort sort, std::uint32_t index)
{
    if (sort.byte == core_sort && sort.core == core_module)
        return static_cast<CoreModuleIndex>(index);
    if (sort.byte == core_sort && sort.core == core_type)
        return static_cast<CoreTypeIndex>(index);
    if (sort.byte == 0x03)
        return static_cast<ComponentTypeIndex>(index);
    if (sort.byte == 0x04)
        return static_cast<ComponentIndex>(index);
    fail_leading_byte(cursor, sort.byte == core_sort ? sort.core : sort.byte, sort.at, "component outer alias kind");
    return CoreModuleIndex{};
}

ExternKind core_kind_of(Cursor& cursor, std::uint8_t byte, std::uint32_t at)
{
    if (byte > static_cast<std::uint8_t>(ExternKind::tag))
        fail_leading_byte(cursor, byte, at, "external kind");
    return static_cast<ExternKind>(byte > 4 ? 0 : byte);
}

} // namespace

ValueType read_value_type(Cursor& cursor)
{
    if (!cursor.at_end()) {
        if (const auto primitive_kind = primitive_of(cursor.peek())) {
            cursor.byte();
            return *primitive_kind;
        }
    }
    const std::uint32_t at = cursor.offset();
    const std::int64_t index = cursor.s33();
    if (index < 0)
        cursor.fail("invalid leading byte for component value type", at);
    return static_cast<ComponentTypeIndex>(index);
}

std::optional<ValueType> read_results(Cursor& cursor)
{
    const std::uint32_t at = cursor.offset();
    const std::uint8_t code = cursor.byte();
    if (code == 0x00)
        return read_value_type(cursor);
    if (code == 0x01)
        read_exactly(cursor, 0x00, "number of results");
    else
        fail_leading_byte(cursor, code, at, "component function results");
    return std::nullopt;
}

written::Type read_type(Cursor& cursor, unsigned depth)
{
    const std::uint32_t at = cursor.offset();
    const std::uint8_t code = cursor.byte();
    switch (code) {
    case 0x40:
        return read_func_type(cursor, false);
    case 0x43:
        return read_func_type(cursor, true);
    case 0x3f:
        return read_resource_type(cursor);
    case 0x41:
        return written::ComponentType{read_declarators(cursor, true, depth)};
    case 0x42:
        return written::InstanceType{read_declarators(cursor, false, depth)};
    default:
        return read_defined_type(cursor, code, at);
    }
}

written::CoreType read_core_type(Cursor& cursor)
{
    // 0x50 is a module type here; a type that is not final has a zero in front, until 1.0 of the specification.
    constexpr std::uint8_t prefix = 0x00, not_final = 0x50;
    const std::uint8_t code = cursor.at_end() ? std::uint8_t(0x60) : cursor.peek();
    if (code == prefix) {
        cursor.byte();
        if (!cursor.at_end() && cursor.peek() != not_final)
            fail_leading_byte(cursor, cursor.peek(), cursor.offset(), "non-final sub type");
        return read_core_group(cursor);
    }
    if (code != not_final)
        return read_core_group(cursor);
    cursor.byte();
    return written::ModuleType{
        read_vector(cursor, 100'000, "declarations", [&] { return read_module_declarator(cursor); })};
}

written::ExternType read_extern_type(Cursor& cursor)
{
    const ItemKind kind = read_item_kind(cursor);
    if (kind == ItemKind::module)
        return written::ModuleOfType{read_index<CoreTypeIndex>(cursor)};
    if (kind != ItemKind::type) {
        const auto type = read_index<ComponentTypeIndex>(cursor);
        if (kind == ItemKind::func)
            return written::FuncOfType{type};
        if (kind == ItemKind::component)
            return written::ComponentOfType{type};
        return written::InstanceOfType{type};
    }
    if (read_flag(cursor, "type bound"))
        return written::AnyResource{};
    return written::EqualType{read_index<ComponentTypeIndex>(cursor)};
}

ExternName read_extern_name(Cursor& cursor)
{
    const std::uint32_t at = cursor.offset();
    const std::uint8_t form = cursor.byte();
    if (form > 2)
        fail_leading_byte(cursor, form, at, "component name");
    ExternName result{};
    result.name = cursor.name();
    const std::uint32_t count = form == 2 && cursor.ok() ? cursor.u32() : 0;
    for (std::uint32_t i = 0; i < count && cursor.ok(); ++i) {
        struct Attribute {
            std::optional<std::string_view> ExternName::* place;
            std::string_view name;
        };
        constexpr std::array attributes = {
            Attribute{&ExternName::implements, "implements"},
            Attribute{&ExternName::version_suffix, "versionsuffix"},
            Attribute{&ExternName::external_id, "external-id"},
        };
        const std::uint32_t attribute_at = cursor.offset();
        const std::uint8_t code = cursor.byte();
        if (code >= attributes.size()) {
            fail_leading_byte(cursor, code, attribute_at, "name option");
            break;
        }
        auto& place = result.*attributes[code].place;
        if (place)
            cursor.fail(format("duplicate '{}' option in name", attributes[code].name), attribute_at,
                        ErrorCode::invalid);
        place = cursor.name();
    }
    return result;
}

ItemKind read_item_kind(Cursor& cursor)
{
    const Sort sort = read_sort(cursor);
    return cursor.ok() ? item_kind_of(cursor, sort) : ItemKind{};
}

ExternKind read_core_kind(Cursor& cursor)
{
    const std::uint32_t at = cursor.offset();
    return core_kind_of(cursor, cursor.byte(), at);
}

Alias read_alias(Cursor& cursor)
{
    const Sort sort = read_sort(cursor);
    const std::uint32_t at = cursor.offset();
    const std::uint8_t target = cursor.byte();
    if (!cursor.ok())
        return {};
    if (target == 0x00) {
        const auto instance = read_index<ComponentInstanceIndex>(cursor);
        const std::string_view name = cursor.name();
        return AliasExport{item_kind_of(cursor, sort), instance, name};
    }
    if (target == 0x01) {
        const auto instance = read_index<CoreInstanceIndex>(cursor);
        const std::string_view name = cursor.name();
        if (sort.byte != core_sort)
            fail_leading_byte(cursor, sort.byte, sort.at, "core instance alias kind");
        return AliasCoreExport{core_kind_of(cursor, sort.core, sort.at), instance, name};
    }
    if (target == 0x02) {
        const std::uint32_t scopes = cursor.u32();
        const std::uint32_t index = cursor.u32();
        return AliasOuter{scopes, outer_item_of(cursor, sort, index)};
    }
    fail_leading_byte(cursor, target, at, "alias");
    return {};
}

} // namespace trellis::wasm::component
