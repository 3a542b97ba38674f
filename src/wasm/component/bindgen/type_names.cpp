#include "wasm/component/bindgen/type_names.hpp"

#include "base/check.hpp"
#include "base/format.hpp"

#include <algorithm>
#include <array>

namespace trellis::wasm::component::bindgen {

using namespace wit;

namespace {

struct PrimitiveName {
    std::string_view c;    ///< empty: the world's own
    std::string_view part; ///< in names of types made of it
};

/// In the order of Primitive.
constexpr auto primitive_names = std::to_array<PrimitiveName>({
    {"bool", "bool"},
    {"int8_t", "s8"},
    {"uint8_t", "u8"},
    {"int16_t", "s16"},
    {"uint16_t", "u16"},
    {"int32_t", "s32"},
    {"uint32_t", "u32"},
    {"int64_t", "s64"},
    {"uint64_t", "u64"},
    {"float", "f32"},
    {"double", "f64"},
    {"uint32_t", "char32"},
    {"", "string"},
    {"", "error_context"},
});

const PrimitiveName& name_of_primitive(Primitive primitive)
{
    return primitive_names[static_cast<std::size_t>(primitive)];
}

constexpr std::uint32_t whole_world = ~0u; ///< instead of a package

} // namespace

bool TypeNames::is_primitive(const Type& type) const
{
    const auto* id = std::get_if<TypeId>(&type);
    if (id == nullptr)
        return true;
    if (!(*model_)[*id].name.empty())
        return false;
    return std::visit(Overloaded{
                          [&](const List& it) { return is_primitive(it.element); },
                          [&](const Option& it) { return is_primitive(it.type); },
                          [&](const Map& it) { return is_primitive(it.key) && is_primitive(it.value); },
                          [&](const Tuple& it) {
                              return std::ranges::all_of(it.types, [&](const Type& one) { return is_primitive(one); });
                          },
                          [](const auto&) { return false; },
                      },
                      (*model_)[*id].kind);
}

TypeNames::Key TypeNames::key(const Typed& typed) const
{
    const auto id = std::get<TypeId>(typed.type);
    if (is_primitive(typed.type))
        return {Scopes::import_family, whole_world, id};
    const auto& scope = (*scopes_)[scopes_->owner(id, typed.scope)];
    const Key from_imports{Scopes::import_family, scope.package.index, id};
    const bool is_kept = scope.family == Scopes::export_family && kept_.contains(from_imports);
    return is_kept ? from_imports : Key{scope.family, scope.package.index, id};
}

/// A handle of a resource under the resource's first name: the resource's definition has named it.
bool TypeNames::is_of_own_resource(TypeId id) const
{
    const auto& kind = (*model_)[id].kind;
    const auto* own = std::get_if<Own>(&kind);
    const auto* borrow = std::get_if<Borrow>(&kind);
    if ((own == nullptr && borrow == nullptr) || !(*model_)[id].name.empty())
        return false;
    return std::holds_alternative<Resource>((*model_)[own != nullptr ? own->resource : borrow->resource].kind);
}

bool TypeNames::assign(const Typed& typed, UniqueNames& names)
{
    const auto id = std::get<TypeId>(typed.type);
    const auto [place, is_new] = names_.try_emplace(key(typed));
    if (!is_new)
        return false;
    const auto scope = is_primitive(typed.type) ? scopes_->world() : scopes_->owner(id, typed.scope);
    const auto name = format("{}_{}_t", (*scopes_)[scope].space, part(typed.type));
    place->second = is_of_own_resource(id) ? name : names.take(name);
    return true;
}

std::string TypeNames::of(const Typed& typed) const
{
    if (const auto* primitive = std::get_if<Primitive>(&typed.type)) {
        const auto& name = name_of_primitive(*primitive);
        return name.c.empty() ? format("{}_{}_t", (*scopes_)[scopes_->world()].space, name.part) : std::string(name.c);
    }
    const auto found = names_.find(key(typed));
    TRELLIS_CHECK(found != names_.end());
    return found->second;
}

std::string TypeNames::stem(const Typed& typed) const
{
    auto name = of(typed);
    return name.substr(0, name.rfind("_t"));
}

std::string TypeNames::handle(const Typed& resource, std::string_view own_or_borrow) const
{
    const auto& scope = (*scopes_)[resource.scope];
    return format("{}_{}_{}_t", scope.space, own_or_borrow, part(resource.type));
}

std::string TypeNames::part(const Type& type) const
{
    if (const auto* primitive = std::get_if<Primitive>(&type))
        return std::string(name_of_primitive(*primitive).part);
    const auto id = std::get<TypeId>(type);
    const auto& name = (*model_)[id].name;
    return name.empty() ? structure(id) : snake_case(name);
}

std::string TypeNames::structure(TypeId id) const
{
    return std::visit(Overloaded{
                          [&](const Tuple& it) {
                              auto text = format("tuple{}", it.types.size());
                              for (const auto& one : it.types)
                                  text.append("_").append(part(one));
                              return text;
                          },
                          [&](const List& it) {
                              const auto length = it.length ? format("{}", *it.length) : std::string();
                              return format("list{}_{}", length, part(it.element));
                          },
                          [&](const Option& it) { return "option_" + part(it.type); },
                          [&](const ResultOf& it) { return format("result_{}_{}", part(it.ok), part(it.error)); },
                          [&](const Map& it) { return format("map_{}_{}", part(it.key), part(it.value)); },
                          [&](const Future& it) { return "future_" + part(it.type); },
                          [&](const Stream& it) { return "stream_" + part(it.type); },
                          [&](const Own& it) { return "own_" + part(Type(it.resource)); },
                          [&](const Borrow& it) { return "borrow_" + part(Type(it.resource)); },
                          [](const auto&) { return std::string("type"); },
                      },
                      (*model_)[id].kind);
}

} // namespace trellis::wasm::component::bindgen
