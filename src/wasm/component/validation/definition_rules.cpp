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
    TRELLIS_TRY(placed(arena->spend((*arena)[component].imports.list.size() + (*arena)[component].imported.size() +
                                    (*arena)[component].defined.size())));
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
        TRELLIS_TRY(placed(put_in.rename(needed.type, *argument)));
    }
    const auto index = static_cast<ComponentInstanceIndex>(scope.spaces.instances.size());
    for (const PlacedResource& one : (*arena)[component].defined) {
        const ResourceType made = arena->new_resource();
        put_in.replace(one.id, made);
        scope.resources.push_back({made.id, InstantiatedResource{index, one.path}, scope.definition});
    }
    InstanceType made{.exports = TRELLIS_TRY(put_in((*arena)[component].exports)),
                      .exported = TRELLIS_TRY(put_in((*arena)[component].exported))};
    for (const NamedExtern& item : made.exports.list)
        made.facts.add(arena->facts(item.type));
    TRELLIS_TRY(check_size(made.facts));
    scope.spaces.instances.push_back(arena->add(std::move(made)));
    return {};
}

Result<> Context::add_bag(Scope& scope, const Bag& bag)
{
    Scope aside{.kind = Scope::Kind::instance_type, .parent = &scope};
    InstanceType made;
    for (const Bag::Export& one : bag.exports) {
        const ExternType type = TRELLIS_TRY(type_of(scope, one.item));
        TRELLIS_TRY(check_name(aside, aside.exports, one.name, type));
        TRELLIS_TRY(placed(note_exported(aside, one.name.name, type)));
        made.facts.add(arena->facts(type));
        made.exports.add({one.name, type});
    }
    TRELLIS_TRY(check_size(made.facts));
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

/// Finds the resources that a type speaks of and that do not come with it.
class FreeResources {
public:
    explicit FreeResources(TypeArena& arena) : arena_(arena) {}

    Result<> add(const AnyType& type)
    {
        return std::visit([&](auto id) { return add(id); }, type);
    }
    [[nodiscard]] bool any() const
    {
        return std::ranges::any_of(mentioned_, [&](std::uint32_t id) { return !bound_.contains(id); });
    }

private:
    Result<> add(ResourceType type)
    {
        mentioned_.insert(static_cast<std::uint32_t>(type.id));
        return {};
    }
    Result<> add(ValueTypeId id)
    {
        if (id == no_type || !arena_[id].facts.has_resource || !seen_.insert(static_cast<std::uint32_t>(id)).second)
            return {};
        const ValueType& type = arena_[id];
        TRELLIS_TRY(arena_.spend(1 + type.members->size()));
        if (type.kind == ValueKind::own || type.kind == ValueKind::borrow)
            return add(ResourceType{type.resource, 0});
        for (const Member& one : *type.members)
            TRELLIS_TRY(add(one.type));
        TRELLIS_TRY(add(type.element));
        return add(type.other);
    }
    Result<> add(FuncTypeId id)
    {
        for (const Parameter& one : arena_[id].params)
            TRELLIS_TRY(add(one.type));
        return add(arena_[id].result);
    }
    Result<> add(InstanceTypeId id)
    {
        bind(arena_[id].bound);
        return add(arena_[id].exports);
    }
    Result<> add(ComponentTypeId id)
    {
        bind(arena_[id].imported);
        bind(arena_[id].defined);
        TRELLIS_TRY(add(arena_[id].imports));
        return add(arena_[id].exports);
    }
    Result<> add(const Externs& externs)
    {
        for (const NamedExtern& one : externs.list) {
            TRELLIS_TRY(arena_.spend(1));
            if (const auto* equals = std::get_if<TypeEquals>(&one.type))
                TRELLIS_TRY(add(equals->named));
            else if (const auto* function = std::get_if<FuncTypeId>(&one.type))
                TRELLIS_TRY(add(*function));
            else if (const auto* instance = std::get_if<InstanceTypeId>(&one.type))
                TRELLIS_TRY(add(*instance));
            else if (const auto* component = std::get_if<ComponentTypeId>(&one.type))
                TRELLIS_TRY(add(*component));
        }
        return {};
    }
    void bind(const std::vector<PlacedResource>& resources)
    {
        for (const PlacedResource& one : resources)
            bound_.insert(static_cast<std::uint32_t>(one.id));
    }

    TypeArena& arena_;
    std::unordered_set<std::uint32_t> mentioned_, bound_, seen_;
};

Result<bool> has_free_resource(TypeArena& arena, const AnyType& type)
{
    FreeResources resources(arena);
    TRELLIS_TRY(resources.add(type));
    return resources.any();
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
        const CoreType type = TRELLIS_TRY(at(spaces.core_types, *core, "type"));
        if (below)
            TRELLIS_TRY(check_aliased(type));
        scope.spaces.core_types.push_back(type);
        return {};
    }
    const AnyType type = TRELLIS_TRY(at(spaces.types, std::get<ComponentTypeIndex>(alias.item), "type"));
    if (below && !below->is_type() && TRELLIS_TRY(placed(has_free_resource(*arena, type))))
        return error("cannot alias outer type which transitively refers to resources not defined in the current "
                     "component");
    scope.spaces.types.push_back(type);
    return {};
}

} // namespace trellis::wasm::component
