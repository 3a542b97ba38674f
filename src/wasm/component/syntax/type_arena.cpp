#include "wasm/component/syntax/type_arena.hpp"

#include "base/check.hpp"
#include "wasm/component/syntax/limits.hpp"

#include <algorithm>

namespace trellis::wasm::component {
namespace {

/// A type as a string of bytes: equal exactly for types that are written alike.
class Key {
public:
    Key& number(std::uint32_t value)
    {
        text_.append(reinterpret_cast<const char*>(&value), sizeof value);
        return *this;
    }
    Key& name(std::string_view name)
    {
        number(static_cast<std::uint32_t>(name.size()));
        text_ += name;
        return *this;
    }
    Key& type(ValueTypeId id) { return number(static_cast<std::uint32_t>(id)); }
    std::string take() { return std::move(text_); }

private:
    std::string text_;
};

std::string key_of(const ValueType& type)
{
    Key key;
    key.number(static_cast<std::uint32_t>(type.kind)).type(type.element).type(type.other).number(type.length);
    key.number(static_cast<std::uint32_t>(type.resource)).number(type.resource_name);
    for (const Member& member : *type.members)
        key.name(member.name).type(member.type);
    return key.take();
}

std::string key_of(const FuncType& type)
{
    Key key;
    key.number(type.is_async).type(type.result);
    for (const Parameter& parameter : type.params)
        key.name(parameter.name).type(parameter.type);
    return key.take();
}

struct PrimitiveRow {
    std::uint8_t size;
    Kind flat;
};

/// In the order of ValueKind; string is two pointers.
constexpr PrimitiveRow primitive_rows[primitive_kinds] = {
    {1, Kind::i32}, {1, Kind::i32}, {1, Kind::i32}, {2, Kind::i32}, {2, Kind::i32}, {4, Kind::i32}, {4, Kind::i32},
    {8, Kind::i64}, {8, Kind::i64}, {4, Kind::f32}, {8, Kind::f64}, {4, Kind::i32}, {8, Kind::i32}, {4, Kind::i32},
};

constexpr std::uint64_t align(std::uint64_t offset, std::uint64_t alignment)
{
    return (offset + alignment - 1) / alignment * alignment;
}

/// Sizes can't be expressed that are far beyond the limit; such a type is refused anyway.
constexpr std::uint64_t enough = limits::value_bytes * 4;

std::uint64_t clamp(std::uint64_t bytes)
{
    return std::min(bytes, enough);
}

std::uint8_t discriminant_bytes(std::size_t cases)
{
    return cases <= 0x100 ? 1 : cases <= 0x1'0000 ? 2 : 4;
}

Kind join(Kind a, Kind b)
{
    const auto is_32_bits = [](Kind kind) { return kind == Kind::i32 || kind == Kind::f32; };
    if (a == b)
        return a;
    return is_32_bits(a) && is_32_bits(b) ? Kind::i32 : Kind::i64;
}

void join(FlatTypes& flat, const FlatTypes& payload)
{
    flat.too_many = flat.too_many || payload.too_many || payload.count + 1u > FlatTypes::max;
    if (flat.too_many)
        return;
    for (std::size_t i = 0; i < payload.count; ++i) {
        const Kind kind = payload.kinds[i];
        if (i + 1 < flat.count)
            flat.kinds[i + 1] = join(flat.kinds[i + 1], kind);
        else
            flat.add(kind);
    }
}

FlatTypes flat_of(std::initializer_list<Kind> kinds)
{
    FlatTypes flat;
    for (const Kind kind : kinds)
        flat.add(kind);
    return flat;
}

void set_size(ValueType& type, std::uint64_t size, std::uint32_t alignment, std::uint64_t wide_size,
              std::uint32_t wide_alignment)
{
    type.layout = {static_cast<std::uint32_t>(clamp(align(size, alignment))), alignment};
    type.wide_size = clamp(align(wide_size, wide_alignment));
    type.wide_alignment = wide_alignment;
}

const std::shared_ptr<const Members> no_members = std::make_shared<Members>();

} // namespace

void FlatTypes::add(Kind kind)
{
    too_many = too_many || count == max;
    if (!too_many)
        kinds[count++] = kind;
}

void FlatTypes::add(const FlatTypes& more)
{
    too_many = too_many || more.too_many;
    for (std::size_t i = 0; i < more.count && !too_many; ++i)
        add(more.kinds[i]);
}

void TypeFacts::add(const TypeFacts& part)
{
    nodes = static_cast<std::uint32_t>(std::min<std::uint64_t>(std::uint64_t(nodes) + part.nodes, UINT32_MAX));
    depth = std::max(depth, part.depth + 1);
    has_borrow = has_borrow || part.has_borrow;
    has_resource = has_resource || part.has_resource;
    has_name = has_name || part.has_name;
    has_pointer = has_pointer || part.has_pointer;
    has_async = has_async || part.has_async;
}

TypeArena::TypeArena(SharedBytes binary) : binary_(std::move(binary))
{
    for (std::uint32_t i = 0; i < primitive_kinds; ++i)
        intern(ValueType{.kind = static_cast<ValueKind>(i)});
}

Result<> TypeArena::spend(std::uint64_t steps)
{
    spent_ += steps;
    if (spent_ > limits::steps)
        return fail(ErrorCode::limit, "effective type size exceeds the limit: too much to compare and substitute");
    return {};
}

ValueTypeId TypeArena::intern(ValueType type)
{
    if (!type.members)
        type.members = no_members;
    auto key = key_of(type);
    if (const auto found = value_ids_.find(key); found != value_ids_.end())
        return found->second;
    measure(type);
    type.canonical = canonical_of(type);
    const auto id = static_cast<ValueTypeId>(values_.size());
    if (type.canonical == no_type)
        type.canonical = id;
    values_.push_back(std::move(type));
    value_ids_.emplace(std::move(key), id);
    return id;
}

/// no_type where the type is canonical itself.
ValueTypeId TypeArena::canonical_of(const ValueType& type)
{
    const auto canonical_or_none = [&](ValueTypeId id) { return id == no_type ? id : canonical(id); };
    ValueType forgetful{.kind = type.kind, .members = type.members};
    forgetful.element = canonical_or_none(type.element);
    forgetful.other = canonical_or_none(type.other);
    forgetful.length = type.length;
    forgetful.resource = type.resource;
    const auto differs = [&](const Member& member) { return member.type != canonical_or_none(member.type); };
    const bool members_differ = std::ranges::any_of(*type.members, differs);
    if (!members_differ && forgetful.element == type.element && forgetful.other == type.other &&
        type.resource_name == 0)
        return no_type;
    if (members_differ) {
        auto members = std::make_shared<Members>(*type.members);
        for (Member& member : *members)
            member.type = canonical_or_none(member.type);
        forgetful.members = std::move(members);
    }
    return intern(std::move(forgetful));
}

ValueTypeId TypeArena::named(ValueTypeId id)
{
    ValueType copy = (*this)[id];
    copy.facts.has_name = true;
    const auto fresh = static_cast<ValueTypeId>(values_.size());
    values_.push_back(std::move(copy)); // not among the interned ones: nothing else is this type
    return fresh;
}

void TypeArena::find_facts(ValueType& type) const
{
    using enum ValueKind;
    const auto part = [&](ValueTypeId id) {
        if (id != no_type)
            type.facts.add((*this)[id].facts);
    };
    part(type.element);
    part(type.other);
    for (const Member& member : *type.members)
        part(member.type);
    TypeFacts& facts = type.facts;
    facts.has_borrow = facts.has_borrow || type.kind == borrow;
    facts.has_resource = facts.has_resource || type.kind == own || type.kind == borrow;
    facts.has_pointer = facts.has_pointer || type.kind == list || type.kind == string || type.kind == map;
    facts.has_async = facts.has_async || type.kind == stream || type.kind == future;
    if (type.kind == stream || type.kind == future)
        facts.has_pointer = false; // what passes later is no part of the value
}

void TypeArena::measure(ValueType& type) const
{
    using enum ValueKind;
    find_facts(type);
    switch (type.kind) {
    case string:
    case list:
    case map:
        type.flat = flat_of({Kind::i32, Kind::i32});
        return set_size(type, 8, 4, 16, 8);
    case record:
    case tuple:
        return measure_members(type);
    case variant: {
        std::vector<ValueTypeId> payloads;
        for (const Member& member : *type.members)
            payloads.push_back(member.type);
        return measure_cases(type, payloads);
    }
    case enum_:
        return measure_cases(type, std::vector<ValueTypeId>(type.members->size(), no_type));
    case option:
        return measure_cases(type, std::array{no_type, type.element});
    case result:
        return measure_cases(type, std::array{type.element, type.other});
    case flags: {
        const std::size_t count = type.members->size();
        const std::uint32_t size = count <= 8 ? 1 : count <= 16 ? 2 : 4;
        type.flat = flat_of({Kind::i32});
        return set_size(type, size, size, size, size);
    }
    case fixed_list: {
        const ValueType& element = (*this)[type.element];
        for (std::uint32_t i = 0; i < type.length && !type.flat.too_many; ++i)
            type.flat.add(element.flat);
        return set_size(type, clamp(std::uint64_t(element.layout.size) * type.length), element.layout.alignment,
                        clamp(element.wide_size * type.length), element.wide_alignment);
    }
    case own:
    case borrow:
    case stream:
    case future:
        type.flat = flat_of({Kind::i32});
        return set_size(type, 4, 4, 4, 4);
    default: {
        const PrimitiveRow row = primitive_rows[static_cast<std::size_t>(type.kind)];
        type.flat = flat_of({row.flat});
        return set_size(type, row.size, row.size, row.size, row.size);
    }
    }
}

void TypeArena::measure_members(ValueType& type) const
{
    std::uint64_t size = 0, wide_size = 0;
    std::uint32_t alignment = 1, wide_alignment = 1;
    auto members = std::make_shared<Members>(*type.members);
    for (Member& member : *members) {
        const ValueType& field = (*this)[member.type];
        size = align(size, field.layout.alignment);
        member.offset = static_cast<std::uint32_t>(clamp(size));
        size = clamp(size + field.layout.size);
        wide_size = clamp(align(wide_size, field.wide_alignment) + field.wide_size);
        alignment = std::max(alignment, field.layout.alignment);
        wide_alignment = std::max(wide_alignment, field.wide_alignment);
        type.flat.add(field.flat);
    }
    type.members = std::move(members);
    set_size(type, size, alignment, wide_size, wide_alignment);
}

void TypeArena::measure_cases(ValueType& type, std::span<const ValueTypeId> payloads) const
{
    type.discriminant_bytes = discriminant_bytes(payloads.size());
    type.flat = flat_of({Kind::i32});
    std::uint64_t size = 0, wide_size = 0;
    std::uint32_t alignment = 1, wide_alignment = 1;
    for (const ValueTypeId id : payloads) {
        if (id == no_type)
            continue;
        const ValueType& payload = (*this)[id];
        size = std::max<std::uint64_t>(size, payload.layout.size);
        wide_size = std::max(wide_size, payload.wide_size);
        alignment = std::max(alignment, payload.layout.alignment);
        wide_alignment = std::max(wide_alignment, payload.wide_alignment);
        join(type.flat, payload.flat);
    }
    type.payload_offset = static_cast<std::uint32_t>(align(type.discriminant_bytes, alignment));
    const std::uint64_t wide_offset = align(type.discriminant_bytes, wide_alignment);
    set_size(type, type.payload_offset + size, std::max<std::uint32_t>(alignment, type.discriminant_bytes),
             wide_offset + wide_size, std::max<std::uint32_t>(wide_alignment, type.discriminant_bytes));
}

FuncTypeId TypeArena::intern(FuncType type)
{
    auto key = key_of(type);
    if (const auto found = function_ids_.find(key); found != function_ids_.end())
        return found->second;
    FuncType forgetful{.is_async = type.is_async, .params = type.params};
    std::uint64_t size = 0;
    for (Parameter& parameter : forgetful.params) {
        const ValueType& value = (*this)[parameter.type];
        type.flat_params.add(value.flat);
        type.param_facts.add(value.facts);
        size = clamp(align(size, value.layout.alignment) + value.layout.size);
        type.params_layout.alignment = std::max(type.params_layout.alignment, value.layout.alignment);
        parameter.type = value.canonical;
    }
    type.params_layout.size = static_cast<std::uint32_t>(clamp(align(size, type.params_layout.alignment)));
    type.facts = type.param_facts;
    if (type.result != no_type) {
        const ValueType& value = (*this)[type.result];
        type.flat_result = value.flat;
        type.result_facts = value.facts;
        type.facts.add(value.facts);
        forgetful.result = value.canonical;
    }
    const bool is_canonical = key_of(forgetful) == key;
    if (!is_canonical)
        type.canonical = intern(std::move(forgetful));
    const auto id = static_cast<FuncTypeId>(functions_.size());
    if (is_canonical)
        type.canonical = id;
    functions_.push_back(std::move(type));
    function_ids_.emplace(std::move(key), id);
    return id;
}

InstanceTypeId TypeArena::add(InstanceType type)
{
    instances_.push_back(std::move(type));
    return static_cast<InstanceTypeId>(instances_.size() - 1);
}

ComponentTypeId TypeArena::add(ComponentType type)
{
    components_.push_back(std::move(type));
    return static_cast<ComponentTypeId>(components_.size() - 1);
}

ModuleTypeId TypeArena::add(ModuleType type)
{
    modules_.push_back(std::move(type));
    return static_cast<ModuleTypeId>(modules_.size() - 1);
}

TypeFacts TypeArena::facts(const AnyType& type) const
{
    if (std::holds_alternative<ResourceType>(type))
        return {.has_resource = true};
    return std::visit(
        [&]<class Id>(Id id) -> TypeFacts {
            if constexpr (requires { (*this)[id].facts; })
                return (*this)[id].facts;
            else
                return {};
        },
        type);
}

TypeFacts TypeArena::facts(const ExternType& type) const
{
    if (const auto* equals = std::get_if<TypeEquals>(&type))
        return facts(equals->named);
    return std::visit(
        [&]<class Id>(Id id) -> TypeFacts {
            if constexpr (requires { (*this)[id].facts; })
                return (*this)[id].facts;
            else
                return {};
        },
        type);
}

} // namespace trellis::wasm::component
