// Imports and exports: their names, and that the types they speak of have names outside, too.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#import-and-export-definitions
#include "base/format.hpp"
#include "wasm/component/validation/context.hpp"
#include "wasm/component/validation/visibility.hpp"
#include "wasm/component/wit/version.hpp"

namespace trellis::wasm::component {
void Context::place_resource(Scope& scope, const Side& side, ResourceId id, ResourcePath path)
{
    if (&side == &scope.imports) {
        scope.imported_resources.push_back({id, path});
        scope.resources.push_back({id, ImportedResource{std::move(path)}, scope.definition});
    } else
        scope.bound.push_back({id, std::move(path)});
}

Result<ExternType> Context::resolve(Scope& scope, Side& side, std::string_view name, const written::ExternType& type)
{
    if (const auto* module = std::get_if<written::ModuleOfType>(&type)) {
        const CoreType found = TRELLIS_TRY(at(scope.spaces.core_types, module->type, "type"));
        if (const auto* id = std::get_if<ModuleTypeId>(&found))
            return ExternType(*id);
        return error(format("core type index {} is not a module type", static_cast<std::uint32_t>(module->type)));
    }
    if (const auto* function = std::get_if<written::FuncOfType>(&type))
        return ExternType(TRELLIS_TRY(type_at<FuncTypeId>(scope, function->type, "function type")));
    if (const auto* component = std::get_if<written::ComponentOfType>(&type))
        return ExternType(TRELLIS_TRY(type_at<ComponentTypeId>(scope, component->type, "component type")));
    if (std::holds_alternative<written::AnyResource>(type)) {
        const ResourceType made = arena->named(arena->new_resource());
        place_resource(scope, side, made.id, {name});
        return ExternType(TypeEquals{made, made});
    }
    if (const auto* equal = std::get_if<written::EqualType>(&type))
        return ExternType(renamed(TRELLIS_TRY(at(scope.spaces.types, equal->type, "type"))));
    const auto& instance = std::get<written::InstanceOfType>(type);
    const auto id = TRELLIS_TRY(type_at<InstanceTypeId>(scope, instance.type, "instance type"));
    return ExternType(TRELLIS_TRY(opened(scope, side, name, id)));
}

/// The same type under a name of its own.
TypeEquals Context::renamed(const AnyType& type)
{
    AnyType fresh = type;
    if (const auto* resource = std::get_if<ResourceType>(&type))
        fresh = arena->named(*resource);
    else if (const auto* value = std::get_if<ValueTypeId>(&type)) {
        const ValueTypeId id = arena->named(*value);
        named.insert(static_cast<std::uint32_t>(id));
        fresh = id;
    }
    return {type, fresh};
}

/// The type of an instance that is there: its resources exist now.
Result<InstanceTypeId> Context::opened(Scope& scope, const Side& side, std::string_view name, InstanceTypeId id)
{
    if ((*arena)[id].bound.empty())
        return id;
    Substitution open = substitution();
    for (const PlacedResource& bound : (*arena)[id].bound) {
        const ResourceType made = arena->new_resource();
        open.replace(bound.id, made);
        ResourcePath path = {name};
        path.insert(path.end(), bound.path.begin(), bound.path.end());
        place_resource(scope, side, made.id, std::move(path));
    }
    InstanceType there = (*arena)[TRELLIS_TRY(open(id))];
    there.bound.clear();
    return arena->add(std::move(there));
}

Result<> Context::add(Scope& scope, const ExternType& type)
{
    IndexSpaces& spaces = scope.spaces;
    std::visit(
        [&](const auto& one) {
            using One = std::remove_cvref_t<decltype(one)>;
            if constexpr (std::is_same_v<One, ModuleTypeId>)
                spaces.core_modules.push_back(one);
            else if constexpr (std::is_same_v<One, FuncTypeId>)
                spaces.functions.push_back(one);
            else if constexpr (std::is_same_v<One, TypeEquals>)
                spaces.types.push_back(one.named);
            else if constexpr (std::is_same_v<One, ComponentTypeId>)
                spaces.components.push_back(one);
            else
                spaces.instances.push_back(one);
        },
        type);
    return {};
}

Result<ExternType> Context::type_of(const Scope& scope, const Item& item)
{
    const IndexSpaces& spaces = scope.spaces;
    return std::visit(
        [&](auto index) -> Result<ExternType> {
            using Index = decltype(index);
            if constexpr (std::is_same_v<Index, CoreModuleIndex>)
                return ExternType(TRELLIS_TRY(at(spaces.core_modules, index, "module")));
            else if constexpr (std::is_same_v<Index, ComponentFuncIndex>)
                return ExternType(TRELLIS_TRY(at(spaces.functions, index, "function")));
            else if constexpr (std::is_same_v<Index, ComponentTypeIndex>) {
                const AnyType type = TRELLIS_TRY(at(spaces.types, index, "type"));
                return ExternType(TypeEquals{type, type});
            } else if constexpr (std::is_same_v<Index, ComponentIndex>)
                return ExternType(TRELLIS_TRY(at(spaces.components, index, "component")));
            else
                return ExternType(TRELLIS_TRY(at(spaces.instances, index, "instance")));
        },
        item);
}

// Names

namespace {

Result<> check_attributes(const Context& context, const ExternName& name, const ParsedName& parsed,
                          const ExternType& type)
{
    const bool is_instance = std::holds_alternative<InstanceTypeId>(type);
    if (name.implements) {
        if (!is_instance)
            return context.error("only instances can have an `implements`");
        if (parsed.form != NameForm::label)
            return context.error(format("name `{}` is not valid with `implements`", name.name));
        if (name.implements->empty())
            return context.error("`` is not a valid name");
        const auto interface = TRELLIS_TRY(parse_extern_name(*name.implements, context.offset));
        if (interface.form != NameForm::interface)
            return context.error(format("name `{}` must be an interface", *name.implements));
    }
    if (name.version_suffix) {
        const auto at = name.name.find('@');
        if (!is_instance || parsed.form != NameForm::interface || at == std::string_view::npos)
            return context.error("only instances can have an `versionsuffix`");
        const std::string whole = std::string(name.name.substr(at + 1)) + std::string(*name.version_suffix);
        if (!wit::Version::parse(whole))
            return context.error(format("invalid interface version: `{}` is not a valid semver", whole));
    }
    return {};
}

} // namespace

Result<> Context::check_name(Scope& scope, Side& side, const ExternName& name, const ExternType& type)
{
    auto parsed = parse_extern_name(name.name, offset);
    if (!parsed)
        return std::unexpected(within(format("`{}` is not a valid extern name", name.name), std::move(parsed).error()));
    if (parsed->form == NameForm::dependency && &side != &scope.imports)
        return error(format("`{}` is not a valid export name", name.name));
    TRELLIS_TRY(check_attributes(*this, name, *parsed, type));
    TRELLIS_TRY(side.names.add(name.name, side.what, offset));
    if (parsed->resource.empty())
        return {};
    if (auto checked = check_function_of_resource(side, name.name, *parsed, type); !checked)
        return std::unexpected(
            within(format("{} name `{}` is not valid", side.what, name.name), std::move(checked).error()));
    return {};
}

Result<> Context::check_function_of_resource(const Side& side, std::string_view, const ParsedName& parsed,
                                             const ExternType& type)
{
    const auto* id = std::get_if<FuncTypeId>(&type);
    if (!id)
        return error("item is not a func");
    const FuncType& function = (*arena)[*id];
    const auto known = side.resources.find(parsed.resource);
    if (parsed.form == NameForm::static_) {
        if (known == side.resources.end())
            return error("static resource name is not known in this context");
        return {};
    }
    const auto check_handle = [&](const ValueType& handle) -> Result<> {
        if (known != side.resources.end() && known->second == ResourceType{handle.resource, handle.resource_name})
            return {};
        for (const auto& [name, resource] : side.resources)
            if (resource == ResourceType{handle.resource, handle.resource_name}) {
                if (name == parsed.resource)
                    return {};
                return error(format("function does not match expected resource name `{}`", name));
            }
        return error("resource used in function does not have a name in this context");
    };
    if (parsed.form == NameForm::constructor) {
        if (function.is_async)
            return error("constructor function cannot be async");
        if (function.result == no_type)
            return error("function should return one value");
        const ValueType* result = &(*arena)[function.result];
        if (result->kind == ValueKind::result && result->element != no_type)
            result = &(*arena)[result->element];
        if (result->kind != ValueKind::own)
            return error("function should return `(own $T)` or `(result (own $T))`");
        return check_handle(*result);
    }
    if (function.params.empty())
        return error("function should have at least one argument");
    if (function.params[0].name != "self")
        return error(
            format("function should have a first argument called `self`, found `{}`", function.params[0].name));
    const ValueType& self = (*arena)[function.params[0].type];
    if (self.kind != ValueKind::borrow)
        return error("function should take a first argument of `(borrow $T)`");
    return check_handle(self);
}

// Names of types

Result<> Context::check_visible(const NamedTypes& names, const ExternType& type, std::string_view what)
{
    if (TRELLIS_TRY(placed(Visibility(*arena, names).of(type))))
        return {};
    return error(format("{} not valid to be used as {}",
                        std::holds_alternative<TypeEquals>(type) ? "type" : kind_name(type), what));
}

Result<> Context::make_visible(Scope& scope, bool by_import, const ExternType& type)
{
    TRELLIS_TRY(add_names(*arena, scope.visible, type));
    return by_import ? add_names(*arena, scope.imported, type) : Result<>();
}

Result<> Context::finish(Scope& scope, Side& side, const ExternName& name, const ExternType& type)
{
    const bool is_import = &side == &scope.imports;
    if (scope.kind != Scope::Kind::instance_type) // those are checked where there is such an instance
        TRELLIS_TRY(check_visible(is_import ? scope.imported : scope.visible, type, side.what));
    if (const auto* equals = std::get_if<TypeEquals>(&type))
        if (const auto* resource = std::get_if<ResourceType>(&equals->named))
            side.resources.emplace(name.name, *resource);
    TRELLIS_TRY(check_name(scope, side, name, type));
    TRELLIS_TRY(placed(make_visible(scope, is_import, type)));
    TRELLIS_TRY(add(scope, type));
    side.externs.add({name, type});
    return is_import ? Result<>() : placed(note_exported(scope, name.name, type));
}

Result<> Context::note_exported(Scope& scope, std::string_view name, const ExternType& type)
{
    if (const auto* equals = std::get_if<TypeEquals>(&type)) {
        if (const auto* resource = std::get_if<ResourceType>(&equals->named))
            scope.exported.push_back({resource->id, {name}});
    } else if (const auto* instance = std::get_if<InstanceTypeId>(&type))
        for (const PlacedResource& one : (*arena)[*instance].exported) {
            TRELLIS_TRY(arena->spend(1 + one.path.size()));
            ResourcePath path = {name};
            path.insert(path.end(), one.path.begin(), one.path.end());
            scope.exported.push_back({one.id, std::move(path)});
        }
    return {};
}

Result<ExternType> Context::import(Scope& scope, const ExternName& name, const written::ExternType& type)
{
    const ExternType resolved = TRELLIS_TRY(resolve(scope, scope.imports, name.name, type));
    TRELLIS_TRY(finish(scope, scope.imports, name, resolved));
    return resolved;
}

Result<ExternType> Context::declare_export(Scope& scope, const ExternName& name, const written::ExternType& type)
{
    const ExternType resolved = TRELLIS_TRY(resolve(scope, scope.exports, name.name, type));
    TRELLIS_TRY(finish(scope, scope.exports, name, resolved));
    return resolved;
}

/// What a component exports may be called something less than it is.
Result<ExternType> Context::ascribed(Scope& scope, const Export& definition, const ExternType& given)
{
    Scope aside{.kind = Scope::Kind::component_type, .parent = scope.parent};
    std::swap(aside.spaces, scope.spaces);
    const ExternType wanted =
        TRELLIS_TRY(resolve(aside, aside.exports, definition.name.name, *definition.written_type));
    std::swap(aside.spaces, scope.spaces);
    Substitution put_in = substitution();
    Externs there;
    there.add({definition.name, given});
    for (const PlacedResource& one : aside.bound)
        if (const auto found = find_resource(*arena, there, one.path))
            put_in.replace(one.id, *found);
    for (const PlacedResource& one : aside.bound)
        if (const auto found = find_resource(*arena, there, one.path))
            scope.resources.push_back({one.id, AscribedResource{found->id}, scope.definition});
    if (auto matched = matcher().match(given, TRELLIS_TRY(put_in(wanted))); !matched)
        return std::unexpected(
            placed(Result<>(std::unexpected(within("ascribed type of export is not compatible with item's type",
                                                   std::move(matched).error()))))
                .error());
    return wanted;
}

Result<ExternType> Context::export_(Scope& scope, const Export& definition)
{
    ExternType type = TRELLIS_TRY(type_of(scope, definition.item));
    if (definition.written_type)
        type = TRELLIS_TRY(ascribed(scope, definition, type));
    if (const auto* equals = std::get_if<TypeEquals>(&type))
        type = renamed(equals->named);
    TRELLIS_TRY(finish(scope, scope.exports, definition.name, type));
    return type;
}

} // namespace trellis::wasm::component
