#include "wasm/component/encoding/wit_builder.hpp"

#include "base/format.hpp"

#include <algorithm>
#include <array>

namespace trellis::wasm::component::encoding {
namespace {

wit::Notes notes_of(const ExternName& name)
{
    wit::Notes notes;
    if (name.external_id)
        notes.external_id = std::string(*name.external_id);
    return notes;
}

std::string with_suffix(const ExternName& name)
{
    return std::string(name.name).append(name.version_suffix.value_or(""));
}

std::unexpected<Error> no_word(std::string_view name, std::string_view what)
{
    return fail(ErrorCode::unsupported, format("{} is {}, which WIT has no word for", name, what));
}

/// Interfaces, then types, then functions, which is the order of the variant.
void sort_imports(wit::World& world)
{
    std::vector<wit::WorldItem> sorted;
    for (std::size_t kind = 0; kind < 3; ++kind)
        for (auto& item : world.imports)
            if (item.item.index() == kind)
                sorted.push_back(item);
    world.imports = std::move(sorted);
}

/// Types that WIT can only write with a name.
bool is_nominal(ValueKind kind)
{
    constexpr std::array kinds = {ValueKind::record, ValueKind::variant, ValueKind::enum_, ValueKind::flags};
    return std::ranges::find(kinds, kind) != kinds.end();
}

struct MethodPrefix {
    std::string_view prefix;
    wit::FunctionKind kind;
};
constexpr std::array method_prefixes = {
    MethodPrefix{"[method]", wit::FunctionKind::method},
    MethodPrefix{"[static]", wit::FunctionKind::static_method},
    MethodPrefix{"[constructor]", wit::FunctionKind::constructor},
};

} // namespace

wit::PackageId WitBuilder::package(const wit::PackageName& name)
{
    if (const auto found = model_.find_package(name))
        return *found;
    model_.packages.push_back({.name = name});
    return {static_cast<std::uint32_t>(model_.packages.size() - 1)};
}

/// "a:b@1.0.0"
Result<wit::PackageName> WitBuilder::package_name(std::string_view text) const
{
    const auto at = text.find('@');
    const auto path = text.substr(0, at);
    const auto colon = path.rfind(':');
    if (colon == std::string_view::npos)
        return fail(ErrorCode::invalid, format("{} is no name of a package", text));
    wit::PackageName name{std::string(path.substr(0, colon)), std::string(path.substr(colon + 1))};
    if (at == std::string_view::npos)
        return name;
    name.version = wit::Version::parse(text.substr(at + 1));
    if (!name.version)
        return fail(ErrorCode::unsupported, format("{} has no full version, which WIT asks for", text));
    return name;
}

Result<wit::InterfaceId> WitBuilder::interface(const ExternName& extern_name, InstanceTypeId type)
{
    const auto full_name = with_suffix(extern_name);
    auto found = interfaces_.find(full_name);
    if (found == interfaces_.end()) {
        const auto slash = full_name.find('/');
        const auto at = std::min(full_name.find('@'), full_name.size());
        const auto package_text = full_name.substr(0, slash) + full_name.substr(at);
        const auto package_id = package(TRELLIS_TRY(package_name(package_text)));
        const wit::InterfaceId id{static_cast<std::uint32_t>(model_.interfaces.size())};
        model_.interfaces.push_back({.name = full_name.substr(slash + 1, at - slash - 1), .package = package_id});
        model_.packages[package_id.index].interfaces.push_back(id);
        found = interfaces_.emplace(full_name, id).first;
    }
    const auto id = found->second;
    TRELLIS_TRY(fill(id, type));
    return id;
}

Result<> WitBuilder::fill(wit::InterfaceId id, InstanceTypeId type)
{
    auto& body = bodies_.try_emplace(id, Body{.owner = id}).first->second;
    body.unnamed.clear(); // the names inside may mean other types this time
    for (const auto& item : arena()[type].exports.list) {
        if (const auto* equals = std::get_if<TypeEquals>(&item.type)) {
            TRELLIS_TRY(add_type(body, item.name, *equals));
        } else if (const auto* function_type = std::get_if<FuncTypeId>(&item.type)) {
            auto added = TRELLIS_TRY(function(body, item.name, *function_type));
            if (body.functions.insert(added.name).second)
                model_.interfaces[id.index].functions.push_back(std::move(added));
        } else {
            return no_word(item.name.name, "an instance, component or module inside an interface");
        }
    }
    return {};
}

void WitBuilder::read(const TypeArena& arena)
{
    arena_ = &arena;
    values_.clear();
    given_.clear();
    with_resources_.clear();
    resources_.clear();
    names_of_resources_.clear();
}

WitBuilder::Body& WitBuilder::world_body(wit::PackageId package, std::string_view name)
{
    const wit::WorldId fresh{static_cast<std::uint32_t>(model_.worlds.size())};
    const auto [found, is_new] = worlds_.try_emplace(std::pair(package, std::string(name)), fresh);
    if (is_new) {
        model_.worlds.push_back({.name = std::string(name), .package = package});
        model_.packages[package.index].worlds.push_back(fresh);
    }
    auto& body = world_bodies_.try_emplace(found->second, Body{.owner = found->second}).first->second;
    body.unnamed.clear();
    return body;
}

Result<wit::WorldId> WitBuilder::world(wit::PackageId package, std::string_view name, const Externs& imports,
                                       const Externs& exports)
{
    auto& body = world_body(package, name);
    const auto id = std::get<wit::WorldId>(body.owner);
    for (const auto& item : imports.list)
        TRELLIS_TRY(add_item(body, id, item, false));
    for (const auto& item : exports.list)
        TRELLIS_TRY(add_item(body, id, item, true));
    sort_imports(model_.worlds[id.index]);
    return id;
}

Result<> WitBuilder::add_item(Body& body, wit::WorldId world, const NamedExtern& item, bool is_export)
{
    const auto* equals = std::get_if<TypeEquals>(&item.type);
    if (equals != nullptr && !is_export) {
        TRELLIS_TRY(add_type(body, item.name, *equals));
        return {};
    }
    wit::WorldItem result;
    if (const auto* instance = std::get_if<InstanceTypeId>(&item.type))
        result = TRELLIS_TRY(instance_item(item.name, *instance, model_.worlds[world.index].package, is_export));
    else if (const auto* function_type = std::get_if<FuncTypeId>(&item.type))
        result = {.name = std::string(item.name.name), .item = TRELLIS_TRY(function(body, item.name, *function_type))};
    else
        return no_word(item.name.name, is_export ? "an exported type, component or module" : "a component or module");
    auto& list = is_export ? model_.worlds[world.index].exports : model_.worlds[world.index].imports;
    if (body.items.insert((is_export ? ">" : "<") + model_.name_of(result)).second)
        list.push_back(std::move(result));
    return {};
}

/// An interface by its own name, one that a plain name stands for, or one that is written in the world.
Result<wit::WorldItem> WitBuilder::instance_item(ExternName name, InstanceTypeId type, wit::PackageId package,
                                                 bool is_export)
{
    if (const auto later = later_.find(name.name); later != later_.end() && !is_export)
        name.name = later->second;
    const bool has_own_name = name.name.contains('/');
    wit::WorldItem item{.name = has_own_name ? "" : std::string(name.name), .item = {}, .notes = notes_of(name)};
    if (has_own_name) {
        item.item = TRELLIS_TRY(interface(name, type));
    } else if (name.implements) {
        ExternName full_name{};
        full_name.name = *name.implements;
        item.item = TRELLIS_TRY(interface(full_name, type));
    } else {
        const wit::InterfaceId id{static_cast<std::uint32_t>(model_.interfaces.size())};
        model_.interfaces.push_back({.package = package});
        TRELLIS_TRY(fill(id, type));
        item.item = id;
    }
    return item;
}

wit::TypeId WitBuilder::add(Body& body, wit::TypeDefinition definition)
{
    definition.owner = body.owner;
    const auto name = definition.name;
    const auto id = model_.add(std::move(definition));
    body.names.emplace(name, id);
    if (const auto* interface_id = std::get_if<wit::InterfaceId>(&body.owner))
        model_.interfaces[interface_id->index].types.push_back(id);
    else
        model_.worlds[std::get<wit::WorldId>(body.owner).index].imports.push_back({.name = name, .item = id});
    return id;
}

Result<wit::TypeId> WitBuilder::add_type(Body& body, const ExternName& name, const TypeEquals& type)
{
    auto found = body.names.find(name.name);
    if (found == body.names.end()) {
        wit::TypeDefinition definition{.name = std::string(name.name),
                                       .kind = TRELLIS_TRY(kind_of(body, name.name, type)),
                                       .notes = notes_of(name)};
        const auto id = add(body, std::move(definition));
        found = body.names.find(model_[id].name);
    }
    remember(type, found->second);
    return found->second;
}

std::optional<wit::TypeId> WitBuilder::known(ValueTypeId id) const
{
    const auto given = given_.find(id);
    const auto found = values_.find(given != given_.end() ? given->second : id);
    return found != values_.end() ? std::optional(found->second) : std::nullopt;
}

/// Under which of its names a resource was meant can be lost when a component is instantiated; then one that is spelled
/// alike is best, or its name here.
std::optional<wit::TypeId> WitBuilder::known(const ResourceType& resource, std::string_view name,
                                             const wit::Owner& owner) const
{
    const auto all = names_of_resources_.find(resource.id);
    if (all == names_of_resources_.end())
        return std::nullopt;
    const auto exact = resources_.find({resource.id, resource.name});
    if (exact != resources_.end() && (name.empty() || model_[exact->second].name == name))
        return exact->second;
    for (const auto id : all->second)
        if (model_[id].name == name && model_[id].owner != owner)
            return id;
    if (exact != resources_.end())
        return exact->second;
    for (const auto id : all->second)
        if (model_[id].owner == owner)
            return id;
    return all->second.front();
}

/// Types with resources are made anew when a component is instantiated; those are found by what they are.
std::optional<wit::TypeId> WitBuilder::meant_by(const Body& body, std::string_view name, const TypeEquals& type) const
{
    if (const auto* resource_type = std::get_if<ResourceType>(&type.meant))
        return known(*resource_type, name, body.owner);
    const auto* value = std::get_if<ValueTypeId>(&type.meant);
    if (const auto meant = value != nullptr ? known(*value) : std::nullopt)
        return meant;
    if (value == nullptr || !arena()[*value].facts.has_resource)
        return std::nullopt;
    const auto found = with_resources_.find({arena().canonical(*value), std::string(name)});
    return found != with_resources_.end() ? std::optional(found->second) : std::nullopt;
}

void WitBuilder::remember(const TypeEquals& type, wit::TypeId id)
{
    if (const auto* value = std::get_if<ValueTypeId>(&type.named)) {
        values_[*value] = id;
        if (arena()[*value].facts.has_resource)
            with_resources_.emplace(std::pair(arena().canonical(*value), model_[id].name), id);
    } else if (const auto* resource_type = std::get_if<ResourceType>(&type.named)) {
        resources_[{resource_type->id, resource_type->name}] = id;
        names_of_resources_[resource_type->id].push_back(id);
    }
}

Result<wit::TypeKind> WitBuilder::kind_of(Body& body, std::string_view name, const TypeEquals& type)
{
    if (const auto meant = meant_by(body, name, type))
        return wit::TypeKind(wit::Alias{*meant});
    if (std::holds_alternative<ResourceType>(type.meant))
        return wit::TypeKind(wit::Resource{});
    const auto* value = std::get_if<ValueTypeId>(&type.meant);
    if (value == nullptr)
        return fail(ErrorCode::unsupported, "a type of a function, instance or component has a name, which WIT has no "
                                            "word for");
    const auto& definition = arena()[*value];
    if (is_primitive(definition.kind))
        return wit::TypeKind(wit::Alias{static_cast<wit::Primitive>(definition.kind)});
    auto kind = TRELLIS_TRY(composed(body, definition));
    if (is_nominal(definition.kind))
        return kind;
    return wit::TypeKind(wit::Alias{model_.intern(std::move(kind))});
}

/// The body's own name for a type; one is made for a type of another interface.
wit::TypeId WitBuilder::local(Body& body, wit::TypeId id)
{
    const auto& owner = model_[id].owner;
    if (owner == body.owner || std::holds_alternative<std::monostate>(owner))
        return id;
    const auto [found, is_new] = body.uses.try_emplace(id);
    if (!is_new)
        return found->second;
    for (const auto& [name, own] : body.names)
        if (const auto* alias = std::get_if<wit::Alias>(&model_[own].kind);
            alias != nullptr && alias->type == wit::Type(id))
            return found->second = own;
    auto name = model_[id].name;
    while (body.names.contains(name))
        name += "-x";
    return found->second = add(body, {.name = name, .kind = wit::Alias{id}});
}

Result<wit::Function> WitBuilder::function(Body& body, const ExternName& name, FuncTypeId id)
{
    const auto& type = arena()[id];
    wit::Function result{.name = std::string(name.name), .is_async = type.is_async, .notes = notes_of(name)};
    for (const auto& row : method_prefixes) {
        if (!name.name.starts_with(row.prefix))
            continue;
        auto resource_name = name.name.substr(row.prefix.size());
        resource_name = resource_name.substr(0, resource_name.find('.'));
        const auto found = body.names.find(resource_name);
        if (found == body.names.end())
            return fail(ErrorCode::invalid, format("{} is about a resource that is not there", name.name));
        result.kind = row.kind;
        result.resource = found->second;
    }
    for (const auto& parameter : type.params)
        result.parameters.push_back({std::string(parameter.name), TRELLIS_TRY(value_type(body, parameter.type))});
    result.result = TRELLIS_TRY(optional_type(body, type.result));
    return result;
}

Result<wit::Type> WitBuilder::value_type(Body& body, ValueTypeId id)
{
    if (const auto named = known(id))
        return wit::Type(local(body, *named));
    const auto& type = arena()[id];
    if (is_primitive(type.kind))
        return wit::Type(static_cast<wit::Primitive>(type.kind));
    if (const auto found = body.unnamed.find(id); found != body.unnamed.end())
        return found->second;
    if (is_nominal(type.kind))
        return fail(ErrorCode::unsupported,
                    format("a {} without a name, which WIT has no word for", name_of(type.kind)));
    const wit::Type result = model_.intern(TRELLIS_TRY(composed(body, type)));
    body.unnamed.emplace(id, result);
    return result;
}

Result<std::optional<wit::Type>> WitBuilder::optional_type(Body& body, ValueTypeId id)
{
    if (id == no_type)
        return std::optional<wit::Type>();
    return std::optional(TRELLIS_TRY(value_type(body, id)));
}

Result<wit::TypeId> WitBuilder::resource(Body& body, const ValueType& handle)
{
    const auto found = known(ResourceType{handle.resource, handle.resource_name}, {}, body.owner);
    if (!found)
        return fail(ErrorCode::unsupported, "a handle of a resource without a name, which WIT has no word for");
    return local(body, *found);
}

Result<std::vector<wit::Case>> WitBuilder::cases(Body& body, const ValueType& type)
{
    std::vector<wit::Case> list;
    for (const auto& member : *type.members)
        list.push_back({std::string(member.name), TRELLIS_TRY(optional_type(body, member.type))});
    return list;
}

Result<wit::TypeKind> WitBuilder::composed(Body& body, const ValueType& type)
{
    using enum ValueKind;
    const auto element = [&] { return optional_type(body, type.element); };
    const auto other = [&] { return optional_type(body, type.other); };
    switch (type.kind) {
    case record: {
        wit::Record made;
        for (const auto& member : *type.members)
            made.fields.push_back({std::string(member.name), TRELLIS_TRY(value_type(body, member.type))});
        return made;
    }
    case tuple: {
        wit::Tuple made;
        for (const auto& member : *type.members)
            made.types.push_back(TRELLIS_TRY(value_type(body, member.type)));
        return made;
    }
    case variant:
        return wit::Variant{TRELLIS_TRY(cases(body, type))};
    case enum_:
        return wit::Enum{TRELLIS_TRY(cases(body, type))};
    case flags:
        return wit::Flags{TRELLIS_TRY(cases(body, type))};
    case list:
        return wit::List{*TRELLIS_TRY(element()), std::nullopt};
    case fixed_list:
        return wit::List{*TRELLIS_TRY(element()), type.length};
    case map:
        return wit::Map{*TRELLIS_TRY(element()), *TRELLIS_TRY(other())};
    case option:
        return wit::Option{*TRELLIS_TRY(element())};
    case result:
        return wit::ResultOf{TRELLIS_TRY(element()), TRELLIS_TRY(other())};
    case own:
        return wit::Own{TRELLIS_TRY(resource(body, type))};
    case borrow:
        return wit::Borrow{TRELLIS_TRY(resource(body, type))};
    case stream:
        return wit::Stream{TRELLIS_TRY(element())};
    case future:
        return wit::Future{TRELLIS_TRY(element())};
    default:
        return fail(ErrorCode::invalid, "a type of an unknown kind");
    }
}

} // namespace trellis::wasm::component::encoding
