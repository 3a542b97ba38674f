#include "wasm/component/bindgen/flattening.hpp"

#include "base/format.hpp"

#include <algorithm>
#include <array>

namespace trellis::wasm::component::bindgen {
namespace {

using namespace wit;

/// Whoever walks a type does it with recursion.
constexpr unsigned max_depth = 200;
constexpr std::size_t max_flags = 32;

constexpr std::array<std::string_view, 4> c_names = {"int32_t", "int64_t", "float", "double"};

FlatTypes flat_primitive(Primitive primitive)
{
    switch (primitive) {
    case Primitive::s64:
    case Primitive::u64:
        return {CoreType::i64};
    case Primitive::f32:
        return {CoreType::f32};
    case Primitive::f64:
        return {CoreType::f64};
    case Primitive::string:
        return {CoreType::i32, CoreType::i32};
    default:
        return {CoreType::i32};
    }
}

void append(FlatTypes& to, const FlatTypes& more)
{
    const auto room = max_flat_parameters + 1 - to.size();
    to.insert(to.end(), more.begin(), more.begin() + static_cast<std::ptrdiff_t>(std::min(room, more.size())));
}

unsigned depth_of(const TypeKind& kind, const std::vector<unsigned>& depths)
{
    unsigned depth = 0;
    for_each_type(kind, [&](const Type& type) {
        if (const auto* id = std::get_if<TypeId>(&type))
            depth = std::max(depth, depths[id->index]);
    });
    return depth + 1;
}

Result<> check(const TypeDefinition& type, unsigned depth)
{
    if (depth > max_depth)
        return fail(ErrorCode::limit, format("the type `{}` contains others more than {} deep", type.name, max_depth));
    const auto* flags = std::get_if<Flags>(&type.kind);
    if (flags != nullptr && flags->flags.size() > max_flags)
        return fail(ErrorCode::invalid, format("`{}` has more than {} flags", type.name, max_flags));
    return {};
}

} // namespace

std::string_view c_name(CoreType type)
{
    return c_names[static_cast<std::size_t>(type)];
}

CoreType join(CoreType one, CoreType other)
{
    const auto is_small = [](CoreType type) { return type == CoreType::i32 || type == CoreType::f32; };
    if (one == other)
        return one;
    return is_small(one) && is_small(other) ? CoreType::i32 : CoreType::i64;
}

Result<Flattening> Flattening::of(const Model& model)
{
    Flattening all;
    std::vector<unsigned> depths;
    for (const auto& type : model.types) {
        depths.push_back(depth_of(type.kind, depths));
        TRELLIS_TRY(check(type, depths.back()));
        all.types_.push_back(all.flatten(type.kind));
    }
    return all;
}

FlatTypes Flattening::of(const Type& type) const
{
    const auto* id = std::get_if<TypeId>(&type);
    return id != nullptr ? types_[id->index] : flat_primitive(std::get<Primitive>(type));
}

FlatTypes Flattening::of(const std::vector<Parameter>& parameters) const
{
    FlatTypes all;
    for (const auto& parameter : parameters)
        append(all, of(parameter.type));
    return all;
}

FlatTypes Flattening::payload(std::span<const std::optional<Type>> cases) const
{
    FlatTypes slots;
    for (const auto& one : cases) {
        const auto flat = of(one);
        for (std::size_t i = 0; i < flat.size(); ++i) {
            if (i < slots.size())
                slots[i] = join(slots[i], flat[i]);
            else
                slots.push_back(flat[i]);
        }
    }
    return slots;
}

FlatTypes Flattening::with_tag(std::span<const std::optional<Type>> cases) const
{
    FlatTypes all = {CoreType::i32};
    append(all, payload(cases));
    return all;
}

FlatTypes Flattening::repeated(const List& list) const
{
    FlatTypes all;
    const auto element = of(list.element);
    const auto times = std::min<std::size_t>(*list.length, max_flat_parameters + 1);
    for (std::size_t i = 0; i < times; ++i)
        append(all, element);
    return all;
}

FlatTypes Flattening::flatten(const TypeKind& kind) const
{
    const FlatTypes pointer_and_length = {CoreType::i32, CoreType::i32};
    return std::visit(Overloaded{
                          [&](const Alias& it) { return of(it.type); },
                          [&](const Record& it) {
                              FlatTypes all;
                              for (const auto& field : it.fields)
                                  append(all, of(field.type));
                              return all;
                          },
                          [&](const Tuple& it) {
                              FlatTypes all;
                              for (const auto& type : it.types)
                                  append(all, of(type));
                              return all;
                          },
                          [&](const List& it) { return it.length ? repeated(it) : pointer_and_length; },
                          [&](const Map&) { return pointer_and_length; },
                          [&](const Variant&) { return with_tag(payloads(kind)); },
                          [&](const Option&) { return with_tag(payloads(kind)); },
                          [&](const ResultOf&) { return with_tag(payloads(kind)); },
                          [&](const Flags& it) { return it.flags.empty() ? FlatTypes() : FlatTypes{CoreType::i32}; },
                          [&](const auto&) { return FlatTypes{CoreType::i32}; },
                      },
                      kind);
}

std::vector<std::optional<Type>> payloads(const TypeKind& kind)
{
    using Cases = std::vector<std::optional<Type>>;
    return std::visit(Overloaded{
                          [](const Variant& it) {
                              Cases cases;
                              for (const auto& one : it.cases)
                                  cases.push_back(one.type);
                              return cases;
                          },
                          [](const Option& it) { return Cases{std::nullopt, it.type}; },
                          [](const ResultOf& it) { return Cases{it.ok, it.error}; },
                          [](const auto&) { return Cases(); },
                      },
                      kind);
}

} // namespace trellis::wasm::component::bindgen
