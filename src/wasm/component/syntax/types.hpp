// The types of components, resolved: what validation makes of the types that a binary writes. Types live in a TypeArena
// (type_arena.hpp) and are named by ids. A type that an import or export gives a name to is a type of its own to
// validation; `canonical` leads to the one id that all equal types share, so equality is comparison of ids.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#type-checking
#pragma once

#include "wasm/component/syntax/extern_name.hpp"
#include "wasm/component/syntax/value_kind.hpp"
#include "wasm/syntax/module.hpp"
#include "wasm/syntax/type_registry.hpp"

#include <array>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace trellis::wasm::component {

/// Ids of types, unique in their arena. A primitive type's ValueTypeId is the number of its ValueKind.
enum class ValueTypeId : std::uint32_t {};
enum class FuncTypeId : std::uint32_t {};
enum class InstanceTypeId : std::uint32_t {};
enum class ComponentTypeId : std::uint32_t {};
enum class ModuleTypeId : std::uint32_t {};
/// An abstract resource type. Which one it is at run time is found out anew by each instantiation:
/// Component::resources.
enum class ResourceId : std::uint32_t {};

/// The payload of a case without payload, the result of a function without result.
inline constexpr ValueTypeId no_type{0xffff'ffff};

constexpr ValueTypeId primitive(ValueKind kind)
{
    return static_cast<ValueTypeId>(kind);
}

/// Sizes in linear memory, in bytes, with 32-bit pointers.
struct Layout {
    std::uint32_t size = 0;
    std::uint32_t alignment = 1;
    friend bool operator==(Layout, Layout) = default;
};

/// The core values that a value is passed as, as far as they are at most `max`.
struct FlatTypes {
    static constexpr std::size_t max = 17;

    std::array<Kind, max> kinds{};
    std::uint8_t count = 0;
    bool too_many = false; ///< there are more, and `kinds` does not matter

    [[nodiscard]] bool fits(std::size_t limit) const { return !too_many && count <= limit; }
    [[nodiscard]] std::span<const Kind> view() const { return {kinds.data(), count}; }
    void add(Kind kind);
    void add(const FlatTypes& more);
};

struct Member {
    std::string_view name; ///< empty in a tuple
    ValueTypeId type = no_type;
    std::uint32_t offset = 0; ///< of a field from the record's beginning
};
using Members = std::vector<Member>;

/// What limits and rules ask of a type, found once.
struct TypeFacts {
    std::uint32_t nodes = 1; ///< of the type written out as a tree
    std::uint32_t depth = 1;
    bool has_borrow = false;
    bool has_resource = false;
    bool has_name = false;    ///< a part that an import or export has given a name
    bool has_pointer = false; ///< a string or a list of any length
    bool has_async = false;   ///< a stream or a future
    void add(const TypeFacts& part);
};

/// Any value type. Tuples, flags and enums have members; map, option and result too are what they are written as.
struct ValueType {
    ValueKind kind{};
    std::shared_ptr<const Members> members = {}; ///< fields, cases, elements of a tuple, flags; never null
    ValueTypeId element = no_type;               ///< of list, option, stream, future; a map's key; a result's ok
    ValueTypeId other = no_type;                 ///< a map's value; a result's error
    std::uint32_t length = 0;                    ///< of fixed_list
    ResourceId resource{};                       ///< of own and borrow
    std::uint32_t resource_name = 0;             ///< and by which of its names (validation only)

    Layout layout = {};
    std::uint32_t payload_offset = 0;    ///< of variant, option and result
    std::uint8_t discriminant_bytes = 0; ///< of variant, enum, option and result
    FlatTypes flat = {};
    TypeFacts facts = {};
    std::uint64_t wide_size = 0; ///< with 64-bit pointers: what the limit is about
    std::uint32_t wide_alignment = 1;
    ValueTypeId canonical = no_type;
};

struct Parameter {
    std::string_view name;
    ValueTypeId type;
};

struct FuncType {
    bool is_async = false;
    std::vector<Parameter> params = {};
    ValueTypeId result = no_type;

    FlatTypes flat_params = {};
    FlatTypes flat_result = {};
    Layout params_layout = {}; ///< of the tuple of parameters
    TypeFacts param_facts = {};
    TypeFacts result_facts = {};
    TypeFacts facts = {};
    FuncTypeId canonical{};
};

/// A resource type by one of its names. Two names of one resource differ to validation only.
struct ResourceType {
    ResourceId id{};
    std::uint32_t name = 0;
    friend bool operator==(ResourceType, ResourceType) = default;
};

/// What an index of the type index space stands for.
using AnyType = std::variant<ResourceType, ValueTypeId, FuncTypeId, InstanceTypeId, ComponentTypeId>;

/// An imported or exported type: the one that is meant, and the name it gets.
struct TypeEquals {
    AnyType meant;
    AnyType named;
};

/// The type of something imported or exported, in the order of Item.
using ExternType = std::variant<ModuleTypeId, FuncTypeId, TypeEquals, ComponentTypeId, InstanceTypeId>;

struct NamedExtern {
    ExternName name;
    ExternType type;
};

/// Imports or exports in order, and where each name is.
struct Externs {
    std::vector<NamedExtern> list;
    std::unordered_map<std::string_view, std::uint32_t> positions;

    [[nodiscard]] const ExternType* find(std::string_view name) const
    {
        const auto found = positions.find(name);
        return found == positions.end() ? nullptr : &list[found->second].type;
    }
    void add(NamedExtern item)
    {
        positions.emplace(item.name.name, static_cast<std::uint32_t>(list.size()));
        list.push_back(std::move(item));
    }
};

/// From an import or export through the exports of instances to a resource: their names.
using ResourcePath = std::vector<std::string_view>;

struct PlacedResource {
    ResourceId id;
    ResourcePath path;
};

struct InstanceType {
    Externs exports = {};
    std::vector<PlacedResource> bound =
        {}; ///< exist in each instance anew; none in the type of an instance that is there
    std::vector<PlacedResource> exported = {}; ///< where resources are found in the exports
    TypeFacts facts = {};
};

struct ComponentType {
    Externs imports = {};
    Externs exports = {};
    std::vector<PlacedResource> imported = {}; ///< each resource that comes with the imports
    std::vector<PlacedResource> defined = {};  ///< each resource that instantiation makes, and where it is exported
    std::vector<PlacedResource> exported = {}; ///< where resources are found in the exports
    TypeFacts facts = {};
};

/// The type of something a core module imports or exports. Reference types in it have the indices of `context`.
struct CoreExternType {
    std::variant<std::shared_ptr<const CanonicalType>, TableType, MemoryType, GlobalType>
        type; ///< function or tag first
    ExternKind kind{};
    const Module* context = nullptr;
};

struct CoreExports {
    struct Named {
        std::string_view name;
        CoreExternType type;
    };
    std::vector<Named> list;
    std::unordered_map<std::string_view, std::uint32_t> positions;

    [[nodiscard]] const CoreExternType* find(std::string_view name) const
    {
        const auto found = positions.find(name);
        return found == positions.end() ? nullptr : &list[found->second].type;
    }
};

/// The type of a core module that is there, or of one that is asked for.
struct ModuleType {
    struct Import {
        std::string_view module;
        std::string_view name;
        CoreExternType type;
    };
    std::shared_ptr<const Module> module; ///< of a declared type: only types and imports, the exports' types last
    bool is_declared = false;
    std::vector<Import> imports = {};
    std::shared_ptr<const CoreExports> exports = {};
};

} // namespace trellis::wasm::component
