#include "wasm/component/encoding/wit_decoder.hpp"

#include "base/format.hpp"
#include "wasm/binary/cursor.hpp"
#include "wasm/component/encoding/embed.hpp"
#include "wasm/component/encoding/package_notes.hpp"
#include "wasm/component/encoding/wit_builder.hpp"
#include "wasm/component/encoding/world_encoder.hpp"
#include "wasm/component/validation/validator.hpp"

namespace trellis::wasm::component::encoding {
namespace {

const ComponentType& type_of(const Component& component)
{
    return (*component.types)[component.type];
}

/// The component type that an exported type is, or null.
const ComponentType* as_component_type(const Component& component, const NamedExtern& item)
{
    const auto* equals = std::get_if<TypeEquals>(&item.type);
    const auto* id = equals != nullptr ? std::get_if<component::ComponentTypeId>(&equals->meant) : nullptr;
    return id != nullptr ? &(*component.types)[*id] : nullptr;
}

/// "a:b/w@1.0.0" in two: "a:b@1.0.0" and "w".
Result<std::pair<wit::PackageName, std::string>> split_name(std::string_view full_name)
{
    const auto at = std::min(full_name.find('@'), full_name.size());
    const auto slash = full_name.find('/');
    const auto colon = full_name.substr(0, slash).rfind(':');
    if (slash == std::string_view::npos || colon == std::string_view::npos || at < slash)
        return fail(ErrorCode::invalid, format("{} is no name of a world", full_name));
    wit::PackageName package{std::string(full_name.substr(0, colon)),
                             std::string(full_name.substr(colon + 1, slash - colon - 1))};
    if (at != full_name.size())
        package.version = wit::Version::parse(full_name.substr(at + 1));
    return std::pair(std::move(package), std::string(full_name.substr(slash + 1, at - slash - 1)));
}

/// One export of a component that holds types: an interface with what it needs, or a world.
struct PackagePart {
    wit::PackageName package;
    std::string name;
    const ComponentType* type;
    ExternType only; ///< what that type exports
};

Result<PackagePart> package_part(const Component& component, const NamedExtern& item)
{
    const auto* type = as_component_type(component, item);
    if (type == nullptr || type->exports.list.size() != 1)
        return fail(ErrorCode::invalid, format("{} is neither an interface nor a world", item.name.name));
    const auto& only = type->exports.list.front();
    auto [package, name] = TRELLIS_TRY(split_name(only.name.name));
    return PackagePart{std::move(package), std::move(name), type, only.type};
}

Result<wit::WorldId> decode_world(const Component& component, WitBuilder& builder, const PackagePart& part,
                                  const wit::PackageName& package, const std::string& name)
{
    const auto* world = std::get_if<component::ComponentTypeId>(&part.only);
    if (world == nullptr)
        return fail(ErrorCode::invalid, format("{} is no world", part.name));
    const auto& type = (*component.types)[*world];
    return builder.world(builder.package(package), name, type.imports, type.exports);
}

Result<wit::InterfaceId> decode_interface(WitBuilder& builder, const PackagePart& part, InstanceTypeId type)
{
    for (const auto& import : part.type->imports.list)
        if (const auto* instance = std::get_if<InstanceTypeId>(&import.type))
            TRELLIS_TRY(builder.interface(import.name, *instance));
    return builder.interface(part.type->exports.list.front().name, type);
}

/// The contents of a component's first custom section of this name.
std::optional<Bytes> custom_section(const SharedBytes& binary, std::string_view wanted)
{
    constexpr std::uint32_t preamble_bytes = 8;
    if (binary.size() < preamble_bytes)
        return std::nullopt;
    Cursor cursor(binary.view(), {preamble_bytes, static_cast<std::uint32_t>(binary.size()) - preamble_bytes});
    while (cursor.ok() && !cursor.at_end()) {
        const auto id = cursor.byte();
        const auto size = cursor.length();
        const ByteRange contents{cursor.offset(), size};
        cursor.take(size);
        Cursor inside(binary.view(), contents);
        if (id == 0 && cursor.ok() && inside.name() == wanted)
            return inside.take(static_cast<std::uint32_t>(inside.remaining()));
    }
    return std::nullopt;
}

Result<wit::Model> decode_package(const Component& component)
{
    WitBuilder builder;
    builder.read(*component.types);
    wit::PackageId root;
    std::vector<wit::InterfaceId> interfaces;
    for (const auto& item : type_of(component).exports.list) {
        const auto part = TRELLIS_TRY(package_part(component, item));
        root = builder.package(part.package);
        if (const auto* interface = std::get_if<InstanceTypeId>(&part.only))
            interfaces.push_back(TRELLIS_TRY(decode_interface(builder, part, *interface)));
        else
            TRELLIS_TRY(decode_world(component, builder, part, part.package, part.name));
    }
    auto model = std::move(builder).take();
    model.root = root;
    model.packages[root.index].interfaces = std::move(interfaces); // in the order of the exports
    if (const auto notes = custom_section(component.binary, notes_section))
        decode_notes(*notes, model, root);
    return model;
}

/// The types that components inside were given under the names of their own imports.
void bind_arguments(const Component& component, const Instantiate& instantiate, WitBuilder& builder)
{
    const auto& inner = (*component.types)[component.spaces.components[number(instantiate.component)]];
    for (const auto& argument : instantiate.arguments) {
        const auto* index = std::get_if<ComponentTypeIndex>(&argument.item);
        const auto* wanted = inner.imports.find(argument.name);
        const auto* equals = wanted != nullptr ? std::get_if<TypeEquals>(wanted) : nullptr;
        if (index == nullptr || equals == nullptr)
            continue;
        const auto* type = std::get_if<ValueTypeId>(&equals->named);
        const auto* meant = std::get_if<ValueTypeId>(&component.spaces.types[number(*index)]);
        if (type != nullptr && meant != nullptr)
            builder.bind(*type, *meant);
    }
}

Result<StringEncoding> strings_of(const SharedBytes& section)
{
    const auto description = custom_section(section, strings_section);
    if (!description || description->size() != 2 || (*description)[0] != strings_section_version ||
        (*description)[1] > static_cast<std::uint8_t>(StringEncoding::latin1_utf16))
        return fail(ErrorCode::unsupported,
                    "the module's world is in a form that is not known; generate the bindings anew");
    return static_cast<StringEncoding>((*description)[1]);
}

} // namespace

bool is_wit_package(const Component& component)
{
    const auto& type = type_of(component);
    return type.imports.list.empty() && !type.exports.list.empty() &&
           std::ranges::all_of(type.exports.list,
                               [&](const NamedExtern& item) { return as_component_type(component, item) != nullptr; });
}

Result<wit::Model> decode_wit(const Component& component)
{
    if (is_wit_package(component))
        return decode_package(component);
    WitBuilder builder;
    builder.read(*component.types);
    const auto package = builder.package({.space = "root", .name = "component"});
    for (const auto& definition : component.definitions)
        if (const auto* instantiate = std::get_if<Instantiate>(&definition.what))
            bind_arguments(component, *instantiate, builder);
    const auto& type = type_of(component);
    TRELLIS_TRY(builder.world(package, "root", type.imports, type.exports));
    auto model = std::move(builder).take();
    model.root = package;
    return model;
}

namespace {

/// Of versions that can stand for one another, the latest: a component imports an interface once, whichever of its
/// parts asks for it.
class LatestVersions {
public:
    void add(std::string_view name)
    {
        const auto at = name.find('@');
        const auto version = at == std::string_view::npos ? std::nullopt : wit::Version::parse(name.substr(at + 1));
        if (!version)
            return;
        auto& all = names_[format("{}@{}", name.substr(0, at), version->compatibility())];
        all.names.emplace_back(name);
        if (!all.latest || wit::precedence(*all.latest, *version) < 0) {
            all.latest = version;
            all.latest_name = name;
        }
    }

