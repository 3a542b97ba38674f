// Where the types of a component and of all components nested in it live. Value and function types are interned: what
// is written alike has one id, and `canonical` forgets the names that types got. Memory is bounded: the arena refuses
// to grow beyond a limit. Filled by validation on one thread, then immutable and shared.
#pragma once

#include "base/result.hpp"
#include "wasm/component/syntax/types.hpp"

#include <deque>
#include <string>

namespace trellis::wasm::component {

class TypeArena {
public:
    /// Keeps the binary, whose bytes names point to.
    explicit TypeArena(SharedBytes binary);

    [[nodiscard]] const ValueType& operator[](ValueTypeId id) const { return values_[number(id)]; }
    [[nodiscard]] const FuncType& operator[](FuncTypeId id) const { return functions_[number(id)]; }
    [[nodiscard]] const InstanceType& operator[](InstanceTypeId id) const { return instances_[number(id)]; }
    [[nodiscard]] const ComponentType& operator[](ComponentTypeId id) const { return components_[number(id)]; }
    [[nodiscard]] const ModuleType& operator[](ModuleTypeId id) const { return modules_[number(id)]; }

    [[nodiscard]] ValueTypeId canonical(ValueTypeId id) const { return (*this)[id].canonical; }
    [[nodiscard]] FuncTypeId canonical(FuncTypeId id) const { return (*this)[id].canonical; }
    [[nodiscard]] bool same(ValueTypeId a, ValueTypeId b) const { return canonical(a) == canonical(b); }

    /// The id of a type of which kind, members, element, other, length and resource are filled in.
    ValueTypeId intern(ValueType type);
    /// The id of a type of which asynchrony, parameters and result are filled in.
    FuncTypeId intern(FuncType type);
    /// The same type under a new name.
    ValueTypeId named(ValueTypeId id);
    ResourceType named(ResourceType type) { return {type.id, ++names_}; }

    InstanceTypeId add(InstanceType type);
    ComponentTypeId add(ComponentType type);
    ModuleTypeId add(ModuleType type);
    ResourceType new_resource() { return {static_cast<ResourceId>(resources_++), 0}; }

    [[nodiscard]] TypeFacts facts(const AnyType& type) const;
    [[nodiscard]] TypeFacts facts(const ExternType& type) const;

    /// Counts work that is not bounded by the input. Errors: limit.
    Result<> spend(std::uint64_t steps);

private:
    void find_facts(ValueType& type) const;
    void measure(ValueType& type) const;
    void measure_members(ValueType& type) const;
    void measure_cases(ValueType& type, std::span<const ValueTypeId> payloads) const;
    ValueTypeId canonical_of(const ValueType& type);

    SharedBytes binary_;
    std::deque<ValueType> values_;
    std::deque<FuncType> functions_;
    std::deque<InstanceType> instances_;
    std::deque<ComponentType> components_;
    std::deque<ModuleType> modules_;
    std::unordered_map<std::string, ValueTypeId> value_ids_;
    std::unordered_map<std::string, FuncTypeId> function_ids_;
    std::uint32_t resources_ = 0;
    std::uint32_t names_ = 0;
    std::uint64_t spent_ = 0;
};

} // namespace trellis::wasm::component
