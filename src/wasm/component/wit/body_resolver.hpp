// Resolves what interfaces and worlds have in common: `use`, types and functions, in one scope of names.
#pragma once

#include "wasm/component/wit/resolution.hpp"

namespace trellis::wasm::component::wit {

class BodyResolver {
public:
    /// Names are added to `names`; types belong to `owner`.
    BodyResolver(Resolution& resolution, std::uint32_t scope, Owner owner, NameScope& names)
        : resolution_(resolution), scope_(scope), owner_(owner), names_(names)
    {
    }

    /// The types, used ones first, each behind those it needs; and the functions of the resources among them.
    struct Types {
        std::vector<TypeId> types;
        std::vector<Function> functions;
    };
    Result<Types> types(const std::vector<UseItem>& uses, const std::vector<TypeItem>& items);
    Result<Function> function(const FunctionSyntax& syntax);

private:
    Result<bool> is_active(const Preamble& preamble) const;
    Result<> bind(const Name& name, Binding binding);
    Result<> use(const UseItem& item, std::vector<TypeId>& into);
    Result<TypeId> used_type(const UseItem& item, const Renaming& renaming);
    Result<std::vector<const TypeItem*>> active_in_order(const std::vector<TypeItem>& items);
    Result<TypeKind> kind_of(const TypeItem& item);
    Result<Function> method(const FunctionSyntax& syntax, const TypeItem& item, TypeId resource);
    Result<> methods(const TypeItem& item, TypeId resource, std::vector<Function>& into);
    Result<Function> signature(const FunctionSyntax& syntax, std::optional<TypeId> resource);
    Result<> check_constructor(const FunctionSyntax& syntax, const Function& function);
    Result<Type> type(const TypeSyntax& syntax);
    Result<std::optional<Type>> type(const std::optional<TypeSyntax>& syntax);
    Result<Type> named(const TypeSyntax& syntax, bool resource_stays);
    Result<TypeKind> composed(const TypeSyntax& syntax);
    Result<TypeId> handled(const TypeSyntax& syntax);

    Resolution& resolution_;
    std::uint32_t scope_;
    Owner owner_;
    NameScope& names_;
};

} // namespace trellis::wasm::component::wit
