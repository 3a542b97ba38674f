#include "wasm/component/bindgen/scopes.hpp"

#include "base/format.hpp"
#include "wasm/component/bindgen/c_names.hpp"

#include <algorithm>
#include <set>

namespace trellis::wasm::component::bindgen {

using namespace wit;

namespace {

const TypeId* type_id(const Type& type)
{
    return std::get_if<TypeId>(&type);
}

bool has_other_version(const Model& model, const PackageName& name)
{
    return std::ranges::any_of(model.packages, [&](const Package& other) {
        return other.name.space == name.space && other.name.name == name.name && other.name.version != name.version;
    });
}

/// "wasi_io_", "wasi_io_0_2_0_" where the model has two versions of the package.
std::string package_prefix(const Model& model, const PackageName& name)
{
    auto text = format("{}_{}_", snake_case(name.space), snake_case(name.name));
    if (name.version && has_other_version(model, name)) {
        auto version = name.version->text();
        std::ranges::replace_if(version, [](char c) { return c == '.' || c == '-' || c == '+'; }, '_');
        text.append(version).append("_");
    }
    return text;
}

} // namespace

const TypeKind& kind_of(const Model& model, TypeId id)
{
    const auto* alias = std::get_if<Alias>(&model[id].kind);
    const auto* target = alias != nullptr ? type_id(alias->type) : nullptr;
    return model[target != nullptr && model[*target].name.empty() ? *target : id].kind;
}

Scopes::Scopes(const Model& model, WorldId world, const Renames& renames) : model_(&model)
{
    scopes_.push_back({.package = model[world].package, .space = snake_case(model[world].name), .module = "$root"});
    for (const auto& item : model[world].imports)
        if (std::holds_alternative<InterfaceId>(item.item))
            add(item, false, renames);
    for (const auto& item : model[world].exports)
        if (std::holds_alternative<InterfaceId>(item.item))
            add(item, true, renames);
}

void Scopes::add(const WorldItem& item, bool is_export, const Renames& renames)
{
    const auto interface = std::get<InterfaceId>(item.item);
    const ScopeId id{static_cast<std::uint32_t>(scopes_.size())};
    const auto& definition = (*model_)[interface];
    const bool goes_by_own_name = item.name.empty() || definition.name.empty();
    scopes_.push_back({.item = &item,
                       .interface = interface,
                       .package = definition.package,
                       .is_export = is_export,
                       .space = space_of(item, is_export, renames),
                       .module = model_->name_of(item),
                       .family = goes_by_own_name ? (is_export ? export_family : import_family) : 2 + id.index});
    (is_export ? exports_ : imports_).push_back(id);
    if (goes_by_own_name)
        (is_export ? exported_ : imported_).emplace(interface, id);
}

std::string Scopes::full_space(InterfaceId interface) const
{
    const auto& definition = (*model_)[interface];
    return package_prefix(*model_, (*model_)[definition.package].name) + snake_case(definition.name);
}

std::string Scopes::space_of(const WorldItem& item, bool is_export, const Renames& renames) const
{
    const auto renamed = renames.find(model_->name_of(item));
    const auto plain = renamed != renames.end() ? renamed->second
                       : item.name.empty()      ? full_space(std::get<InterfaceId>(item.item))
                                                : snake_case(item.name);
    // A plain name says enough alone, unless there is an import of that name.
    const bool is_taken = std::ranges::find(scopes_, plain, &Scope::space) != scopes_.end();
    return is_export && (item.name.empty() || is_taken) ? "exports_" + plain : plain;
}

ScopeId Scopes::owner(TypeId id, ScopeId current) const
{
    const auto& owner = (*model_)[id].owner;
    if (std::holds_alternative<WorldId>(owner))
        return world();
    const auto* interface = std::get_if<InterfaceId>(&owner);
    if (interface == nullptr || scopes_[current.index].interface == *interface)
        return current;
    const auto exported = exported_.find(*interface);
    if (scopes_[current.index].is_export && exported != exported_.end())
        return exported->second;
    const auto imported = imported_.find(*interface);
    return imported == imported_.end() ? current : imported->second;
}

Typed Scopes::resolved(Typed typed) const
{
    while (const auto* id = type_id(typed.type)) {
        typed.scope = owner(*id, typed.scope);
        const auto* alias = std::get_if<Alias>(&kind_of(*model_, *id));
        if (alias == nullptr)
            break;
        const Type next = alias->type;
        typed.type = next;
    }
    return typed;
}

const TypeKind* Scopes::kind(const Typed& resolved) const
{
    const auto* id = type_id(resolved.type);
    return id != nullptr ? &kind_of(*model_, *id) : nullptr;
}

Typed Scopes::inside(const Typed& outer, const Type& type) const
{
    const auto* id = type_id(outer.type);
    return {type, id != nullptr ? owner(*id, outer.scope) : outer.scope};
}

std::vector<ScopeId> Scopes::used_by_exports() const
{
    std::set<ScopeId> used;
    for (const auto scope : exports_)
        for (const auto type : (*model_)[*scopes_[scope.index].interface].types)
            if (const auto* alias = std::get_if<Alias>(&kind_of(*model_, type)))
                if (const auto* target = type_id(alias->type); target != nullptr)
                    used.insert(owner(*target, scope));
    std::erase_if(used, [&](ScopeId id) { return scopes_[id.index].is_export || id == world(); });
    return {used.begin(), used.end()};
}

} // namespace trellis::wasm::component::bindgen
