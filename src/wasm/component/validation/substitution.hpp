// Types of a component with other resources put in for some: what its exports are once it is instantiated. Each type is
// rewritten once; types that hold neither resources nor names stay themselves.
#pragma once

#include "wasm/component/syntax/type_arena.hpp"

#include <unordered_set>

namespace trellis::wasm::component {

/// Ids of value types that are a name's own: nothing else is the same type to the rules about names.
using NamedIds = std::unordered_set<std::uint32_t>;

class Substitution {
public:
    Substitution(TypeArena& arena, NamedIds& named) : arena_(arena), named_(named) {}

    /// The id gets the other one's name too, if it has one.
    void replace(ResourceId from, ResourceType to) { resources_[static_cast<std::uint32_t>(from)] = to; }
    /// Types that got names with the one import are those that the argument names. Errors: limit.
    Result<> rename(const ExternType& from, const ExternType& to);
    [[nodiscard]] bool is_empty() const { return resources_.empty() && values_.empty(); }

    ResourceType operator()(ResourceType type);
    Result<ValueTypeId> operator()(ValueTypeId id);
    Result<FuncTypeId> operator()(FuncTypeId id);
    Result<InstanceTypeId> operator()(InstanceTypeId id);
    Result<ComponentTypeId> operator()(ComponentTypeId id);
    Result<AnyType> operator()(const AnyType& type);
    Result<ExternType> operator()(const ExternType& type);
    Result<Externs> operator()(const Externs& externs);
    Result<std::vector<PlacedResource>> operator()(const std::vector<PlacedResource>& list);

private:
    template <class Id>
    using Memo = std::unordered_map<std::uint32_t, Id>;

    Result<ValueTypeId> rebuild(const ValueType& type);

    TypeArena& arena_;
    NamedIds& named_;
    std::unordered_map<std::uint32_t, ResourceType> resources_;
    Memo<ValueTypeId> values_;
    Memo<FuncTypeId> functions_;
    Memo<InstanceTypeId> instances_;
    Memo<ComponentTypeId> components_;
};

} // namespace trellis::wasm::component
