// The types of a component under construction, in its own scope: the world's, and those of each interface that it
// imports or exports. An interface's types are what its instance exports; those of an interface that is yet to be
// exported are defined in place.
#pragma once

#include "wasm/component/encoding/component_writer.hpp"
#include "wasm/component/encoding/type_encoder.hpp"

#include <memory>

namespace trellis::wasm::component::encoding {

class RootTypes {
public:
    RootTypes(const wit::Model& model, const wit::World& world, ComponentWriter& writer);

    TypeEncoder& world() { return world_->types; }
    /// From now on the interface's types are those of this instance.
    void imported(const wit::WorldItem& item, ComponentInstanceIndex instance);
    void exported(const wit::WorldItem& item, ComponentInstanceIndex instance);
    [[nodiscard]] ComponentInstanceIndex import_of(const wit::WorldItem& item) const { return imports_.at(&item); }
    /// Of an interface that is imported.
    TypeEncoder& of_import(const wit::WorldItem& item);
    /// Of an interface that is yet to be exported; its resources have been bound.
    TypeEncoder& of_export(const wit::WorldItem& item);
    /// The same once more, made of the types of instances that have been exported meanwhile.
    TypeEncoder& of_export_again(const wit::WorldItem& item);
    /// Says what an exported interface's resource is.
    void bind_resource(const wit::WorldItem& item, wit::TypeId resource, ComponentTypeIndex index);

private:
    class Space;
    struct Scope {
        std::unique_ptr<TypeSpace> space;
        TypeEncoder types;
    };
    using Scopes = std::map<const wit::WorldItem*, std::unique_ptr<Scope>>;

    std::unique_ptr<Scope> scope(const wit::WorldItem* item, bool is_export);
    Scope& export_scope(const wit::WorldItem& item, Scopes& among);
    ComponentTypeIndex alias(ComponentInstanceIndex instance, wit::TypeId id);

    const wit::Model& model_;
    ComponentWriter& writer_;
    std::unique_ptr<Scope> world_;
    Scopes import_scopes_, export_scopes_, again_;
    std::map<const wit::WorldItem*, ComponentInstanceIndex> imports_;
    std::map<wit::InterfaceId, ComponentInstanceIndex> imported_, exported_; ///< under the interface's own name
    std::map<wit::InterfaceId, const wit::WorldItem*> exports_;              ///< of the world, likewise
    std::map<const wit::WorldItem*, std::vector<std::pair<wit::TypeId, ComponentTypeIndex>>> resources_;
};

} // namespace trellis::wasm::component::encoding
