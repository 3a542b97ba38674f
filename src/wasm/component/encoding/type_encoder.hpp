// Types and functions of a WIT model as definitions of one scope: a component, or a component or instance type. Each is
// defined when it is first needed, and once. Recursion goes as deep as types are written into one another.
#pragma once

#include "wasm/component/syntax/written_types.hpp"
#include "wasm/component/wit/model.hpp"

#include <map>

namespace trellis::wasm::component::encoding {

/// A scope of types, and what it means there that a type has a name.
class TypeSpace {
public:
    TypeSpace() = default;
    TypeSpace(const TypeSpace&) = delete;
    TypeSpace& operator=(const TypeSpace&) = delete;
    virtual ~TypeSpace() = default;

    virtual ComponentTypeIndex define(written::Type type) = 0;
    /// Gives a type its name; the index under which it is known from now on.
    virtual ComponentTypeIndex name(wit::TypeId id, written::ExternType bound) = 0;
    /// What a named type is that is not to be defined here.
    virtual std::optional<ComponentTypeIndex> elsewhere(wit::TypeId id) = 0;
};

class TypeEncoder {
public:
    TypeEncoder(const wit::Model& model, TypeSpace& space) : model_(model), space_(space) {}

    /// Says what a type is here, before anybody asks.
    void bind(wit::TypeId id, ComponentTypeIndex index) { types_[id] = index; }
    /// Lets it be found anew.
    void forget(wit::TypeId id) { types_.erase(id); }
    [[nodiscard]] ComponentTypeIndex type(wit::TypeId id);
    [[nodiscard]] written::ValueType value_type(const wit::Type& type);
    [[nodiscard]] std::optional<written::ValueType> value_type(const std::optional<wit::Type>& type);
    [[nodiscard]] ComponentTypeIndex function(const wit::Function& function);
    /// A stream or future that carries nothing.
    [[nodiscard]] ComponentTypeIndex empty(ValueKind kind);

private:
    ComponentTypeIndex define(wit::TypeId id);
    ComponentTypeIndex aliased(const wit::Type& type);
    ComponentTypeIndex shared(written::Type type);
    written::DefinedType written_of(const wit::TypeKind& kind);
    std::vector<written::Member> members(const std::vector<wit::Case>& cases);

    const wit::Model& model_;
    TypeSpace& space_;
    std::map<wit::TypeId, ComponentTypeIndex> types_;
    std::map<std::vector<std::uint8_t>, ComponentTypeIndex> shared_; ///< types without names, by their bytes
};

ExternName plain_name(std::string_view name);
/// With what its notes say about it.
ExternName extern_name(std::string_view name, const wit::Notes& notes);
inline ExternName type_name(const wit::TypeDefinition& type)
{
    return extern_name(type.name, type.notes);
}

} // namespace trellis::wasm::component::encoding
