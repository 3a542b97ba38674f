// The scope of an imported interface's type under construction, where a named type is an export; types of other
// interfaces are those of the component around it. Its declarators are the type, once all that is needed was defined.
#pragma once

#include "wasm/component/encoding/declarators.hpp"
#include "wasm/component/encoding/root_types.hpp"

namespace trellis::wasm::component::encoding {

class ImportedSpace final : public TypeSpace {
public:
    ImportedSpace(const wit::Model& model, wit::InterfaceId interface, RootTypes& root)
        : model_(model), interface_(interface), root_(root)
    {
    }

    ComponentTypeIndex define(written::Type type) override { return inner.define(std::move(type)); }
    ComponentTypeIndex name(wit::TypeId id, written::ExternType bound) override
    {
        return inner.export_type(type_name(model_[id]), bound);
    }
    std::optional<ComponentTypeIndex> elsewhere(wit::TypeId id) override
    {
        if (model_[id].owner == wit::Owner(interface_))
            return std::nullopt;
        return inner.alias_outer(root_.world().type(id));
    }

    Declarators inner;

private:
    const wit::Model& model_;
    wit::InterfaceId interface_;
    RootTypes& root_;
};

} // namespace trellis::wasm::component::encoding
