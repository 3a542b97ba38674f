#include "wasm/component/encoding/core_abi.hpp"

#include "wasm/component/syntax/limits.hpp"

#include <array>

namespace trellis::wasm::component::encoding {
namespace {

constexpr std::array<Kind, 14> kinds_of_primitives = {
    Kind::i32, Kind::i32, Kind::i32, Kind::i32, Kind::i32, Kind::i32, Kind::i32,
    Kind::i64, Kind::i64, Kind::f32, Kind::f64, Kind::i32, Kind::i32, Kind::i32,
};

Kind join(Kind a, Kind b)
{
    const auto is_32_bits = [](Kind kind) { return kind == Kind::i32 || kind == Kind::f32; };
    if (a == b)
        return a;
    return is_32_bits(a) && is_32_bits(b) ? Kind::i32 : Kind::i64;
}

std::vector<ValType> list_of(const FlatTypes& flat)
{
    return {flat.view().begin(), flat.view().end()};
}

/// What parameters or results are where they are passed in memory if there are more than so many.
std::vector<ValType> at_most(std::uint32_t limit, const FlatTypes& flat)
{
    return flat.fits(limit) ? list_of(flat) : std::vector<ValType>{i32};
}

} // namespace

void Needs::add(const Needs& more)
{
    memory |= more.memory;
    realloc |= more.realloc;
    strings |= more.strings;
    async |= more.async;
}

void CoreAbi::Facts::add(const Facts& part)
{
    flat.add(part.flat);
    has_pointer |= part.has_pointer;
    has_string |= part.has_string;
    has_stream |= part.has_stream;
}

/// One more payload that may stand behind the discriminant.
void CoreAbi::Facts::add_case(const Facts& payload)
{
    has_pointer |= payload.has_pointer;
    has_string |= payload.has_string;
    has_stream |= payload.has_stream;
    flat.too_many |= payload.flat.too_many;
    for (std::size_t i = 0; i < payload.flat.count && !flat.too_many; ++i) {
        const Kind kind = payload.flat.kinds[i];
        if (i + 1 < flat.count)
            flat.kinds[i + 1] = join(flat.kinds[i + 1], kind);
        else
            flat.add(kind);
    }
}

CoreAbi::CoreAbi(const wit::Model& model)
{
    facts_.reserve(model.types.size());
    for (const auto& type : model.types)
        facts_.push_back(facts_of(type.kind));
}

CoreAbi::Facts CoreAbi::facts_of(const wit::Type& type) const
{
    if (const auto* id = std::get_if<wit::TypeId>(&type))
        return facts_[id->index];
    const auto primitive = std::get<wit::Primitive>(type);
    Facts facts;
    facts.flat.add(kinds_of_primitives[static_cast<std::size_t>(primitive)]);
    if (primitive == wit::Primitive::string) {
        facts.flat.add(Kind::i32);
        facts.has_pointer = facts.has_string = true;
    }
    return facts;
}

CoreAbi::Facts CoreAbi::facts_of(const std::optional<wit::Type>& type) const
{
    return type ? facts_of(*type) : Facts();
}

CoreAbi::Facts CoreAbi::facts_of(const wit::TypeKind& kind) const
{
    Facts facts;
    const auto word = [&] { facts.flat.add(Kind::i32); };
    const auto pointer = [&](const Facts& element) {
        word();
        word();
        facts.has_pointer = true;
        facts.has_string |= element.has_string;
        facts.has_stream |= element.has_stream;
    };
    std::visit(wit::Overloaded{
                   [&](const wit::Alias& it) { facts = facts_of(it.type); },
                   [&](const wit::Record& it) {
                       for (const auto& field : it.fields)
                           facts.add(facts_of(field.type));
                   },
                   [&](const wit::Tuple& it) {
                       for (const auto& part : it.types)
                           facts.add(facts_of(part));
                   },
                   [&](const wit::Variant& it) {
                       word();
                       for (const auto& one : it.cases)
                           facts.add_case(facts_of(one.type));
                   },
                   [&](const wit::Option& it) {
                       word();
                       facts.add_case(facts_of(it.type));
                   },
                   [&](const wit::ResultOf& it) {
                       word();
                       facts.add_case(facts_of(it.ok));
                       facts.add_case(facts_of(it.error));
                   },
                   [&](const wit::List& it) {
                       if (!it.length)
                           return pointer(facts_of(it.element));
                       for (std::uint32_t i = 0; i < *it.length && !facts.flat.too_many; ++i)
                           facts.add(facts_of(it.element));
                   },
                   [&](const wit::Map& it) {
                       pointer(facts_of(it.key));
                       facts.has_string |= facts_of(it.value).has_string;
                       facts.has_stream |= facts_of(it.value).has_stream;
                   },
                   [&](const wit::Future&) {
                       word();
                       facts.has_stream = true;
                   },
                   [&](const wit::Stream&) {
                       word();
                       facts.has_stream = true;
                   },
                   [&](const auto&) { word(); }, // flags, enums and handles
               },
               kind);
    return facts;
}

CoreAbi::Facts CoreAbi::parameters_of(const wit::Function& function) const
{
    Facts facts;
    for (const auto& parameter : function.parameters)
        facts.add(facts_of(parameter.type));
    return facts;
}

wasm::FuncType CoreAbi::type_of(const wit::Function& function, Crossing crossing) const
{
    const auto parameters = parameters_of(function).flat;
    const auto result = facts_of(function.result).flat;
    if (crossing == Crossing::task_return)
        return {at_most(limits::flat_params, result), {}};
    const bool is_async_lower = crossing == Crossing::lower_async;
    wasm::FuncType type{at_most(is_async_lower ? limits::flat_async_params : limits::flat_params, parameters), {}};
    if (is_async_lower) {
        if (function.result)
            type.params.push_back(i32);
        type.results = {i32};
    } else if (crossing == Crossing::lift_callback) {
        type.results = {i32};
    } else if (crossing == Crossing::lift || result.fits(limits::flat_results)) {
        if (crossing != Crossing::lift_stackful)
            type.results = at_most(limits::flat_results, result);
    } else if (crossing == Crossing::lower) {
        type.params.push_back(i32);
    }
    return type;
}

/// What it takes to read values out of the module.
Needs CoreAbi::lifting(const Facts& facts)
{
    return {.memory = facts.has_pointer, .realloc = false, .strings = facts.has_string};
}

/// What it takes to hand values to the module.
Needs CoreAbi::lowering(const Facts& facts)
{
    return {.memory = facts.has_pointer, .realloc = facts.has_pointer, .strings = facts.has_string};
}

Needs CoreAbi::needs_of(const wit::Function& function, Crossing crossing) const
{
    const auto parameters = parameters_of(function);
    const auto result = facts_of(function.result);
    const bool result_in_memory = !result.flat.fits(limits::flat_results);
    Needs needs;
    switch (crossing) {
    case Crossing::lower:
    case Crossing::lower_async: {
        needs.async = crossing == Crossing::lower_async;
        needs.add(lifting(parameters));
        needs.add(lowering(result));
        const bool any_result = needs.async && function.result.has_value();
        needs.memory |= !parameters.flat.fits(needs.async ? limits::flat_async_params : limits::flat_params) ||
                        any_result || result_in_memory;
        break;
    }
    case Crossing::lift:
    case Crossing::lift_callback:
    case Crossing::lift_stackful: {
        needs.async = crossing != Crossing::lift;
        needs.add(lowering(parameters));
        needs.add(lifting(result));
        const bool parameters_in_memory = !parameters.flat.fits(limits::flat_params);
        needs.memory |= parameters_in_memory;
        needs.memory |= needs.async ? !result.flat.fits(limits::flat_params) : result_in_memory;
        needs.realloc |= parameters_in_memory;
        break;
    }
    case Crossing::task_return:
        needs.add(lifting(result));
        needs.memory |= !result.flat.fits(limits::flat_params);
        break;
    }
    return needs;
}

Needs CoreAbi::needs_of_copy(const std::optional<wit::Type>& payload, bool is_read) const
{
    const auto facts = facts_of(payload);
    auto needs = is_read ? lowering(facts) : lifting(facts);
    needs.memory = true;
    return needs;
}

} // namespace trellis::wasm::component::encoding
