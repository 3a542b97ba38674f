// Component instances and aliases.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#instance-definitions
#include "base/format.hpp"
#include "wasm/component/syntax/limits.hpp"
#include "wasm/component/validation/context.hpp"

namespace trellis::wasm::component {

Result<> Context::instantiate(Scope& scope, const Instantiate& definition)
{
    const auto component = TRELLIS_TRY(at(scope.spaces.components, definition.component, "component"));
    Externs given;
    for (const Instantiate::Argument& one : definition.arguments) {
        if (given.find(one.name))
            return error(format("instantiation argument `{0}` conflicts with previous argument `{0}`", one.name));
        given.add({ExternName{.name = one.name}, TRELLIS_TRY(type_of(scope, one.item))});
    }
    Substitution put_in = substitution();
    for (const PlacedResource& one : (*arena)[component].imported)
        if (const auto found = find_resource(*arena, given, one.path))
            put_in.replace(one.id, *found);
    for (std::size_t i = 0; i < (*arena)[component].imports.list.size(); ++i) {
        const NamedExtern& needed = (*arena)[component].imports.list[i];
        const ExternType* argument = given.find(needed.name.name);
        if (!argument)
            return error(format("missing import named `{}`", needed.name.name));
        if (auto matched = matcher().match(*argument, TRELLIS_TRY(put_in(needed.type))); !matched)
            return placed(Result<>(std::unexpected(
                within(format("type mismatch for import `{}`", needed.name.name), std::move(matched).error()))));
    }
    const auto index = static_cast<ComponentInstanceIndex>(scope.spaces.instances.size());
    for (const PlacedResource& one : (*arena)[component].defined) {
        const ResourceType made = arena->new_resource();
        put_in.replace(one.id, made);
        scope.resources.push_back({made.id, InstantiatedResource{index, one.path}, scope.definition});
    }
    InstanceType made{.exports = TRELLIS_TRY(put_in((*arena)[component].exports)),
                      .exported = put_in((*arena)[component].exported)};
    for (const NamedExtern& item : made.exports.list)
        made.facts.add(arena->facts(item.type));
    scope.spaces.instances.push_back(arena->add(std::move(made)));
    return {};
}

Result<> Context::add_bag(Scope& scope, const Bag& bag)
{
    Scope aside{.kind = Scope::Kind::instance_type, .parent = &scope};
    InstanceType made;
    for (const Bag::Export& one : bag.exports) {
        const ExternType type = TRELLIS_TRY(type_of(scope, one.item));
        auto parsed = parse_extern_name(one.name.name, offset);
        if (!parsed)
            return std::unexpected(
                within(format("`{}` is not a valid extern name", one.name.name), std::move(parsed).error()));
        TRELLIS_TRY(aside.exports.names.add(one.name.name, "export", offset));
        note_exported(aside, one.name.name, type);
        made.facts.add(arena->facts(type));
        made.exports.add({one.name, type});
    }
    made.exported = std::move(aside.exported);
    scope.spaces.instances.push_back(arena->add(std::move(made)));
    return {};
}

Result<> Context::add_alias(Scope& scope, const Alias& alias)
{
    if (scope.is_type()) {
        const auto* exported = std::get_if<AliasExport>(&alias);
        const auto* outer = std::get_if<AliasOuter>(&alias);
        const bool is_allowed = exported ? exported->kind == ItemKind::type || exported->kind == ItemKind::instance
                                         : outer && (std::holds_alternative<ComponentTypeIndex>(outer->item) ||
                                                     std::holds_alternative<CoreTypeIndex>(outer->item));
        if (!is_allowed)
            return error("aliases in a component or instance type may only refer to types or instances");
    }
    return std::visit([&](const auto& one) { return add_alias(scope, one); }, alias);
}

Result<> Context::add_alias(Scope& scope, const AliasExport& alias)
{
    const auto instance = TRELLIS_TRY(at(scope.spaces.instances, alias.instance, "instance"));
    const ExternType* found = (*arena)[instance].exports.find(alias.name);
    const auto index = static_cast<std::uint32_t>(alias.instance);
    if (!found)
        return error(format("instance {} has no export named `{}`", index, alias.name));
    constexpr std::string_view kinds[] = {"module", "func", "type", "component", "instance"};
    if (found->index() != static_cast<std::size_t>(alias.kind))
        return error(format("export `{}` for instance {} is not a {}", alias.name, index,
                            kinds[static_cast<std::size_t>(alias.kind)]));
    return add(scope, *found);
}

namespace {

bool has_free_resource(const TypeArena& arena, const AnyType& type)
{
    if (const auto* instance = std::get_if<InstanceTypeId>(&type))
        return arena[*instance].facts.has_resource &&
               (arena[*instance].bound.empty() || arena[*instance].exported.size() > arena[*instance].bound.size());
    if (std::holds_alternative<ComponentTypeId>(type))
        return false;
    return arena.facts(type).has_resource;
}

} // namespace

Result<> Context::add_alias(Scope& scope, const AliasOuter& alias)
{
    const Scope* around = &scope;
    const Scope* below = nullptr; ///< the scope one deeper than the one that is meant
    for (std::uint32_t i = 0; i < alias.scopes; ++i) {
        below = around;
        around = around->parent;
        if (!around)
            return error(format("invalid outer alias count of {}", alias.scopes));
    }
    const IndexSpaces& spaces = around->spaces;
    if (const auto* module = std::get_if<CoreModuleIndex>(&alias.item)) {
        scope.spaces.core_modules.push_back(TRELLIS_TRY(at(spaces.core_modules, *module, "module")));
        return {};
    }
    if (const auto* component = std::get_if<ComponentIndex>(&alias.item)) {
        scope.spaces.components.push_back(TRELLIS_TRY(at(spaces.components, *component, "component")));
        return {};
    }
    if (const auto* core = std::get_if<CoreTypeIndex>(&alias.item)) {
        scope.spaces.core_types.push_back(TRELLIS_TRY(at(spaces.core_types, *core, "type")));
        return {};
    }
    const AnyType type = TRELLIS_TRY(at(spaces.types, std::get<ComponentTypeIndex>(alias.item), "type"));
    if (below && !below->is_type() && has_free_resource(*arena, type))
        return error("cannot alias outer type which transitively refers to resources not defined in the current "
                     "component");
    scope.spaces.types.push_back(type);
    return {};
}

} // namespace trellis::wasm::component
