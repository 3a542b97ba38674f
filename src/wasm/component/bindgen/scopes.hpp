// Where a world's types come from. One interface that is imported and exported is two sets of C types, and one that is
// imported under two names too; a type's name in C, and what a handle is, depend on the scope in which it is used.
#pragma once

#include "wasm/component/wit/model.hpp"

#include <map>
#include <span>

namespace trellis::wasm::component::bindgen {

using ScopeId = wit::Id<struct ScopeTag>;

struct Scope {
    const wit::WorldItem* item = nullptr;           ///< null: the world itself
    std::optional<wit::InterfaceId> interface = {}; ///< of all but the world
    wit::PackageId package = {};
    bool is_export = false;   ///< its resources are defined here
    std::string space = {};   ///< what names in C begin with: "wasi_io_poll"
    std::string module = {};  ///< in the component: "wasi:io/poll@0.2.0", "$root"
    std::uint32_t family = 0; ///< scopes of one family share types without a name
};

/// A type, and where it is used.
struct Typed {
    wit::Type type;
    ScopeId scope;
};

/// What a type is: of `type a = list<u8>` a list, and another name only where it names what has a name.
const wit::TypeKind& kind_of(const wit::Model& model, wit::TypeId id);

/// Names of interfaces as the component has them, and what C names begin with instead.
using Renames = std::map<std::string, std::string, std::less<>>;

class Scopes {
public:
    Scopes(const wit::Model& model, wit::WorldId world, const Renames& renames);

    [[nodiscard]] const Scope& operator[](ScopeId id) const { return scopes_[id.index]; }
    [[nodiscard]] std::span<const ScopeId> imports() const { return imports_; }
    [[nodiscard]] std::span<const ScopeId> exports() const { return exports_; }
    [[nodiscard]] ScopeId world() const { return {0}; }

    /// Where a type that `current` mentions is defined.
    [[nodiscard]] ScopeId owner(wit::TypeId id, ScopeId current) const;
    /// The type behind all its other names.
    [[nodiscard]] Typed resolved(Typed typed) const;
    /// Null for a primitive type.
    [[nodiscard]] const wit::TypeKind* kind(const Typed& resolved) const;
    /// What a type refers to, seen from where that type is.
    [[nodiscard]] Typed inside(const Typed& outer, const wit::Type& type) const;
    /// Imported interfaces whose types exported ones use: what belongs to them keeps its name in exports.
    [[nodiscard]] std::vector<ScopeId> used_by_exports() const;

    static constexpr std::uint32_t import_family = 0;
    static constexpr std::uint32_t export_family = 1;

private:
    void add(const wit::WorldItem& item, bool is_export, const Renames& renames);
    [[nodiscard]] std::string space_of(const wit::WorldItem& item, bool is_export, const Renames& renames) const;
    [[nodiscard]] std::string full_space(wit::InterfaceId interface) const;

    const wit::Model* model_;
    std::vector<Scope> scopes_;
    std::vector<ScopeId> imports_, exports_;
    std::map<wit::InterfaceId, ScopeId> imported_, exported_; ///< what `use` means
};

} // namespace trellis::wasm::component::bindgen
