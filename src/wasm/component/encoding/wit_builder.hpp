// Resolved types of a component turned into a WIT model, interface by interface. An interface that comes up again (a
// component imports and exports it, or several parts of a package need it) is one interface of the model, with all that
// was seen of it; and so with worlds, which makes one of those that several components hold.
#pragma once

#include "base/result.hpp"
#include "wasm/component/syntax/type_arena.hpp"
#include "wasm/component/wit/model.hpp"

#include <set>

namespace trellis::wasm::component::encoding {

class WitBuilder {
public:
    /// From now on types are those of this arena, which has to live as long as they are read.
    void read(const TypeArena& arena);
    wit::PackageId package(const wit::PackageName& name);
    /// By its full name ("a:b/c@1.0.0"). Errors: invalid, unsupported.
    Result<wit::InterfaceId> interface(const ExternName& full_name, InstanceTypeId type);
    Result<wit::WorldId> world(wit::PackageId package, std::string_view name, const Externs& imports,
                               const Externs& exports);
    /// The first is the second, which a component inside was given under a name of its own.
    void bind(ValueTypeId type, ValueTypeId meant) { given_.emplace(type, meant); }
    /// Of imports: the first, by its full name, is to be the second, which is a later version of it.
    void replace_import(std::string name, std::string later)
    {
        later_.insert_or_assign(std::move(name), std::move(later));
    }
    wit::Model take() && { return std::move(model_); }

private:
    using ResourceKey = std::pair<ResourceId, std::uint32_t>;

    /// What types are being added to: an interface or a world.
    struct Body {
        wit::Owner owner;
        std::map<wit::TypeId, wit::TypeId> uses = {};               ///< its own names for types of others
        std::map<ValueTypeId, wit::Type> unnamed = {};              ///< what was converted before
        std::map<std::string, wit::TypeId, std::less<>> names = {}; ///< its types
        std::set<std::string> items = {};                           ///< of a world: imports ("<a") and exports (">a")
        std::set<std::string> functions = {};                       ///< of an interface
    };

    Result<wit::PackageName> package_name(std::string_view text) const;
    Result<> fill(wit::InterfaceId id, InstanceTypeId type);
    Result<> add_item(Body& body, wit::WorldId world, const NamedExtern& item, bool is_export);
    Body& world_body(wit::PackageId package, std::string_view name);
    Result<wit::WorldItem> instance_item(ExternName name, InstanceTypeId type, wit::PackageId package, bool is_export);
    Result<wit::TypeId> add_type(Body& body, const ExternName& name, const TypeEquals& type);
    Result<wit::TypeKind> kind_of(Body& body, std::string_view name, const TypeEquals& type);
    [[nodiscard]] std::optional<wit::TypeId> meant_by(const Body& body, std::string_view name,
                                                      const TypeEquals& type) const;
    void remember(const TypeEquals& type, wit::TypeId id);
    Result<wit::Function> function(Body& body, const ExternName& name, FuncTypeId type);
    Result<wit::Type> value_type(Body& body, ValueTypeId id);
    Result<std::optional<wit::Type>> optional_type(Body& body, ValueTypeId id);
    Result<wit::TypeKind> composed(Body& body, const ValueType& type);
    Result<std::vector<wit::Case>> cases(Body& body, const ValueType& type);
    Result<wit::TypeId> resource(Body& body, const ValueType& handle);
    [[nodiscard]] std::optional<wit::TypeId> known(ValueTypeId id) const;
    [[nodiscard]] std::optional<wit::TypeId> known(const ResourceType& resource, std::string_view name,
                                                   const wit::Owner& owner) const;
    wit::TypeId local(Body& body, wit::TypeId id);
    wit::TypeId add(Body& body, wit::TypeDefinition definition);

    [[nodiscard]] const TypeArena& arena() const { return *arena_; }

    const TypeArena* arena_ = nullptr;
    wit::Model model_;
    std::map<std::string, wit::InterfaceId, std::less<>> interfaces_;
    std::map<std::string, std::string, std::less<>> later_; ///< versions of imports
    std::map<wit::InterfaceId, Body> bodies_;
    std::map<std::pair<wit::PackageId, std::string>, wit::WorldId> worlds_;
    std::map<wit::WorldId, Body> world_bodies_;
    std::map<ValueTypeId, wit::TypeId> values_; ///< types with names
    std::map<ValueTypeId, ValueTypeId> given_;
    std::map<std::pair<ValueTypeId, std::string>, wit::TypeId> with_resources_; ///< by canonical id and name
    std::map<ResourceKey, wit::TypeId> resources_;
    std::map<ResourceId, std::vector<wit::TypeId>> names_of_resources_;
};

} // namespace trellis::wasm::component::encoding
