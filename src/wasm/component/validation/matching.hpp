// Whether something of one type may stand where another is asked for. Value types have to be equal, so do resources;
// what modules, instances and components offer may be more than is asked for, what they ask for may be less. Messages
// go from the outside in.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#type-checking
#pragma once

#include "wasm/component/validation/substitution.hpp"

namespace trellis::wasm::component {

class Matcher {
public:
    Matcher(TypeArena& arena, NamedIds& named) : arena_(arena), named_(named) {}

    Result<> match(const ExternType& given, const ExternType& wanted);
    Result<> match(ModuleTypeId given, ModuleTypeId wanted);
    Result<> match(FuncTypeId given, FuncTypeId wanted);
    Result<> match(const AnyType& given, const AnyType& wanted);
    Result<> match(ValueTypeId given, ValueTypeId wanted);
    Result<> match(InstanceTypeId given, InstanceTypeId wanted);
    Result<> match(ComponentTypeId given, ComponentTypeId wanted);

private:
    Result<> match_members(const ValueType& given, const ValueType& wanted);
    Result<> match_parts(const ValueType& given, const ValueType& wanted);
    Result<> match_part(ValueTypeId given, ValueTypeId wanted, std::string_view what);
    Result<> match_exports(const Externs& given, const Externs& wanted, std::string_view what);

    TypeArena& arena_;
    NamedIds& named_;
};

/// Of core items. Errors: invalid.
Result<> match(const CoreExternType& given, const CoreExternType& wanted);

/// The resource at the end of the path, from the item of that name on.
std::optional<ResourceType> find_resource(const TypeArena& arena, const Externs& externs, const ResourcePath& path);

/// "func", "instance": what messages call it.
std::string_view kind_name(const ExternType& type);

/// "type mismatch in ...: what was wrong there".
Error within(std::string what, Error inner);

} // namespace trellis::wasm::component
