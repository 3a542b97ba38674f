#include "wasm/component/validation/substitution.hpp"

#include <algorithm>

namespace trellis::wasm::component {
namespace {

/// What a new type, and an import or export of it, cost in TypeArena::spend's account: mostly memory.
constexpr std::uint64_t steps_per_type = 16, steps_per_item = 8;

template <class Id>
std::uint32_t number_of(Id id)
{
    return static_cast<std::uint32_t>(id);
}

bool concerns(const TypeFacts& facts)
{
    return facts.has_resource || facts.has_name;
}

/// Of two types of one shape.
bool is_unchanged(const ValueType& before, const ValueType& after)
{
    return before.element == after.element && before.other == after.other && before.resource == after.resource &&
           before.resource_name == after.resource_name &&
           std::ranges::equal(*before.members, *after.members, {}, &Member::type, &Member::type);
}

} // namespace

ResourceType Substitution::operator()(ResourceType type)
{
    const auto found = resources_.find(number_of(type.id));
    if (found == resources_.end())
        return type;
    return {found->second.id, found->second.name != 0 ? found->second.name : type.name};
}

Result<> Substitution::rename(const ExternType& from, const ExternType& to)
{
    TRELLIS_TRY(arena_.spend(1));
    if (const auto* equals = std::get_if<TypeEquals>(&from)) {
        const auto* named = std::get_if<ValueTypeId>(&equals->named);
        const auto* there = std::get_if<TypeEquals>(&to);
        const auto* fresh = there ? std::get_if<ValueTypeId>(&there->named) : nullptr;
        if (named && fresh)
            values_[number_of(*named)] = *fresh;
    } else if (const auto* instance = std::get_if<InstanceTypeId>(&from)) {
        const auto* there = std::get_if<InstanceTypeId>(&to);
        for (const NamedExtern& one : arena_[*instance].exports.list) {
            const ExternType* found = there ? arena_[*there].exports.find(one.name.name) : nullptr;
            if (found)
                TRELLIS_TRY(rename(one.type, *found));
        }
    }
    return {};
}

Result<ValueTypeId> Substitution::operator()(ValueTypeId id)
{
    if (id == no_type || !concerns(arena_[id].facts))
        return id;
    if (const auto found = values_.find(number_of(id)); found != values_.end())
        return found->second;
    TRELLIS_TRY(arena_.spend(steps_per_type + arena_[id].members->size()));
    auto rebuilt = TRELLIS_TRY(rebuild(arena_[id]));
    if (named_.contains(number_of(id)) && is_unchanged(arena_[id], arena_[rebuilt])) {
        rebuilt = id;
    } else if (named_.contains(number_of(id))) {
        rebuilt = arena_.named(rebuilt);
        named_.insert(number_of(rebuilt));
    }
    values_.emplace(number_of(id), rebuilt);
    return rebuilt;
}

Result<ValueTypeId> Substitution::rebuild(const ValueType& type)
{
    ValueType fresh{.kind = type.kind, .length = type.length};
    if (type.kind == ValueKind::own || type.kind == ValueKind::borrow) {
        const auto resource = (*this)(ResourceType{type.resource, type.resource_name});
        fresh.resource = resource.id;
        fresh.resource_name = resource.name;
    }
    auto members = std::make_shared<Members>(*type.members);
    for (Member& member : *members)
        member.type = TRELLIS_TRY((*this)(member.type));
    fresh.members = std::move(members);
    fresh.element = TRELLIS_TRY((*this)(type.element));
    fresh.other = TRELLIS_TRY((*this)(type.other));
    return arena_.intern(std::move(fresh));
}

Result<FuncTypeId> Substitution::operator()(FuncTypeId id)
{
    if (!concerns(arena_[id].facts))
        return id;
    if (const auto found = functions_.find(number_of(id)); found != functions_.end())
        return found->second;
    const FuncType& type = arena_[id];
    TRELLIS_TRY(arena_.spend(steps_per_type + type.params.size()));
    FuncType fresh{.is_async = type.is_async, .params = type.params};
    for (Parameter& parameter : fresh.params)
        parameter.type = TRELLIS_TRY((*this)(parameter.type));
    fresh.result = TRELLIS_TRY((*this)(arena_[id].result));
    const FuncTypeId rebuilt = arena_.intern(std::move(fresh));
    functions_.emplace(number_of(id), rebuilt);
    return rebuilt;
}

Result<InstanceTypeId> Substitution::operator()(InstanceTypeId id)
{
    if (is_empty() || !concerns(arena_[id].facts))
        return id;
    if (const auto found = instances_.find(number_of(id)); found != instances_.end())
        return found->second;
    TRELLIS_TRY(arena_.spend(steps_per_type));
    InstanceType fresh{.exports = TRELLIS_TRY((*this)(arena_[id].exports)),
                       .bound = arena_[id].bound,
                       .exported = TRELLIS_TRY((*this)(arena_[id].exported)),
                       .facts = arena_[id].facts};
    const InstanceTypeId rebuilt = arena_.add(std::move(fresh));
    instances_.emplace(number_of(id), rebuilt);
    return rebuilt;
}

Result<ComponentTypeId> Substitution::operator()(ComponentTypeId id)
{
    if (is_empty() || !concerns(arena_[id].facts))
        return id;
    if (const auto found = components_.find(number_of(id)); found != components_.end())
        return found->second;
    TRELLIS_TRY(arena_.spend(steps_per_type));
    ComponentType fresh{.imports = TRELLIS_TRY((*this)(arena_[id].imports)),
                        .exports = TRELLIS_TRY((*this)(arena_[id].exports)),
                        .imported = arena_[id].imported,
                        .defined = arena_[id].defined,
                        .exported = TRELLIS_TRY((*this)(arena_[id].exported)),
                        .facts = arena_[id].facts};
    const ComponentTypeId rebuilt = arena_.add(std::move(fresh));
    components_.emplace(number_of(id), rebuilt);
    return rebuilt;
}

Result<AnyType> Substitution::operator()(const AnyType& type)
{
    return std::visit(
        [&](auto id) -> Result<AnyType> {
            if constexpr (std::is_same_v<decltype(id), ResourceType>)
                return AnyType((*this)(id));
            else
                return AnyType(TRELLIS_TRY((*this)(id)));
        },
        type);
}

Result<ExternType> Substitution::operator()(const ExternType& type)
{
    return std::visit(
        [&](const auto& id) -> Result<ExternType> {
            using Id = std::remove_cvref_t<decltype(id)>;
            if constexpr (std::is_same_v<Id, ModuleTypeId>)
                return ExternType(id);
            else if constexpr (std::is_same_v<Id, TypeEquals>)
                return ExternType(TypeEquals{TRELLIS_TRY((*this)(id.meant)), TRELLIS_TRY((*this)(id.named))});
            else
                return ExternType(TRELLIS_TRY((*this)(id)));
        },
        type);
}

Result<Externs> Substitution::operator()(const Externs& externs)
{
    TRELLIS_TRY(arena_.spend(steps_per_item * externs.list.size()));
    Externs fresh;
    for (std::size_t i = 0; i < externs.list.size(); ++i)
        fresh.add({externs.list[i].name, TRELLIS_TRY((*this)(externs.list[i].type))});
    return fresh;
}

Result<std::vector<PlacedResource>> Substitution::operator()(const std::vector<PlacedResource>& list)
{
    TRELLIS_TRY(arena_.spend(list.size()));
    auto fresh = list;
    for (PlacedResource& one : fresh)
        one.id = (*this)(ResourceType{one.id, 0}).id;
    return fresh;
}

} // namespace trellis::wasm::component
