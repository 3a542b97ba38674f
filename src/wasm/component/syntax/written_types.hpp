// Types as a component's binary writes them: indices into scopes, declarators in order. Validation turns them into the
// types of type_arena.hpp, and nothing behind validation looks here. Plain values; names are views into the binary.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md#type-definitions
#pragma once

#include "wasm/component/syntax/extern_name.hpp"
#include "wasm/component/syntax/indices.hpp"
#include "wasm/component/syntax/value_kind.hpp"
#include "wasm/syntax/module.hpp"

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace trellis::wasm::component {

/// One more name for an item of a component instance. What it is an alias of enters the index space of its kind.
struct AliasExport {
    ItemKind kind;
    ComponentInstanceIndex instance;
    std::string_view name;
};

struct AliasCoreExport {
    ExternKind kind;
    CoreInstanceIndex instance;
    std::string_view name;
};

/// Of an item in a scope around this one: 0 is the scope itself.
struct AliasOuter {
    std::uint32_t scopes;
    OuterItem item;
};

using Alias = std::variant<AliasExport, AliasCoreExport, AliasOuter>;

namespace written {

/// A primitive type or the index of a type.
using ValueType = std::variant<ValueKind, ComponentTypeIndex>;

struct Member {
    std::string_view name; ///< empty in a tuple
    std::optional<ValueType> type;
};

/// All kinds of value types in one shape: what a kind does not have is empty.
struct DefinedType {
    ValueKind kind;
    std::vector<Member> members;      ///< fields, cases, elements of a tuple, flags
    std::optional<ValueType> element; ///< of list, option, stream, future; a map's key; a result's ok
    std::optional<ValueType> other;   ///< a map's value; a result's error
    std::uint32_t length = 0;         ///< of fixed_list
    ComponentTypeIndex resource{};    ///< of own and borrow
};

struct FuncType {
    bool is_async = false;
    std::vector<Member> params;
    std::optional<ValueType> result;
};

struct ResourceType {
    ValType representation;
    std::optional<CoreFuncIndex> destructor;
};

struct EqualType {
    ComponentTypeIndex type;
};
struct AnyResource {};
struct ModuleOfType {
    CoreTypeIndex type;
};
struct FuncOfType {
    ComponentTypeIndex type;
};
struct ComponentOfType {
    ComponentTypeIndex type;
};
struct InstanceOfType {
    ComponentTypeIndex type;
};

using ExternType = std::variant<ModuleOfType, FuncOfType, EqualType, AnyResource, ComponentOfType, InstanceOfType>;

/// Core types that may refer to each other.
using CoreTypeGroup = std::vector<SubType>;

struct CoreImport {
    std::string_view module;
    std::string_view name;
    wasm::ExternType type;
};
struct CoreExport {
    std::string_view name;
    wasm::ExternType type;
};
struct ModuleDeclarator {
    std::variant<CoreTypeGroup, AliasOuter, CoreImport, CoreExport> what;
    std::uint32_t offset;
};
struct ModuleType {
    std::vector<ModuleDeclarator> declarators;
};
using CoreType = std::variant<CoreTypeGroup, ModuleType>;

struct Declarator;

struct ComponentType {
    std::vector<Declarator> declarators;
};
struct InstanceType {
    std::vector<Declarator> declarators;
};

using Type = std::variant<DefinedType, FuncType, ResourceType, ComponentType, InstanceType>;

struct Import {
    ExternName name;
    ExternType type;
};
struct Export {
    ExternName name;
    ExternType type;
};

/// One part of a component or instance type.
struct Declarator {
    std::variant<CoreType, Type, Alias, Import, Export> what;
    std::uint32_t offset;
};

} // namespace written
} // namespace trellis::wasm::component
