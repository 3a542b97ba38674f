#include "wasm/component/validation/matching.hpp"

#include "base/format.hpp"

#include <array>

namespace trellis::wasm::component {
namespace {

auto mismatch(std::string message)
{
    return fail(ErrorCode::invalid, std::move(message));
}

std::string_view kind_name(const AnyType& type)
{
    constexpr std::array names = {"resource", "defined type", "func", "instance", "component"};
    return names[type.index()];
}

std::string_view described(const ValueType& type)
{
    return name_of(type.kind);
}

struct LabelWords {
    std::string_view plural, named, part;
};

LabelWords words_of(ValueKind kind)
{
    using enum ValueKind;
    switch (kind) {
    case record:
        return {"fields", "field name", "record field"};
    case variant:
        return {"cases", "case named", "variant case"};
    case tuple:
        return {"types", "type", "tuple field"};
    default:
        return {"elements", "element", "element"};
    }
}

} // namespace

std::string_view kind_name(const ExternType& type)
{
    constexpr std::array names = {"module", "func", "type", "component", "instance"};
    if (const auto* equals = std::get_if<TypeEquals>(&type))
        return kind_name(equals->named);
    return names[type.index()];
}

Error within(std::string what, Error inner)
{
    inner.message = what + ": " + inner.message;
    return inner;
}

Result<> Matcher::match(const ExternType& given, const ExternType& wanted)
{
    if (given.index() != wanted.index())
        return mismatch(format("expected {}, found {}", kind_name(wanted), kind_name(given)));
    return std::visit(
        [&](const auto& asked) -> Result<> {
            const auto& there = std::get<std::remove_cvref_t<decltype(asked)>>(given);
            if constexpr (std::is_same_v<decltype(asked), const TypeEquals&>)
                return match(there.named, asked.named);
            else
                return match(there, asked);
        },
        wanted);
}

Result<> Matcher::match(const AnyType& given, const AnyType& wanted)
{
    if (given.index() != wanted.index())
        return mismatch(format("expected {}, found {}", kind_name(wanted), kind_name(given)));
    return std::visit(
        [&](auto asked) -> Result<> {
            const auto there = std::get<decltype(asked)>(given);
            if constexpr (std::is_same_v<decltype(asked), ResourceType>) {
                if (there.id != asked.id)
                    return mismatch("resource types are not the same");
                return {};
            } else {
                return match(there, asked);
            }
        },
        wanted);
}

Result<> Matcher::match(ValueTypeId given, ValueTypeId wanted)
{
    if (given != no_type && wanted != no_type && arena_.same(given, wanted))
        return {};
    TRELLIS_TRY(arena_.spend(1));
    const ValueType &there = arena_[given], &asked = arena_[wanted];
    if (there.kind != asked.kind)
        return is_primitive(there.kind) && is_primitive(asked.kind)
                   ? mismatch(
                         format("expected primitive `{}` found primitive `{}`", described(asked), described(there)))
                   : mismatch(
                         format("expected {}, found {}",
                                is_primitive(asked.kind) && !is_primitive(there.kind) ? "primitive" : described(asked),
                                described(there)));
    TRELLIS_TRY(match_members(there, asked));
    return match_parts(there, asked);
}

Result<> Matcher::match_part(ValueTypeId given, ValueTypeId wanted, std::string_view what)
{
    const ValueType &there = arena_[given], &asked = arena_[wanted];
    auto matched = is_primitive(asked.kind) && !is_primitive(there.kind)
                       ? mismatch(format("expected {}, found {}", described(asked), described(there)))
                       : match(given, wanted);
    if (!matched)
        return std::unexpected(within(format("type mismatch in {}", what), std::move(matched).error()));
    return {};
}

Result<> Matcher::match_members(const ValueType& given, const ValueType& wanted)
{
    const LabelWords words = words_of(wanted.kind);
    const bool labels_only = wanted.kind == ValueKind::flags || wanted.kind == ValueKind::enum_;
    const auto labels_differ = [&] {
        return mismatch(format("mismatch in {} elements", wanted.kind == ValueKind::flags ? "flags" : "enum"));
    };
    if (given.members->size() != wanted.members->size())
        return labels_only ? labels_differ()
                           : mismatch(format("expected {} {}, found {}", wanted.members->size(), words.plural,
                                             given.members->size()));
    for (std::size_t i = 0; i < wanted.members->size(); ++i) {
        const Member &there = (*given.members)[i], &asked = (*wanted.members)[i];
        if (there.name != asked.name)
            return labels_only ? labels_differ()
                               : mismatch(format("expected {} `{}`, found `{}`", words.named, asked.name, there.name));
        if (there.type == no_type && asked.type == no_type)
            continue;
        if (there.type == no_type)
            return mismatch(format("expected case `{}` to have a type, found none", asked.name));
        if (asked.type == no_type)
            return mismatch(format("expected case `{}` to have no type", asked.name));
        const std::string place =
            wanted.kind == ValueKind::tuple ? format("tuple field {}", i) : format("{} `{}`", words.part, asked.name);
        TRELLIS_TRY(match_part(there.type, asked.type, place));
    }
    return {};
}

Result<> Matcher::match_parts(const ValueType& given, const ValueType& wanted)
{
    using enum ValueKind;
    const bool is_result = wanted.kind == result;
    const auto part = [&](ValueTypeId there, ValueTypeId asked, std::string_view what) -> Result<> {
        if (there == no_type && asked == no_type)
            return {};
        if (there == no_type)
            return mismatch(format("expected {} type, but found none", what));
        if (asked == no_type)
            return mismatch(format("expected {} type to not be present", what));
        return match_part(there, asked, format("{} {}", what, is_result ? "variant" : "type"));
    };
    TRELLIS_TRY(part(given.element, wanted.element, is_result ? "ok" : "element"));
    TRELLIS_TRY(part(given.other, wanted.other, is_result ? "err" : "value"));
    if (given.length != wanted.length)
        return mismatch(format("expected fixed-length of {}, found size of {}", wanted.length, given.length));
    if (given.resource != wanted.resource)
        return mismatch("resource types are not the same");
    return {};
}

Result<> Matcher::match(FuncTypeId given, FuncTypeId wanted)
{
    if (arena_.canonical(given) == arena_.canonical(wanted))
        return {};
    const FuncType &there = arena_[given], &asked = arena_[wanted];
    if (there.is_async != asked.is_async)
        return mismatch(format("expected {} function, found {} function", asked.is_async ? "async" : "sync",
                               there.is_async ? "async" : "sync"));
    if (there.params.size() != asked.params.size())
        return mismatch(format("expected {} parameters, found {}", asked.params.size(), there.params.size()));
    for (std::size_t i = 0; i < asked.params.size(); ++i) {
        if (there.params[i].name != asked.params[i].name)
            return mismatch(
                format("expected parameter named `{}`, found `{}`", asked.params[i].name, there.params[i].name));
        TRELLIS_TRY(match_part(there.params[i].type, asked.params[i].type,
                               format("function parameter `{}`", asked.params[i].name)));
    }
    if ((there.result == no_type) != (asked.result == no_type))
        return mismatch(asked.result == no_type ? "expected no result, found one" : "expected a result, found none");
    if (asked.result == no_type)
        return {};
    if (auto matched = match(there.result, asked.result); !matched)
        return std::unexpected(within("type mismatch with result type", std::move(matched).error()));
    return {};
}

Result<> Matcher::match_exports(const Externs& given, const Externs& wanted, std::string_view what)
{
    for (const NamedExtern& asked : wanted.list) {
        TRELLIS_TRY(arena_.spend(1));
        const ExternType* there = given.find(asked.name.name);
        if (!there)
            return mismatch(format("missing expected export `{}`", asked.name.name));
        if (auto matched = match(*there, asked.type); !matched)
            return std::unexpected(
                within(format("type mismatch in {} export `{}`", what, asked.name.name), std::move(matched).error()));
    }
    return {};
}

Result<> Matcher::match(InstanceTypeId given, InstanceTypeId wanted)
{
    if (given == wanted && arena_[wanted].bound.empty())
        return {};
    Substitution open(arena_, named_);
    for (const PlacedResource& bound : arena_[wanted].bound)
        if (const auto there = find_resource(arena_, arena_[given].exports, bound.path))
            open.replace(bound.id, *there);
    return match_exports(arena_[given].exports, arena_[TRELLIS_TRY(open(wanted))].exports, "instance");
}

/// Whoever uses the component gives it what `wanted` asks for, and gets what it exports.
Result<> Matcher::match(ComponentTypeId given, ComponentTypeId wanted)
{
    if (given == wanted)
        return {};
    Substitution put_in(arena_, named_);
    for (const PlacedResource& imported : arena_[given].imported)
        if (const auto there = find_resource(arena_, arena_[wanted].imports, imported.path))
            put_in.replace(imported.id, *there);
    const Externs imports = TRELLIS_TRY(put_in(arena_[given].imports));
    for (const NamedExtern& needed : imports.list) {
        const ExternType* offered = arena_[wanted].imports.find(needed.name.name);
        if (!offered)
            return mismatch(format("missing expected import `{}`", needed.name.name));
        if (auto matched = match(*offered, needed.type); !matched)
            return std::unexpected(
                within(format("type mismatch in import `{}`", needed.name.name), std::move(matched).error()));
    }
    const Externs exports = TRELLIS_TRY(put_in(arena_[given].exports));
    Substitution open(arena_, named_);
    for (const PlacedResource& defined : arena_[wanted].defined)
        if (const auto there = find_resource(arena_, exports, defined.path))
            open.replace(defined.id, *there);
    return match_exports(exports, TRELLIS_TRY(open(arena_[wanted].exports)), "component");
}

Result<> Matcher::match(ModuleTypeId given, ModuleTypeId wanted)
{
    if (given == wanted)
        return {};
    const ModuleType &there = arena_[given], &asked = arena_[wanted];
    TRELLIS_TRY(arena_.spend(there.imports.size() + asked.exports->list.size()));
    for (const CoreExports::Named& needed : asked.exports->list) {
        const CoreExternType* found = there.exports->find(needed.name);
        if (!found)
            return mismatch(format("missing expected export `{}`", needed.name));
        if (auto matched = component::match(*found, needed.type); !matched)
            return std::unexpected(
                within(format("type mismatch in export `{}`", needed.name), std::move(matched).error()));
    }
    std::unordered_map<std::string, const CoreExternType*> offered;
    for (const ModuleType::Import& import : asked.imports)
        offered.emplace(format("{}::{}", import.module, import.name), &import.type);
    for (const ModuleType::Import& needed : there.imports) {
        const std::string name = format("{}::{}", needed.module, needed.name);
        const auto found = offered.find(name);
        if (found == offered.end())
            return mismatch(format("missing expected import `{}`", name));
        if (auto matched = component::match(*found->second, needed.type); !matched)
            return std::unexpected(within(format("type mismatch in import `{}`", name), std::move(matched).error()));
    }
    return {};
}

std::optional<ResourceType> find_resource(const TypeArena& arena, const Externs& externs, const ResourcePath& path)
{
    const Externs* here = &externs;
    for (std::size_t i = 0; i < path.size(); ++i) {
        const ExternType* found = here->find(path[i]);
        if (!found)
            return std::nullopt;
        if (const auto* equals = std::get_if<TypeEquals>(found)) {
            const auto* resource = std::get_if<ResourceType>(&equals->named);
            return resource && i + 1 == path.size() ? std::optional(*resource) : std::nullopt;
        }
        const auto* instance = std::get_if<InstanceTypeId>(found);
        if (!instance)
            return std::nullopt;
        here = &arena[*instance].exports;
    }
    return std::nullopt;
}

} // namespace trellis::wasm::component
