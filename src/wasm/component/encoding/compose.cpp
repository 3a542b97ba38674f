#include "wasm/component/encoding/compose.hpp"

#include "base/format.hpp"
#include "wasm/component/encoding/instance_space.hpp"
#include "wasm/component/encoding/outer_world.hpp"
#include "wasm/component/encoding/root_types.hpp"
#include "wasm/component/validation/validator.hpp"

namespace trellis::wasm::component::encoding {
namespace {

class Composer {
public:
    Composer(const CompositionPlan& plan, const OuterWorld& outer)
        : plan_(plan), outer_(outer), model_(outer.model()), types_(model_, outer.world(), writer_),
          instances_(plan.members.size())
    {
    }

    std::vector<std::uint8_t> run()
    {
        for (const auto& item : outer_.world().imports)
            import(item);
        for (const auto member : plan_.order)
            instantiate(member);
        for (const auto& item : plan_.members.front().type().exports.list)
            writer_.add(Export{item.name, export_of(0, item), std::nullopt});
        return std::move(writer_).finish();
    }

private:
    void import(const wit::WorldItem& item);
    ComponentInstanceIndex import_interface(const wit::WorldItem& item, wit::InterfaceId interface);
    void instantiate(std::size_t member);
    Item argument(std::size_t member, std::size_t import);
    Item import_named(std::size_t member, std::size_t import) const;
    Item export_of(std::size_t member, const NamedExtern& item);

    const CompositionPlan& plan_;
    const OuterWorld& outer_;
    const wit::Model& model_;
    ComponentWriter writer_;
    RootTypes types_;
    std::map<std::string, Item> imported_;
    std::vector<ComponentInstanceIndex> instances_;                 ///< of the members
    std::map<std::pair<std::size_t, std::string_view>, Item> used_; ///< exports of members
};

void Composer::import(const wit::WorldItem& item)
{
    const auto name = model_.name_of(item);
    if (const auto* interface = std::get_if<wit::InterfaceId>(&item.item)) {
        imported_.emplace(name, import_interface(item, *interface));
    } else if (const auto* type = std::get_if<wit::TypeId>(&item.item)) {
        imported_.emplace(name, types_.world().type(*type));
    } else {
        const auto& function = std::get<wit::Function>(item.item);
        const auto type_index = types_.world().function(function);
        const Import import{extern_name(item.name, function.notes), written::FuncOfType{type_index}};
        imported_.emplace(name, writer_.add(import));
    }
}

ComponentInstanceIndex Composer::import_interface(const wit::WorldItem& item, wit::InterfaceId interface)
{
    InstanceSpace space(model_, interface, types_.world());
    TypeEncoder types(model_, space);
    for (const auto type : model_[interface].types)
        static_cast<void>(types.type(type));
    for (const auto& function : model_[interface].functions) {
        const auto type = types.function(function);
        space.declarators.export_function(extern_name(function.name, function.notes), type);
    }
    const auto type = writer_.add(written::InstanceType{std::move(space.declarators).take()});
    const auto name = model_.name_of(item);
    auto written_name = extern_name(name, item.notes);
    const auto implemented = model_.implemented_by(item);
    const auto implemented_name = implemented ? model_.full_name(*implemented) : "";
    if (implemented)
        written_name.implements = implemented_name;
    const auto instance = writer_.add(Import{written_name, written::InstanceOfType{type}});
    types_.imported(item, std::get<ComponentInstanceIndex>(instance));
    return std::get<ComponentInstanceIndex>(instance);
}

void Composer::instantiate(std::size_t member)
{
    Instantiate instantiate{};
    const auto& imports = plan_.members[member].imports();
    for (std::size_t i = 0; i < imports.size(); ++i)
        instantiate.arguments.push_back({imports[i].name.name, argument(member, i)});
    instantiate.component = writer_.component(plan_.members[member].file->binary.view());
    instances_[member] = writer_.add(instantiate);
}

Item Composer::import_named(std::size_t member, std::size_t import) const
{
    return imported_.at(outer_.name_of(plan_.members[member].imports()[import].name));
}

/// A type that is one of an imported instance is taken from whatever that instance is here.
Item Composer::argument(std::size_t member, std::size_t import)
{
    const auto& that = plan_.members[member];
    if (const auto& provider = that.providers[import])
        return export_of(provider->member, *provider->item);
    if (const auto place = imported_type(that, that.imports()[import]))
        return writer_.add(AliasExport{ItemKind::type,
                                       std::get<ComponentInstanceIndex>(argument(member, place->import)), place->name});
    return import_named(member, import);
}

Item Composer::export_of(std::size_t member, const NamedExtern& item)
{
    const std::pair key(member, item.name.name);
    if (const auto found = used_.find(key); found != used_.end())
        return found->second;
    const auto kind = static_cast<ItemKind>(item.type.index());
    return used_.emplace(key, writer_.add(AliasExport{kind, instances_[member], item.name.name})).first->second;
}

/// Says whose import it is that does not fit.
Error explained(const CompositionPlan& plan, Error error)
{
    for (const auto& member : plan.members) {
        for (std::size_t i = 0; i < member.imports().size(); ++i) {
            const auto& name = member.imports()[i].name.name;
            if (!member.providers[i] || !error.message.contains(format("`{}`", name)))
                continue;
            const auto& giver = plan.members[member.providers[i]->member].file->name;
            error.message.append(format("; {} imports it, {} exports it", member.file->name, giver));
        }
    }
    error.message = format("the components don't fit together: {}", error.message);
    error.offset.reset();
    return error;
}

} // namespace

Result<std::vector<std::uint8_t>> compose(const ComposedFile& root, std::span<const ComposedFile> dependencies)
{
    const auto plan = TRELLIS_TRY(plan_composition(root, dependencies));
    const auto outer = TRELLIS_TRY(OuterWorld::of(plan));
    auto binary = Composer(plan, outer).run();
    TypeRegistry registry;
    if (auto component = load_component(SharedBytes::copy_of(binary), registry); !component)
        return std::unexpected(explained(plan, std::move(component).error()));
    return binary;
}

} // namespace trellis::wasm::component::encoding
