// The scope of an instance type, made for an interface: named types of the interface are its exports, others come from
// the scope around it.
#pragma once

#include "wasm/component/encoding/declarators.hpp"
#include "wasm/component/encoding/type_encoder.hpp"

namespace trellis::wasm::component::encoding {

class InstanceSpace final : public TypeSpace {
public:
    InstanceSpace(const wit::Model& model, wit::InterfaceId interface, TypeEncoder& around)
        : model_(model), interface_(interface), around_(around)
    {
    }

    ComponentTypeIndex define(written::Type type) override { return declarators.define(std::move(type)); }
    ComponentTypeIndex name(wit::TypeId id, written::ExternType bound) override
    {
        return declarators.export_type(type_name(model_[id]), bound);
    }
    std::optional<ComponentTypeIndex> elsewhere(wit::TypeId id) override
    {
        if (model_[id].owner == wit::Owner(interface_))
            return std::nullopt;
        return declarators.alias_outer(around_.type(id));
    }

    Declarators declarators;

private:
    const wit::Model& model_;
    wit::InterfaceId interface_;
    TypeEncoder& around_;
};

} // namespace trellis::wasm::component::encoding
