#include "wasm/component/encoding/root_types.hpp"

#include "base/check.hpp"

namespace trellis::wasm::component::encoding {

/// The scope of the component, seen from the world itself (no item) or from an interface.
class RootTypes::Space final : public TypeSpace {
public:
    Space(RootTypes& all, const wit::WorldItem* item, bool is_export) : all_(all), item_(item), is_export_(is_export)
    {
        if (item != nullptr)
            interface_ = std::get<wit::InterfaceId>(item->item);
    }

    ComponentTypeIndex define(written::Type type) override { return all_.writer_.add(type); }

    ComponentTypeIndex name(wit::TypeId id, written::ExternType bound) override
    {
        if (item_ == nullptr)
            return std::get<ComponentTypeIndex>(all_.writer_.add(Import{type_name(all_.model_[id]), bound}));
        const auto* equal = std::get_if<written::EqualType>(&bound);
        TRELLIS_CHECK(equal != nullptr); // resources are bound before
        return equal->type;
    }

    std::optional<ComponentTypeIndex> elsewhere(wit::TypeId id) override
    {
        const auto* owner = std::get_if<wit::InterfaceId>(&all_.model_[id].owner);
        if (item_ == nullptr)
            return owner != nullptr ? std::optional(all_.alias(all_.imported_.at(*owner), id)) : std::nullopt;
        if (owner != nullptr && *owner == interface_)
            return is_export_ ? std::nullopt : std::optional(all_.alias(all_.imports_.at(item_), id));
        if (owner != nullptr && is_export_) {
            if (const auto instance = all_.exported_.find(*owner); instance != all_.exported_.end())
                return all_.alias(instance->second, id);
            if (const auto item = all_.exports_.find(*owner); item != all_.exports_.end())
                return all_.of_export(*item->second).type(id);
        }
        return all_.world().type(id);
    }

private:
    RootTypes& all_;
    const wit::WorldItem* item_;
    wit::InterfaceId interface_ = {};
    bool is_export_;
};

RootTypes::RootTypes(const wit::Model& model, const wit::World& world, ComponentWriter& writer)
    : model_(model), writer_(writer), world_(scope(nullptr, false))
{
    for (const auto& item : world.exports)
        if (const auto* interface = std::get_if<wit::InterfaceId>(&item.item);
            interface != nullptr && !model.implemented_by(item))
            exports_.emplace(*interface, &item);
}

std::unique_ptr<RootTypes::Scope> RootTypes::scope(const wit::WorldItem* item, bool is_export)
{
    auto space = std::make_unique<Space>(*this, item, is_export);
    auto& reference = *space;
    return std::make_unique<Scope>(std::move(space), TypeEncoder(model_, reference));
}

ComponentTypeIndex RootTypes::alias(ComponentInstanceIndex instance, wit::TypeId id)
{
    return std::get<ComponentTypeIndex>(writer_.add(AliasExport{ItemKind::type, instance, model_[id].name}));
}

void RootTypes::imported(const wit::WorldItem& item, ComponentInstanceIndex instance)
{
    imports_[&item] = instance;
    if (!model_.implemented_by(item))
        imported_[std::get<wit::InterfaceId>(item.item)] = instance;
}

void RootTypes::exported(const wit::WorldItem& item, ComponentInstanceIndex instance)
{
    if (!model_.implemented_by(item))
        exported_[std::get<wit::InterfaceId>(item.item)] = instance;
}

TypeEncoder& RootTypes::of_import(const wit::WorldItem& item)
{
    auto& found = import_scopes_[&item];
    if (!found)
        found = scope(&item, false);
    return found->types;
}

RootTypes::Scope& RootTypes::export_scope(const wit::WorldItem& item, Scopes& among)
{
    auto& found = among[&item];
    if (!found) {
        found = scope(&item, true);
        for (const auto& [resource, index] : resources_[&item])
            found->types.bind(resource, index);
    }
    return *found;
}

TypeEncoder& RootTypes::of_export(const wit::WorldItem& item)
{
    return export_scope(item, export_scopes_).types;
}

TypeEncoder& RootTypes::of_export_again(const wit::WorldItem& item)
{
    return export_scope(item, again_).types;
}

void RootTypes::bind_resource(const wit::WorldItem& item, wit::TypeId resource, ComponentTypeIndex index)
{
    resources_[&item].emplace_back(resource, index);
}

} // namespace trellis::wasm::component::encoding
