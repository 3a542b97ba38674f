#include "wasm/component/encoding/world_encoder.hpp"

#include "wasm/component/encoding/component_writer.hpp"
#include "wasm/component/encoding/instance_space.hpp"
#include "wasm/component/encoding/package_notes.hpp"

#include <deque>

namespace trellis::wasm::component::encoding {
namespace {

/// Makes a component type, import by import and export by export. Types of other interfaces come from the instance that
/// was imported or exported last under their interface's name.
class ComponentTypeEncoder {
public:
    explicit ComponentTypeEncoder(const wit::Model& model)
        : model_(model), world_space_(*this), world_(model, world_space_)
    {
    }

    void item(const wit::WorldItem& item, bool is_export);
    /// Without functions: what a dependency is there for.
    void import_types(wit::InterfaceId id);
    void export_interface(wit::InterfaceId id);
    /// The type, whose names live as long as this.
    written::ComponentType take() { return {std::move(outer_).take()}; }

private:
    /// The world's own scope, where a named type is an import.
    class WorldSpace final : public TypeSpace {
    public:
        explicit WorldSpace(ComponentTypeEncoder& all) : all_(all) {}
        ComponentTypeIndex define(written::Type type) override { return all_.outer_.define(std::move(type)); }
        ComponentTypeIndex name(wit::TypeId id, written::ExternType bound) override
        {
            return all_.outer_.import_type(type_name(all_.model_[id]), bound);
        }
        std::optional<ComponentTypeIndex> elsewhere(wit::TypeId id) override { return all_.of_instance(id); }

    private:
        ComponentTypeEncoder& all_;
    };

    std::string_view keep(std::string name) { return names_.emplace_back(std::move(name)); }
    std::optional<ComponentTypeIndex> of_instance(wit::TypeId id);
    ComponentTypeIndex instance_type(wit::InterfaceId id, bool with_functions);
    void interface(ExternName name, wit::InterfaceId id, bool is_export, bool with_functions = true);
    void function(const wit::Function& function, const std::string& name, bool is_export);

    const wit::Model& model_;
    std::deque<std::string> names_;
    Declarators outer_;
    std::map<wit::InterfaceId, ComponentInstanceIndex> instances_;
    WorldSpace world_space_;
    TypeEncoder world_;
};

/// A type of an interface that is an import or export by now.
std::optional<ComponentTypeIndex> ComponentTypeEncoder::of_instance(wit::TypeId id)
{
    const auto* owner = std::get_if<wit::InterfaceId>(&model_[id].owner);
    if (owner == nullptr)
        return std::nullopt;
    return outer_.alias(instances_.at(*owner), model_[id].name);
}

ComponentTypeIndex ComponentTypeEncoder::instance_type(wit::InterfaceId id, bool with_functions)
{
    InstanceSpace space(model_, id, world_);
    TypeEncoder types(model_, space);
    for (const auto type : model_[id].types)
        static_cast<void>(types.type(type));
    if (with_functions) {
        for (const auto& function : model_[id].functions) {
            const auto type = types.function(function);
            space.declarators.export_function(extern_name(function.name, function.notes), type);
        }
    }
    return outer_.define(written::InstanceType{std::move(space.declarators).take()});
}

void ComponentTypeEncoder::interface(ExternName name, wit::InterfaceId id, bool is_export, bool with_functions)
{
    const auto type = instance_type(id, with_functions);
    instances_[id] = is_export ? outer_.export_instance(name, type) : outer_.import_instance(name, type);
    for (const auto own : model_[id].types) // from now on they are those of this instance
        world_.forget(own);
}

void ComponentTypeEncoder::function(const wit::Function& function, const std::string& name, bool is_export)
{
    const auto type = world_.function(function);
    const auto full_name = extern_name(name, function.notes);
    is_export ? outer_.export_function(full_name, type) : outer_.import_function(full_name, type);
}

void ComponentTypeEncoder::item(const wit::WorldItem& item, bool is_export)
{
    if (const auto* function = std::get_if<wit::Function>(&item.item))
        return this->function(*function, item.name, is_export);
    if (const auto* type = std::get_if<wit::TypeId>(&item.item)) {
        static_cast<void>(world_.type(*type));
        return;
    }
    auto name = extern_name(keep(model_.name_of(item)), item.notes);
    if (const auto implemented = model_.implemented_by(item))
        name.implements = keep(model_.full_name(*implemented));
    interface(name, std::get<wit::InterfaceId>(item.item), is_export);
}

void ComponentTypeEncoder::import_types(wit::InterfaceId id)
{
    interface(plain_name(keep(model_.full_name(id))), id, false, false);
}

void ComponentTypeEncoder::export_interface(wit::InterfaceId id)
{
    interface(plain_name(keep(model_.full_name(id))), id, true);
}

/// The interfaces that one needs, itself included: an interface only needs ones before it.
std::vector<wit::InterfaceId> with_dependencies(const wit::Model& model, wit::InterfaceId id)
{
    std::vector<bool> needed(id.index + 1);
    needed[id.index] = true;
    for (std::uint32_t i = id.index + 1; i-- > 0;)
        if (needed[i])
            for (const auto dependency : model.dependencies({i}))
                needed[dependency.index] = true;
    std::vector<wit::InterfaceId> list;
    for (std::uint32_t i = 0; i < needed.size(); ++i)
        if (needed[i])
            list.push_back({i});
    return list;
}

void encode_world_items(ComponentTypeEncoder& encoder, const wit::World& world)
{
    for (const auto& item : world.imports)
        encoder.item(item, false);
    for (const auto& item : world.exports)
        encoder.item(item, true);
}

/// A component type that exports the world's under its full name: how a world stands in a package.
ComponentTypeIndex add_world(ComponentWriter& writer, const wit::Model& model, wit::WorldId id)
{
    ComponentTypeEncoder encoder(model);
    encode_world_items(encoder, model[id]);
    const auto name = model.full_name(id);
    Declarators wrapper;
    wrapper.export_component(plain_name(name), wrapper.define(encoder.take()));
    return writer.add(written::ComponentType{std::move(wrapper).take()});
}

ComponentTypeIndex add_interface(ComponentWriter& writer, const wit::Model& model, wit::InterfaceId id)
{
    ComponentTypeEncoder encoder(model);
    for (const auto one : with_dependencies(model, id))
        one == id ? encoder.export_interface(one) : encoder.import_types(one);
    return writer.add(encoder.take());
}

void export_type(ComponentWriter& writer, const std::string& name, ComponentTypeIndex type)
{
    writer.add(Export{.name = plain_name(name), .item = type, .written_type = std::nullopt});
}

} // namespace

std::vector<std::uint8_t> encode_package(const wit::Model& model, wit::PackageId package)
{
    ComponentWriter writer;
    for (const auto id : model[package].interfaces)
        export_type(writer, model[id].name, add_interface(writer, model, id));
    for (const auto id : model[package].worlds)
        export_type(writer, model[id].name, add_world(writer, model, id));
    writer.custom_section(notes_section, encode_notes(model, package));
    return std::move(writer).finish();
}

std::vector<std::uint8_t> encode_module_type(const wit::Model& model, wit::WorldId world, StringEncoding strings)
{
    ComponentWriter writer;
    const std::array<std::uint8_t, 2> description = {strings_section_version, static_cast<std::uint8_t>(strings)};
    writer.custom_section(strings_section, description);
    export_type(writer, model[world].name, add_world(writer, model, world));
    return std::move(writer).finish();
}

} // namespace trellis::wasm::component::encoding
