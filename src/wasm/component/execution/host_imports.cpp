#include "base/format.hpp"
#include "wasm/component/execution/instantiate.hpp"
#include "wasm/component/wit/version.hpp"

namespace trellis::wasm::component {
namespace {

/// "wasi:io/streams" and the version behind it.
struct VersionedName {
    std::string_view name;
    std::string_view version;

    explicit VersionedName(std::string_view text)
        : name(text.substr(0, text.find('@'))), version(text.substr(std::min(text.find('@'), text.size())))
    {
        if (!version.empty())
            version.remove_prefix(1);
    }
};

/// Versions that stand for one another: also a canonical one, "0.2", for those that begin with it.
std::string compatibility(std::string_view version)
{
    const auto parsed = wit::Version::parse(version);
    return parsed ? parsed->compatibility() : std::string(version);
}

template <class T>
const T* find_named(std::span<const T> list, std::string_view name)
{
    const auto found = std::ranges::find(list, name, &T::name);
    return found == list.end() ? nullptr : &*found;
}

std::unexpected<Error> not_found(std::string_view what, std::string_view name)
{
    return fail(ErrorCode::unlinkable, format("{} `{}` was not found", what, name));
}

/// The part of an interface of the host that an import asks for.
class Provision {
public:
    Provision(const HostImports& imports, ComponentStore& store, const ComponentInstance& types, void* context)
        : imports_(imports), store_(store), types_(types), context_(context)
    {
    }

    Result<ItemValue> item(const HostInterface& host, std::string_view name, const ExternType& type)
    {
        if (const auto* function = std::get_if<FuncTypeId>(&type)) {
            const HostFunction* const found = find_named(host.functions, name);
            if (!found)
                return find_named(host.instances, name) ? wrong_kind("function", "instance")
                                                        : not_found("function", name);
            return ItemValue(store_.add(ComponentFunction{
                .type = &types_.arena()[*function], .types = &types_, .host = found, .host_context = context_}));
        }
        if (const auto* equals = std::get_if<TypeEquals>(&type)) {
            if (!std::holds_alternative<ResourceType>(equals->named))
                return ItemValue(TypeValue());
            const HostResource* const found = find_named(host.resources, name);
            const auto& resource = std::get<ResourceType>(equals->named);
            if (!found && equals->meant != equals->named)
                return ItemValue(TypeValue{resource_given(resource.id)});
            if (!found)
                return find_named(host.functions, name) ? wrong_kind("resource", "func") : not_found("resource", name);
            return given(resource.id, store_.host_resource(found->host_type));
        }
        if (const auto* instance = std::get_if<InstanceTypeId>(&type)) {
            const HostInterface* const found = find_named(host.instances, name);
            if (!found)
                return find_named(host.functions, name) ? wrong_kind("instance", "func") : not_found("instance", name);
            return whole(*found, *instance);
        }
        if (std::holds_alternative<ModuleTypeId>(type)) {
            if (auto module = imports_.module(host.name, name))
                return ItemValue(std::move(module));
            if (find_named(host.instances, name))
                return wrong_kind("module", "instance");
            return find_named(host.functions, name) ? wrong_kind("module", "func") : not_found("module", name);
        }
        return not_found("item", name);
    }

    Result<ItemValue> whole(const HostInterface& host, InstanceTypeId type)
    {
        InstanceValue value;
        for (const NamedExtern& one : types_.arena()[type].exports.list) {
            auto found = item(host, one.name.name, one.type);
            if (!found)
                return fail(ErrorCode::unlinkable, format("instance `{}`: {}", host.name, found.error().message));
            value.exports.emplace_back(one.name.name, std::move(*found));
        }
        return ItemValue(store_.add(std::move(value)));
    }

private:
    /// Of those that this import has brought so far.
    [[nodiscard]] RuntimeResourceType* resource_given(ResourceId id) const
    {
        const auto found = given_.find(static_cast<std::uint32_t>(id));
        return found == given_.end() ? types_.resource(id) : found->second;
    }
    ItemValue given(ResourceId id, RuntimeResourceType* type)
    {
        given_.emplace(static_cast<std::uint32_t>(id), type);
        return TypeValue{type};
    }
    static std::unexpected<Error> wrong_kind(std::string_view expected, std::string_view found)
    {
        return fail(ErrorCode::unlinkable, format("expected {} found {}", expected, found));
    }

    const HostImports& imports_;
    ComponentStore& store_;
    const ComponentInstance& types_;
    void* context_;
    std::unordered_map<std::uint32_t, RuntimeResourceType*> given_ = {};
};

/// Nothing that anybody would have to provide.
bool is_empty(const TypeArena& arena, InstanceTypeId id)
{
    return std::ranges::all_of(arena[id].exports.list, [&](const NamedExtern& one) {
        const auto* instance = std::get_if<InstanceTypeId>(&one.type);
        const auto* equals = std::get_if<TypeEquals>(&one.type);
        return (instance && is_empty(arena, *instance)) ||
               (equals && !std::holds_alternative<ResourceType>(equals->named));
    });
}

ItemValue empty_instance(ComponentStore& store, const TypeArena& arena, InstanceTypeId id)
{
    InstanceValue value;
    for (const NamedExtern& one : arena[id].exports.list) {
        const auto* instance = std::get_if<InstanceTypeId>(&one.type);
        value.exports.emplace_back(one.name.name,
                                   instance ? empty_instance(store, arena, *instance) : ItemValue(TypeValue()));
    }
    return store.add(std::move(value));
}

} // namespace

const HostBinding* HostImports::binding_of(std::string_view name) const
{
    const VersionedName wanted(name);
    for (const HostBinding& one : bindings_) {
        const VersionedName there(one.interface->name);
        if (there.name == wanted.name && compatibility(there.version) == compatibility(wanted.version))
            return &one;
    }
    return nullptr;
}

std::shared_ptr<const Module> HostImports::module(std::string_view interface, std::string_view name) const
{
    for (const NamedModule& one : modules_)
        if (one.interface == interface && one.name == name)
            return one.module;
    return nullptr;
}

Result<ItemValue> HostImports::find(ComponentStore& store, const ComponentInstance& types, const Import& import)
{
    const std::string_view name = import.name.name;
    const auto known = std::ranges::find(items_, name, [](const auto& one) { return std::string_view(one.first); });
    if (known != items_.end())
        return known->second;
    if (const auto* instance = std::get_if<InstanceTypeId>(&import.type)) {
        if (const HostBinding* binding = binding_of(name))
            return Provision(*this, store, types, binding->context).whole(*binding->interface, *instance);
        const HostBinding* const root = binding_of("");
        if (root && find_named(root->interface->functions, name))
            return fail(ErrorCode::unlinkable, "expected instance found func");
        if (is_empty(types.arena(), *instance))
            return empty_instance(store, types.arena(), *instance);
    } else if (const auto* equals = std::get_if<TypeEquals>(&import.type);
               equals && !std::holds_alternative<ResourceType>(equals->named))
        return ItemValue(TypeValue());
    if (const HostBinding* root = binding_of(""))
        return Provision(*this, store, types, root->context).item(*root->interface, name, import.type);
    return not_found("import", name);
}

} // namespace trellis::wasm::component
