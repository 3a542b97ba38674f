// A component: its definitions in order, each of which adds to an index space. The decoder fills in what the binary
// says; validation adds types, so that instantiation goes through `definitions` once and looks nothing up by type. Then
// immutable and shared between threads. Open this header first.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#component-definitions
#pragma once

#include "base/bytes.hpp"
#include "wasm/component/syntax/canonical.hpp"
#include "wasm/component/syntax/type_arena.hpp"

namespace trellis::wasm::component {

struct Component;

struct CoreModuleDefinition {
    std::shared_ptr<const Module> module; ///< shares the component's bytes
    ByteRange bytes;                      ///< in the root component's binary
};

struct CoreTypeDefinition {
    written::CoreType written;
};

/// A core instance from a module; each argument is everything another instance exports.
struct CoreInstantiate {
    struct Argument {
        std::string_view name; ///< the first half of the names of imports
        CoreInstanceIndex instance;
    };
    CoreModuleIndex module;
    std::vector<Argument> arguments;
};

/// A core instance that is only a bag of exports.
struct CoreBag {
    struct Export {
        std::string_view name;
        CoreItem item;
    };
    std::vector<Export> exports;
};

struct NestedComponent {
    std::shared_ptr<const Component> component;
};

struct Instantiate {
    struct Argument {
        std::string_view name;
        Item item;
    };
    ComponentIndex component;
    std::vector<Argument> arguments;
};

/// A component instance that is only a bag of exports.
struct Bag {
    struct Export {
        ExternName name;
        Item item;
    };
    std::vector<Export> exports;
};

struct TypeDefinition {
    written::Type written;
};

struct Import {
    ExternName name;
    written::ExternType written_type;
    ExternType type = {}; ///< from validation
};

/// Adds another index of the exported item to its index space.
struct Export {
    ExternName name;
    Item item;
    std::optional<written::ExternType> written_type;
    ExternType type = {}; ///< from validation
};

struct Definition {
    std::variant<CoreModuleDefinition, CoreInstantiate, CoreBag, CoreTypeDefinition, NestedComponent, Instantiate, Bag,
                 Alias, TypeDefinition, CanonLift, CanonLower, CanonBuiltin, Import, Export>
        what;
    std::uint32_t offset; ///< in the root component's binary
};

/// A core type that is no module type: one of the types of a module made for it, which has nothing else.
struct CoreDefinedType {
    std::shared_ptr<const Module> types;
    TypeIndex index{};
};
using CoreType = std::variant<CoreDefinedType, ModuleTypeId>;

/// The types of all that is in the index spaces of a component, in order.
struct IndexSpaces {
    std::vector<CoreType> core_types;
    std::vector<ModuleTypeId> core_modules;
    std::vector<std::shared_ptr<const CoreExports>> core_instances;
    std::vector<std::shared_ptr<const CanonicalType>> core_functions;
    std::vector<CoreExternType> core_tables;
    std::vector<CoreExternType> core_memories;
    std::vector<CoreExternType> core_globals;
    std::vector<std::shared_ptr<const CanonicalType>> core_tags;

    std::vector<AnyType> types;
    std::vector<FuncTypeId> functions;
    std::vector<InstanceTypeId> instances;
    std::vector<ComponentTypeId> components;
};

struct ImportedResource {
    ResourcePath path; ///< name of the import, then names of exports of instances
};
struct DefinedResource {
    ValType representation;
    std::optional<CoreFuncIndex> destructor;
};
struct InstantiatedResource {
    ComponentInstanceIndex instance;
    ResourcePath path; ///< names of exports, from the instance on
};
/// Exported as less than it is: outside, and for what is defined behind the export, it is a type of its own.
struct AscribedResource {
    ResourceId meant;
};

/// An abstract resource type that this component's types speak of. Each instance of the component has one resource type
/// of the run time for it: given with an import, made when its definition is reached, or made by an instance inside.
struct Resource {
    ResourceId id;
    std::variant<ImportedResource, DefinedResource, InstantiatedResource, AscribedResource> origin;
    std::uint32_t definition; ///< which of `definitions` brings it
};

struct Component {
    SharedBytes binary; ///< of the root component
    ByteRange bytes;    ///< of this one
    std::vector<Definition> definitions;
    std::vector<std::uint32_t> imports; ///< positions in `definitions`
    std::vector<std::uint32_t> exports;

    // From validation:
    std::shared_ptr<const TypeArena> types; ///< shared with the components nested in it
    IndexSpaces spaces;
    std::vector<Resource> resources; ///< in the order they come to be
    ComponentTypeId type{};

    [[nodiscard]] const Import& import(std::size_t i) const { return std::get<Import>(definitions[imports[i]].what); }
    [[nodiscard]] const Export& export_(std::size_t i) const { return std::get<Export>(definitions[exports[i]].what); }
};

} // namespace trellis::wasm::component
