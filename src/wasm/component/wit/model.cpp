#include "wasm/component/wit/model.hpp"

#include "base/format.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace trellis::wasm::component::wit {

namespace {

constexpr std::array<std::string_view, 14> primitive_names = {
    "bool", "s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64", "f32", "f64", "char", "string", "error-context",
};

std::string with_version(const PackageName& package, std::string_view item)
{
    auto name = format("{}:{}/{}", package.space, package.name, item);
    if (package.version)
        name.append("@").append(package.version->text());
    return name;
}

std::uint64_t word_of(const Type& type)
{
    const auto* id = std::get_if<TypeId>(&type);
    return id != nullptr ? 0x100 + std::uint64_t{id->index} : static_cast<std::uint64_t>(std::get<Primitive>(type));
}

constexpr std::uint64_t nothing = ~0ull;

std::uint64_t word_of(const std::optional<Type>& type)
{
    return type ? word_of(*type) : nothing;
}

/// Two kinds without names inside are the same type if these are the same.
std::vector<std::uint64_t> words_of(const TypeKind& kind)
{
    std::vector<std::uint64_t> words = {kind.index()};
    if (const auto* list = std::get_if<List>(&kind))
        words.push_back(list->length ? *list->length : nothing);
    if (const auto* result = std::get_if<ResultOf>(&kind)) {
        words.push_back(word_of(result->ok));
        words.push_back(word_of(result->error));
        return words;
    }
    for_each_type(kind, [&](const Type& type) { words.push_back(word_of(type)); });
    return words;
}

} // namespace

std::string_view name_of(Primitive primitive)
{
    return primitive_names[static_cast<std::size_t>(primitive)];
}

std::optional<Primitive> primitive_of(std::string_view name)
{
    const auto found = std::ranges::find(primitive_names, name);
    if (found == primitive_names.end())
        return std::nullopt;
    return static_cast<Primitive>(found - primitive_names.begin());
}

std::string PackageName::text() const
{
    return version ? format("{}:{}@{}", space, name, version->text()) : format("{}:{}", space, name);
}

std::string Model::full_name(InterfaceId id) const
{
    const auto& interface = (*this)[id];
    return with_version((*this)[interface.package].name, interface.name);
}

std::string Model::full_name(WorldId id) const
{
    const auto& world = (*this)[id];
    return with_version((*this)[world.package].name, world.name);
}

std::string Model::name_of(const WorldItem& item) const
{
    return item.name.empty() ? full_name(std::get<InterfaceId>(item.item)) : item.name;
}

std::optional<InterfaceId> Model::implemented_by(const WorldItem& item) const
{
    const auto* interface = std::get_if<InterfaceId>(&item.item);
    if (item.name.empty() || interface == nullptr || (*this)[*interface].name.empty())
        return std::nullopt;
    return *interface;
}

std::optional<InterfaceId> Model::used_interface(TypeId id) const
{
    const auto& type = (*this)[id];
    const auto* alias = std::get_if<Alias>(&type.kind);
    const auto* target = alias != nullptr ? std::get_if<TypeId>(&alias->type) : nullptr;
    if (target == nullptr || (*this)[*target].owner == type.owner)
        return std::nullopt;
    const auto* interface = std::get_if<InterfaceId>(&(*this)[*target].owner);
    return interface != nullptr ? std::optional(*interface) : std::nullopt;
}

std::vector<InterfaceId> Model::dependencies(InterfaceId id) const
{
    std::vector<InterfaceId> found;
    std::map<InterfaceId, bool> seen;
    for (const auto type : (*this)[id].types)
        if (const auto used = used_interface(type); used && seen.emplace(*used, true).second)
            found.push_back(*used);
    return found;
}

TypeId Model::add(TypeDefinition definition)
{
    const auto* alias = std::get_if<Alias>(&definition.kind);
    const auto* target = alias != nullptr ? std::get_if<TypeId>(&alias->type) : nullptr;
    definition.is_resource =
        std::holds_alternative<Resource>(definition.kind) || (target != nullptr && (*this)[*target].is_resource);
    definition.holds_borrow = std::holds_alternative<Borrow>(definition.kind);
    for_each_type(std::as_const(definition.kind), [&](const Type& type) {
        if (const auto* part = std::get_if<TypeId>(&type))
            definition.holds_borrow |= (*this)[*part].holds_borrow;
    });
    types.push_back(std::move(definition));
    return {static_cast<std::uint32_t>(types.size() - 1)};
}

TypeId Model::intern(TypeKind kind)
{
    const auto [found, is_new] = interned_.try_emplace(words_of(kind));
    if (is_new)
        found->second = add({.kind = std::move(kind)});
    return found->second;
}

std::optional<WorldId> Model::find_world(std::string_view name) const
{
    if (name.empty()) {
        const auto& own = (*this)[root].worlds;
        return own.size() == 1 ? std::optional(own[0]) : std::nullopt;
    }
    for (const auto id : (*this)[root].worlds)
        if ((*this)[id].name == name)
            return id;
    for (std::uint32_t i = 0; i < worlds.size(); ++i)
        if (full_name(WorldId{i}) == name)
            return WorldId{i};
    return std::nullopt;
}

std::optional<PackageId> Model::find_package(const PackageName& name) const
{
    const auto found = std::ranges::find(packages, name, &Package::name);
    if (found == packages.end())
        return std::nullopt;
    return PackageId{static_cast<std::uint32_t>(found - packages.begin())};
}

} // namespace trellis::wasm::component::wit
