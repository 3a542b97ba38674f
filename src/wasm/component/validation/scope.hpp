// What validation knows while it is inside a component or a declared type: the index spaces so far, the names given,
// and the scopes around. Belongs to one validation.
#pragma once

#include "wasm/component/syntax/component.hpp"
#include "wasm/component/validation/extern_names.hpp"

#include <unordered_set>

namespace trellis::wasm::component {

/// Types that have a name outside: only those may stand in the types of what is imported or exported.
struct NamedTypes {
    const NamedTypes* around = nullptr;          ///< whose types have names here, too
    std::unordered_set<std::uint32_t> values;    ///< ValueTypeId
    std::unordered_set<std::uint64_t> resources; ///< id and name

    void add(ResourceType type) { resources.insert(key(type)); }
    void add(ValueTypeId id) { values.insert(static_cast<std::uint32_t>(id)); }
    [[nodiscard]] bool has(ResourceType type) const
    {
        return resources.contains(key(type)) || (around && around->has(type));
    }
    [[nodiscard]] bool has(ValueTypeId id) const
    {
        return values.contains(static_cast<std::uint32_t>(id)) || (around && around->has(id));
    }

private:
    static std::uint64_t key(ResourceType type) { return static_cast<std::uint64_t>(type.id) << 32 | type.name; }
};

/// One direction: all imports of a scope, or all exports.
struct Side {
    std::string_view what; ///< "import" or "export"
    Externs externs;
    NameSet names;
    std::unordered_map<std::string_view, ResourceType> resources; ///< by the names that functions of them begin with
};

struct Scope {
    enum class Kind : std::uint8_t { component, component_type, instance_type };

    Kind kind;
    Scope* parent;
    IndexSpaces spaces = {};
    Side imports = {"import", {}, {}, {}};
    Side exports = {"export", {}, {}, {}};
    NamedTypes imported = {}; ///< by imports
    NamedTypes visible = {};  ///< by imports or exports
    std::vector<PlacedResource> imported_resources = {};
    std::vector<PlacedResource> bound = {};    ///< of declared types: by their exports
    std::vector<PlacedResource> exported = {}; ///< where resources are found in the exports
    std::vector<Resource> resources = {};      ///< of components
    std::uint32_t definition = 0;              ///< being looked at

    [[nodiscard]] bool is_type() const { return kind != Kind::component; }
};

} // namespace trellis::wasm::component
