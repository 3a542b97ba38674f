#include "wasm/component/encoding/type_writer.hpp"

#include "wasm/component/encoding/writing.hpp"
#include "wasm/component/wit/model.hpp"

#include <array>

namespace trellis::wasm::component::encoding {
namespace {

using wit::Overloaded;
using written::DefinedType;
using written::Member;

std::uint8_t code_of(ValueKind primitive_kind)
{
    constexpr std::uint8_t error_context = 0x64, first = 0x7f;
    return primitive_kind == ValueKind::error_context
               ? error_context
               : static_cast<std::uint8_t>(first - static_cast<std::uint8_t>(primitive_kind));
}

void write_optional_value_type(Writer& writer, const std::optional<written::ValueType>& type)
{
    write_optional(writer, type, [&](const written::ValueType& it) { write_value_type(writer, it); });
}

void write_field(Writer& writer, const Member& field)
{
    writer.name(field.name);
    write_value_type(writer, *field.type);
}

void write_case(Writer& writer, const Member& one)
{
    writer.name(one.name);
    write_optional_value_type(writer, one.type);
    writer.byte(0);
}

void write_element(Writer& writer, const Member& element)
{
    write_value_type(writer, *element.type);
}

void write_label(Writer& writer, const Member& label)
{
    writer.name(label.name);
}

template <void (*write_one)(Writer&, const Member&)>
void write_members(Writer& writer, const DefinedType& type)
{
    write_vector(writer, type.members, [&](const Member& one) { write_one(writer, one); });
}

void write_one_element(Writer& writer, const DefinedType& type)
{
    write_value_type(writer, *type.element);
}

void write_fixed_list(Writer& writer, const DefinedType& type)
{
    write_value_type(writer, *type.element);
    writer.u32(type.length);
}

void write_two(Writer& writer, const DefinedType& type)
{
    write_value_type(writer, *type.element);
    write_value_type(writer, *type.other);
}

void write_result(Writer& writer, const DefinedType& type)
{
    write_optional_value_type(writer, type.element);
    write_optional_value_type(writer, type.other);
}

void write_handle(Writer& writer, const DefinedType& type)
{
    write_index(writer, type.resource);
}

void write_optional_element(Writer& writer, const DefinedType& type)
{
    write_optional_value_type(writer, type.element);
}

struct Form {
    ValueKind kind;
    std::uint8_t code;
    void (*write)(Writer&, const DefinedType&);
};

/// In the order of the kinds behind the primitive ones.
constexpr std::array forms = {
    Form{ValueKind::record, 0x72, write_members<write_field>},
    Form{ValueKind::variant, 0x71, write_members<write_case>},
    Form{ValueKind::list, 0x70, write_one_element},
    Form{ValueKind::fixed_list, 0x67, write_fixed_list},
    Form{ValueKind::tuple, 0x6f, write_members<write_element>},
    Form{ValueKind::flags, 0x6e, write_members<write_label>},
    Form{ValueKind::enum_, 0x6d, write_members<write_label>},
    Form{ValueKind::option, 0x6b, write_one_element},
    Form{ValueKind::result, 0x6a, write_result},
    Form{ValueKind::own, 0x69, write_handle},
    Form{ValueKind::borrow, 0x68, write_handle},
    Form{ValueKind::stream, 0x66, write_optional_element},
    Form{ValueKind::future, 0x65, write_optional_element},
    Form{ValueKind::map, 0x63, write_two},
};

void write_defined_type(Writer& writer, const DefinedType& type)
{
    if (is_primitive(type.kind))
        return writer.byte(code_of(type.kind));
    const auto& form = forms[static_cast<std::size_t>(type.kind) - primitive_kinds];
    writer.byte(form.code);
    form.write(writer, type);
}

void write_func_type(Writer& writer, const written::FuncType& type)
{
    writer.byte(type.is_async ? 0x43 : 0x40);
    write_vector(writer, type.params, [&](const Member& one) { write_field(writer, one); });
    write_results(writer, type.result);
}

void write_resource_type(Writer& writer, const written::ResourceType& type)
{
    writer.byte(0x3f);
    writer.value_type(type.representation);
    write_optional(writer, type.destructor, [&](CoreFuncIndex index) { write_index(writer, index); });
}

template <class Named>
void write_named(Writer& writer, std::uint8_t code, const Named& item)
{
    writer.byte(code);
    write_extern_name(writer, item.name);
    write_extern_type(writer, item.type);
}

void write_declarator(Writer& writer, const written::Declarator& declarator)
{
    std::visit(Overloaded{
                   [&](const written::CoreType& it) {
                       writer.byte(0x00);
                       write_core_type(writer, it);
                   },
                   [&](const written::Type& it) {
                       writer.byte(0x01);
                       write_type(writer, it);
                   },
                   [&](const Alias& it) {
                       writer.byte(0x02);
                       write_alias(writer, it);
                   },
                   [&](const written::Import& it) { write_named(writer, 0x03, it); },
                   [&](const written::Export& it) { write_named(writer, 0x04, it); },
               },
               declarator.what);
}

void write_declarators(Writer& writer, std::uint8_t code, const std::vector<written::Declarator>& list)
{
    writer.byte(code);
    write_vector(writer, list, [&](const written::Declarator& one) { write_declarator(writer, one); });
}

void write_core_group(Writer& writer, const written::CoreTypeGroup& group)
{
    if (group.size() == 1)
        return writer.sub_type(group.front());
    writer.byte(0x4e);
    write_vector(writer, group, [&](const SubType& type) { writer.sub_type(type); });
}

void write_module_declarator(Writer& writer, const written::ModuleDeclarator& declarator)
{
    std::visit(Overloaded{
                   [&](const written::CoreImport& it) {
                       writer.byte(0x00);
                       writer.name(it.module);
                       writer.name(it.name);
                       writer.extern_type(it.type);
                   },
                   [&](const written::CoreTypeGroup& it) {
                       writer.byte(0x01);
                       write_core_group(writer, it);
                   },
                   [&](const AliasOuter& it) {
                       writer.raw(std::array<std::uint8_t, 3>{0x02, 0x10, 0x01});
                       writer.u32(it.scopes);
                       write_index(writer, std::get<CoreTypeIndex>(it.item));
                   },
                   [&](const written::CoreExport& it) {
                       writer.byte(0x03);
                       writer.name(it.name);
                       writer.extern_type(it.type);
                   },
               },
               declarator.what);
}

/// A core type that is not final begins like a module type, so it has a zero in front.
bool needs_prefix(const written::CoreTypeGroup& group)
{
    return group.size() == 1 && (!group.front().is_final || group.front().supertype);
}

/// By the order of OuterItem.
void write_outer_kind(Writer& writer, const OuterItem& item)
{
    constexpr std::array<std::array<std::uint8_t, 2>, 4> sorts = {{{0x00, 0x11}, {0x00, 0x10}, {0x03, 0}, {0x04, 0}}};
    const auto& sort = sorts[item.index()];
    writer.byte(sort[0]);
    if (sort[0] == 0)
        writer.byte(sort[1]);
}

} // namespace

void write_value_type(Writer& writer, const written::ValueType& type)
{
    if (const auto* kind = std::get_if<ValueKind>(&type))
        writer.byte(code_of(*kind));
    else
        writer.s64(number(std::get<ComponentTypeIndex>(type)));
}

void write_results(Writer& writer, const std::optional<written::ValueType>& result)
{
    writer.byte(result ? 0 : 1);
    if (result)
        write_value_type(writer, *result);
    else
        writer.byte(0);
}

void write_type(Writer& writer, const written::Type& type)
{
    std::visit(Overloaded{
                   [&](const DefinedType& it) { write_defined_type(writer, it); },
                   [&](const written::FuncType& it) { write_func_type(writer, it); },
                   [&](const written::ResourceType& it) { write_resource_type(writer, it); },
                   [&](const written::ComponentType& it) { write_declarators(writer, 0x41, it.declarators); },
                   [&](const written::InstanceType& it) { write_declarators(writer, 0x42, it.declarators); },
               },
               type);
}

void write_core_type(Writer& writer, const written::CoreType& type)
{
    if (const auto* group = std::get_if<written::CoreTypeGroup>(&type)) {
        if (needs_prefix(*group))
            writer.byte(0x00);
        return write_core_group(writer, *group);
    }
    writer.byte(0x50);
    write_vector(writer, std::get<written::ModuleType>(type).declarators,
                 [&](const written::ModuleDeclarator& one) { write_module_declarator(writer, one); });
}

void write_extern_type(Writer& writer, const written::ExternType& type)
{
    constexpr std::array kinds = {ItemKind::module, ItemKind::func,      ItemKind::type,
                                  ItemKind::type,   ItemKind::component, ItemKind::instance};
    write_item_kind(writer, kinds[type.index()]);
    std::visit(Overloaded{
                   [&](const written::EqualType& it) {
                       writer.byte(0);
                       write_index(writer, it.type);
                   },
                   [&](const written::AnyResource&) { writer.byte(1); },
                   [&](const auto& it) { write_index(writer, it.type); },
               },
               type);
}

void write_extern_name(Writer& writer, const ExternName& name)
{
    const std::array<std::optional<std::string_view>, 3> attributes = {name.implements, name.version_suffix,
                                                                       name.external_id};
    const auto count = std::ranges::count_if(attributes, [](const auto& one) { return one.has_value(); });
    writer.byte(count == 0 ? 0 : 2);
    writer.name(name.name);
    if (count != 0)
        writer.u64(static_cast<std::uint64_t>(count));
    for (std::size_t i = 0; i < attributes.size(); ++i) {
        if (!attributes[i])
            continue;
        writer.byte(static_cast<std::uint8_t>(i));
        writer.name(*attributes[i]);
    }
}

void write_item_kind(Writer& writer, ItemKind kind)
{
    constexpr std::array<std::uint8_t, 5> codes = {0x00, 0x01, 0x03, 0x04, 0x05};
    writer.byte(codes[static_cast<std::size_t>(kind)]);
    if (kind == ItemKind::module)
        writer.byte(0x11);
}

void write_core_kind(Writer& writer, ExternKind kind)
{
    writer.byte(static_cast<std::uint8_t>(kind));
}

void write_alias(Writer& writer, const Alias& alias)
{
    std::visit(Overloaded{
                   [&](const AliasExport& it) {
                       write_item_kind(writer, it.kind);
                       writer.byte(0x00);
                       write_index(writer, it.instance);
                       writer.name(it.name);
                   },
                   [&](const AliasCoreExport& it) {
                       writer.byte(0x00);
                       write_core_kind(writer, it.kind);
                       writer.byte(0x01);
                       write_index(writer, it.instance);
                       writer.name(it.name);
                   },
                   [&](const AliasOuter& it) {
                       write_outer_kind(writer, it.item);
                       writer.byte(0x02);
                       writer.u32(it.scopes);
                       std::visit([&](auto index) { write_index(writer, index); }, it.item);
                   },
               },
               alias);
}

} // namespace trellis::wasm::component::encoding