    void apply(WitBuilder& builder) const
    {
        for (const auto& [key, all] : names_)
            for (const auto& name : all.names)
                if (name != all.latest_name)
                    builder.replace_import(name, all.latest_name);
    }

private:
    struct Versions {
        std::vector<std::string> names;
        std::optional<wit::Version> latest;
        std::string latest_name;
    };
    std::map<std::string, Versions> names_;
};

/// Makes one world of all that are added.
class WorldGathering {
public:
    /// How its strings are encoded; nothing where the module has no world.
    Result<std::optional<StringEncoding>> add(const Module& module)
    {
        std::optional<StringEncoding> strings;
        for (const auto& section : embedded_worlds(module)) {
            TRELLIS_TRY(add(section));
            const auto own = TRELLIS_TRY(strings_of(section));
            if (strings && *strings != own)
                return fail(ErrorCode::unsupported, "the module's parts keep strings in different encodings");
            strings = own;
        }
        return strings;
    }

    Result<std::optional<ModuleWorld>> take() &&
    {
        if (components_.empty())
            return std::optional<ModuleWorld>();
        WitBuilder builder;
        latest_.apply(builder);
        const auto first = TRELLIS_TRY(world_part(*components_.front()));
        wit::WorldId world;
        for (const auto& component : components_) {
            builder.read(*component->types);
            const auto part = TRELLIS_TRY(world_part(*component));
            world = TRELLIS_TRY(decode_world(*component, builder, part, first.package, first.name));
        }
        ModuleWorld result{.model = std::move(builder).take(), .world = world};
        result.model.root = result.model[world].package;
        return std::optional(std::move(result));
    }

private:
    static Result<PackagePart> world_part(const Component& component)
    {
        return package_part(component, type_of(component).exports.list.front());
    }

    Result<> add(const SharedBytes& section)
    {
        const auto component = TRELLIS_TRY(load_component(section, registry_));
        if (!is_wit_package(*component))
            return fail(ErrorCode::invalid, "the module's section component-type has no world");
        const auto part = TRELLIS_TRY(world_part(*component));
        if (const auto* world = std::get_if<component::ComponentTypeId>(&part.only))
            for (const auto& import : (*component->types)[*world].imports.list)
                latest_.add(import.name.name);
        components_.push_back(component);
        return {};
    }

    TypeRegistry registry_;
    std::vector<std::shared_ptr<const Component>> components_;
    LatestVersions latest_;
};

} // namespace

Result<std::optional<ModuleWorld>> decode_module_world(std::span<const Module* const> modules)
{
    WorldGathering gathering;
    std::vector<StringEncoding> strings;
    for (const auto* module : modules)
        strings.push_back(TRELLIS_TRY(gathering.add(*module)).value_or(StringEncoding::utf8));
    auto result = TRELLIS_TRY(std::move(gathering).take());
    if (result)
        result->strings = std::move(strings);
    return result;
}

Result<std::optional<ModuleWorld>> decode_module_world(const Module& module)
{
    const std::array modules = {&module};
    return decode_module_world(modules);
}

} // namespace trellis::wasm::component::encoding
