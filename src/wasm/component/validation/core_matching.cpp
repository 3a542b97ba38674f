// Whether a core item is what a module asks for, before there is any instance.
// https://webassembly.github.io/spec/core/valid/matching.html#external-types
#include "base/format.hpp"
#include "wasm/component/validation/matching.hpp"

#include <array>

namespace trellis::wasm::component {
namespace {

using Types = std::span<const std::shared_ptr<const CanonicalType>>;

auto mismatch(std::string message)
{
    return fail(ErrorCode::invalid, std::move(message));
}

std::string_view kind_name(ExternKind kind)
{
    constexpr std::array names = {"func", "table", "memory", "global", "tag"};
    return names[static_cast<std::size_t>(kind)];
}

Types types_of(const CoreExternType& type)
{
    return type.context ? Types(type.context->canonical_types) : Types();
}

std::string text_of(const CanonicalType& type)
{
    std::string text = "(func";
    const auto add = [&](std::string_view word, const std::vector<ValType>& types) {
        if (types.empty())
            return;
        text += format(" ({}", word);
        for (const ValType one : types)
            text += " " + to_string(one);
        text += ")";
    };
    add("param", type.function().params);
    add("result", type.function().results);
    return text + ")";
}

bool same(ValType a, Types a_types, ValType b, Types b_types)
{
    return matches(a, a_types, b, b_types) && matches(b, b_types, a, a_types);
}

bool limits_match(const Limits& given, const Limits& wanted)
{
    return given.min >= wanted.min && (!wanted.max || (given.max && *given.max <= *wanted.max));
}

Result<> match_memories(const MemoryType& given, const MemoryType& wanted)
{
    if (given.shared != wanted.shared)
        return mismatch("mismatch in the shared flag for memories");
    if (given.limits.is_64 != wanted.limits.is_64)
        return mismatch("mismatch in index type used for memories");
    if (given.page_size_log2 != wanted.page_size_log2)
        return mismatch("mismatch in page size for memories");
    if (!limits_match(given.limits, wanted.limits))
        return mismatch("mismatch in memory limits");
    return {};
}

Result<> match_tables(const CoreExternType& given, const CoreExternType& wanted)
{
    const auto &there = std::get<TableType>(given.type), &asked = std::get<TableType>(wanted.type);
    if (!same(there.element, types_of(given), asked.element, types_of(wanted)))
        return mismatch(
            format("expected table element type {}, found {}", to_string(asked.element), to_string(there.element)));
    if (there.limits.is_64 != asked.limits.is_64)
        return mismatch("mismatch in index type used for tables");
    if (!limits_match(there.limits, asked.limits))
        return mismatch("mismatch in table limits");
    return {};
}

Result<> match_globals(const CoreExternType& given, const CoreExternType& wanted)
{
    const auto &there = std::get<GlobalType>(given.type), &asked = std::get<GlobalType>(wanted.type);
    if (there.is_mutable != asked.is_mutable)
        return mismatch("global types differ in mutability");
    const bool fits = asked.is_mutable ? same(there.value, types_of(given), asked.value, types_of(wanted))
                                       : matches(there.value, types_of(given), asked.value, types_of(wanted));
    if (!fits)
        return mismatch(format("expected global type {}, found {}", to_string(asked.value), to_string(there.value)));
    return {};
}

} // namespace

Result<> match(const CoreExternType& given, const CoreExternType& wanted)
{
    if (given.kind != wanted.kind)
        return mismatch(format("expected {}, found {}", kind_name(wanted.kind), kind_name(given.kind)));
    using Function = std::shared_ptr<const CanonicalType>;
    switch (wanted.kind) {
    case ExternKind::func:
    case ExternKind::tag: {
        const auto &there = std::get<Function>(given.type), &asked = std::get<Function>(wanted.type);
        const bool fits = wanted.kind == ExternKind::tag ? there == asked : is_subtype(there.get(), asked.get());
        if (!fits)
            return mismatch(format("type mismatch: expected: {}, found:    {}", text_of(*asked), text_of(*there)));
        return {};
    }
    case ExternKind::table:
        return match_tables(given, wanted);
    case ExternKind::memory:
        return match_memories(std::get<MemoryType>(given.type), std::get<MemoryType>(wanted.type));
    case ExternKind::global:
        return match_globals(given, wanted);
    }
    return {};
}

} // namespace trellis::wasm::component
