// The declarators of a component or instance type under construction: each call appends one and gives the index it
// gets. Names are views: whoever makes the type keeps them until it is written.
#pragma once

#include "wasm/component/syntax/written_types.hpp"

namespace trellis::wasm::component::encoding {

class Declarators {
public:
    ComponentTypeIndex define(written::Type type);
    ComponentTypeIndex import_type(ExternName name, written::ExternType bound);
    ComponentTypeIndex export_type(ExternName name, written::ExternType bound);
    ComponentInstanceIndex import_instance(ExternName name, ComponentTypeIndex type);
    ComponentInstanceIndex export_instance(ExternName name, ComponentTypeIndex type);
    void import_function(ExternName name, ComponentTypeIndex type);
    void export_function(ExternName name, ComponentTypeIndex type);
    void export_component(ExternName name, ComponentTypeIndex type);
    /// A type that an instance here exports.
    ComponentTypeIndex alias(ComponentInstanceIndex instance, std::string_view name);
    /// A type of the scope around this one.
    ComponentTypeIndex alias_outer(ComponentTypeIndex type);

    [[nodiscard]] bool empty() const { return list_.empty(); }
    std::vector<written::Declarator> take() && { return std::move(list_); }

private:
    template <class What>
    void append(What what)
    {
        list_.push_back({std::move(what), 0});
    }
    ComponentTypeIndex next_type() { return static_cast<ComponentTypeIndex>(types_++); }
    ComponentInstanceIndex next_instance() { return static_cast<ComponentInstanceIndex>(instances_++); }

    std::vector<written::Declarator> list_;
    std::uint32_t types_ = 0;
    std::uint32_t instances_ = 0;
};

} // namespace trellis::wasm::component::encoding
