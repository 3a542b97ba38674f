#include "wasm/component/validation/visibility.hpp"

namespace trellis::wasm::component {
namespace {

bool needs_name(ValueKind kind)
{
    using enum ValueKind;
    return kind == record || kind == variant || kind == flags || kind == enum_;
}

bool is_handle(const ValueType& type)
{
    return type.kind == ValueKind::own || type.kind == ValueKind::borrow;
}

} // namespace

Result<bool> Visibility::of(ValueTypeId id)
{
    if (id == no_type || names_.has(id) || visible_.contains(static_cast<std::uint32_t>(id)))
        return true;
    const ValueType& type = arena_[id];
    const bool ok = !needs_name(type.kind) && TRELLIS_TRY(of_parts(type));
    if (ok)
        visible_.insert(static_cast<std::uint32_t>(id));
    return ok;
}

Result<bool> Visibility::of_parts(const ValueType& type)
{
    TRELLIS_TRY(arena_.spend(1 + type.members->size()));
    if (is_handle(type))
        return names_.has(ResourceType{type.resource, type.resource_name});
    for (const Member& one : *type.members)
        if (!TRELLIS_TRY(of(one.type)))
            return false;
    return TRELLIS_TRY(of(type.element)) && TRELLIS_TRY(of(type.other));
}

Result<bool> Visibility::of(FuncTypeId id)
{
    for (const Parameter& one : arena_[id].params)
        if (!TRELLIS_TRY(of(one.type)))
            return false;
    return of(arena_[id].result);
}

/// What an instance exports may speak of what it exports before that.
Result<bool> Visibility::of(InstanceTypeId id)
{
    for (const NamedExtern& one : arena_[id].exports.list) {
        TRELLIS_TRY(arena_.spend(1));
        if (!TRELLIS_TRY(of(one.type)))
            return false;
        TRELLIS_TRY(add_names(arena_, names_, one.type));
    }
    return true;
}

/// A type that gets a name here needs none itself, but its parts do. Component types were checked when they were made.
Result<bool> Visibility::of(const AnyType& type)
{
    if (const auto* value = std::get_if<ValueTypeId>(&type))
        return of_parts(arena_[*value]);
    if (const auto* function = std::get_if<FuncTypeId>(&type))
        return of(*function);
    if (const auto* instance = std::get_if<InstanceTypeId>(&type))
        return of(*instance);
    return true;
}

Result<bool> Visibility::of(const ExternType& type)
{
    if (const auto* function = std::get_if<FuncTypeId>(&type))
        return of(*function);
    if (const auto* equals = std::get_if<TypeEquals>(&type))
        return of(equals->meant);
    if (const auto* instance = std::get_if<InstanceTypeId>(&type))
        return of(*instance);
    return true;
}

Result<> add_names(TypeArena& arena, NamedTypes& names, const ExternType& type)
{
    TRELLIS_TRY(arena.spend(1));
    if (const auto* equals = std::get_if<TypeEquals>(&type)) {
        if (const auto* resource = std::get_if<ResourceType>(&equals->named))
            names.add(*resource);
        else if (const auto* value = std::get_if<ValueTypeId>(&equals->named))
            names.add(*value);
    } else if (const auto* instance = std::get_if<InstanceTypeId>(&type))
        for (const NamedExtern& one : arena[*instance].exports.list)
            TRELLIS_TRY(add_names(arena, names, one.type));
    return {};
}

} // namespace trellis::wasm::component
