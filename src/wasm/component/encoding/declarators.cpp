#include "wasm/component/encoding/declarators.hpp"

namespace trellis::wasm::component::encoding {

ComponentTypeIndex Declarators::define(written::Type type)
{
    append(std::move(type));
    return next_type();
}

ComponentTypeIndex Declarators::import_type(ExternName name, written::ExternType bound)
{
    append(written::Import{name, bound});
    return next_type();
}

ComponentTypeIndex Declarators::export_type(ExternName name, written::ExternType bound)
{
    append(written::Export{name, bound});
    return next_type();
}

ComponentInstanceIndex Declarators::import_instance(ExternName name, ComponentTypeIndex type)
{
    append(written::Import{name, written::InstanceOfType{type}});
    return next_instance();
}

ComponentInstanceIndex Declarators::export_instance(ExternName name, ComponentTypeIndex type)
{
    append(written::Export{name, written::InstanceOfType{type}});
    return next_instance();
}

void Declarators::import_function(ExternName name, ComponentTypeIndex type)
{
    append(written::Import{name, written::FuncOfType{type}});
}

void Declarators::export_function(ExternName name, ComponentTypeIndex type)
{
    append(written::Export{name, written::FuncOfType{type}});
}

void Declarators::export_component(ExternName name, ComponentTypeIndex type)
{
    append(written::Export{name, written::ComponentOfType{type}});
}

ComponentTypeIndex Declarators::alias(ComponentInstanceIndex instance, std::string_view name)
{
    append(Alias(AliasExport{ItemKind::type, instance, name}));
    return next_type();
}

ComponentTypeIndex Declarators::alias_outer(ComponentTypeIndex type)
{
    append(Alias(AliasOuter{1, type}));
    return next_type();
}

} // namespace trellis::wasm::component::encoding
