#include "wasm/component/encoding/type_encoder.hpp"

#include "wasm/component/encoding/type_writer.hpp"

namespace trellis::wasm::component::encoding {

using wit::Overloaded;
using written::DefinedType;

ExternName plain_name(std::string_view name)
{
    ExternName result{};
    result.name = name;
    return result;
}

ExternName extern_name(std::string_view name, const wit::Notes& notes)
{
    auto result = plain_name(name);
    if (notes.external_id)
        result.external_id = *notes.external_id;
    return result;
}

ComponentTypeIndex TypeEncoder::type(wit::TypeId id)
{
    if (const auto found = types_.find(id); found != types_.end())
        return found->second;
    const auto index = define(id);
    types_.emplace(id, index);
    return index;
}

written::ValueType TypeEncoder::value_type(const wit::Type& type)
{
    if (const auto* primitive = std::get_if<wit::Primitive>(&type))
        return static_cast<ValueKind>(*primitive); // both are in the order of the binary format
    return this->type(std::get<wit::TypeId>(type));
}

std::optional<written::ValueType> TypeEncoder::value_type(const std::optional<wit::Type>& type)
{
    return type ? std::optional(value_type(*type)) : std::nullopt;
}

ComponentTypeIndex TypeEncoder::function(const wit::Function& function)
{
    written::FuncType type;
    type.is_async = function.is_async;
    for (const auto& parameter : function.parameters)
        type.params.push_back({parameter.name, value_type(parameter.type)});
    type.result = value_type(function.result);
    return shared(std::move(type));
}

ComponentTypeIndex TypeEncoder::empty(ValueKind kind)
{
    DefinedType type{};
    type.kind = kind;
    return shared(std::move(type));
}

ComponentTypeIndex TypeEncoder::define(wit::TypeId id)
{
    const auto& definition = model_[id];
    if (definition.name.empty())
        return shared(written_of(definition.kind));
    if (const auto there = space_.elsewhere(id))
        return *there;
    if (std::holds_alternative<wit::Resource>(definition.kind))
        return space_.name(id, written::AnyResource{});
    const auto* alias = std::get_if<wit::Alias>(&definition.kind);
    const auto meant = alias != nullptr ? aliased(alias->type) : space_.define(written_of(definition.kind));
    return space_.name(id, written::EqualType{meant});
}

ComponentTypeIndex TypeEncoder::aliased(const wit::Type& type)
{
    if (const auto* id = std::get_if<wit::TypeId>(&type))
        return this->type(*id);
    DefinedType primitive_type{};
    primitive_type.kind = static_cast<ValueKind>(std::get<wit::Primitive>(type));
    return space_.define(primitive_type);
}

/// Types without names that are written alike are one.
ComponentTypeIndex TypeEncoder::shared(written::Type type)
{
    Writer writer;
    write_type(writer, type);
    const auto bytes = writer.bytes();
    const auto [found, is_new] = shared_.try_emplace({bytes.begin(), bytes.end()});
    if (is_new)
        found->second = space_.define(std::move(type));
    return found->second;
}

std::vector<written::Member> TypeEncoder::members(const std::vector<wit::Case>& cases)
{
    std::vector<written::Member> list;
    for (const auto& one : cases)
        list.push_back({one.name, value_type(one.type)});
    return list;
}

written::DefinedType TypeEncoder::written_of(const wit::TypeKind& kind)
{
    DefinedType type{};
    const auto of = [&](ValueKind value_kind, std::optional<written::ValueType> element = {},
                        std::optional<written::ValueType> other = {}) {
        type.kind = value_kind;
        type.element = element;
        type.other = other;
    };
    const auto handle = [&](ValueKind value_kind, wit::TypeId resource) {
        type.kind = value_kind;
        type.resource = this->type(resource);
    };
    const auto list_of = [&](ValueKind value_kind, const std::vector<wit::Case>& cases) {
        type.kind = value_kind;
        type.members = members(cases);
    };
    std::visit(Overloaded{
                   [&](const wit::Record& it) {
                       of(ValueKind::record);
                       for (const auto& field : it.fields)
                           type.members.push_back({field.name, value_type(field.type)});
                   },
                   [&](const wit::Tuple& it) {
                       of(ValueKind::tuple);
                       for (const auto& part : it.types)
                           type.members.push_back({{}, value_type(part)});
                   },
                   [&](const wit::List& it) {
                       of(it.length ? ValueKind::fixed_list : ValueKind::list, value_type(it.element));
                       type.length = it.length.value_or(0);
                   },
                   [&](const wit::Variant& it) { list_of(ValueKind::variant, it.cases); },
                   [&](const wit::Enum& it) { list_of(ValueKind::enum_, it.cases); },
                   [&](const wit::Flags& it) { list_of(ValueKind::flags, it.flags); },
                   [&](const wit::Map& it) { of(ValueKind::map, value_type(it.key), value_type(it.value)); },
                   [&](const wit::Option& it) { of(ValueKind::option, value_type(it.type)); },
                   [&](const wit::ResultOf& it) { of(ValueKind::result, value_type(it.ok), value_type(it.error)); },
                   [&](const wit::Own& it) { handle(ValueKind::own, it.resource); },
                   [&](const wit::Borrow& it) { handle(ValueKind::borrow, it.resource); },
                   [&](const wit::Future& it) { of(ValueKind::future, value_type(it.type)); },
                   [&](const wit::Stream& it) { of(ValueKind::stream, value_type(it.type)); },
                   [&](const auto&) {}, // aliases and resources are no definitions of values
               },
               kind);
    return type;
}

} // namespace trellis::wasm::component::encoding
