// Types as they are written become types of the arena.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#type-definitions
#include "base/format.hpp"
#include "wasm/component/syntax/limits.hpp"
#include "wasm/component/validation/context.hpp"

namespace trellis::wasm::component {
namespace {

struct MemberWords {
    ValueKind kind;
    std::string_view member; ///< "record field"
    std::string_view short_; ///< "field"
    std::string_view empty;
};
constexpr MemberWords member_words[] = {
    {ValueKind::record, "record field", "field", "record type must have at least one field"},
    {ValueKind::variant, "variant case", "case", "variant type must have at least one case"},
    {ValueKind::tuple, "", "", "tuple type must have at least one type"},
    {ValueKind::flags, "flag", "flag", "flags must have at least one entry"},
    {ValueKind::enum_, "enum tag", "tag", "enum type must have at least one variant"},
};

const MemberWords* words_of(ValueKind kind)
{
    for (const MemberWords& one : member_words)
        if (one.kind == kind)
            return &one;
    return nullptr;
}

std::string lowercase(std::string_view text)
{
    std::string lower(text);
    for (char& c : lower)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return lower;
}

/// The names of a type's parts, of which no two may be alike but for capital letters.
class Labels {
public:
    Labels(std::string_view what, std::string_view again, std::uint32_t offset)
        : what_(what), again_(again), offset_(offset)
    {
    }
    Result<> add(std::string_view name)
    {
        TRELLIS_TRY(check_label(name, what_, offset_));
        const auto [place, is_new] = seen_.emplace(lowercase(name), name);
        if (!is_new)
            return fail(ErrorCode::invalid,
                        format("{} name `{}` conflicts with previous {} name `{}`", what_, name, again_, place->second),
                        offset_);
        return {};
    }

private:
    std::string_view what_, again_;
    std::uint32_t offset_;
    std::unordered_map<std::string, std::string_view> seen_;
};

} // namespace

Result<ValueTypeId> Context::bounded(ValueTypeId id) const
{
    const ValueType& type = (*arena)[id];
    if (type.wide_size >= limits::value_bytes)
        return error(format("value type exceeds maximum byte size of {} bytes", limits::value_bytes - 1));
    TRELLIS_TRY(check_size(type.facts));
    if (type.facts.depth > limits::type_depth)
        return error("type nesting is too deep");
    return id;
}

Result<ValueTypeId> Context::resolve(Scope& scope, const written::ValueType& type)
{
    if (const auto* kind = std::get_if<ValueKind>(&type))
        return primitive(*kind);
    return type_at<ValueTypeId>(scope, std::get<ComponentTypeIndex>(type), "defined type");
}

Result<ValueTypeId> Context::resolve(Scope& scope, const std::optional<written::ValueType>& type)
{
    return type ? resolve(scope, *type) : Result<ValueTypeId>(no_type);
}

Result<ValueTypeId> Context::resolve(Scope& scope, const written::DefinedType& type)
{
    using enum ValueKind;
    if (is_primitive(type.kind))
        return primitive(type.kind);
    ValueType made{.kind = type.kind, .length = type.length};
    if (const MemberWords* words = words_of(type.kind)) {
        if (type.members.empty())
            return error(std::string(words->empty));
        if (type.kind == flags && type.members.size() > limits::flags)
            return error("cannot have more than 32 flags");
        Labels labels(words->member, words->short_, offset);
        auto members = std::make_shared<Members>();
        for (const written::Member& member : type.members) {
            if (type.kind != tuple)
                TRELLIS_TRY(labels.add(member.name));
            members->push_back({member.name, TRELLIS_TRY(resolve(scope, member.type))});
        }
        made.members = std::move(members);
    }
    if (type.kind == fixed_list && type.length == 0)
        return error("Fixed-length lists must have more than zero elements");
    if (type.kind == fixed_list && type.length > limits::list_elements)
        return error(format("fixed-length list element count exceeds limit of {}", limits::list_elements));
    made.element = TRELLIS_TRY(resolve(scope, type.element));
    made.other = TRELLIS_TRY(resolve(scope, type.other));
    if (type.kind == own || type.kind == borrow) {
        const auto resource = TRELLIS_TRY(type_at<ResourceType>(scope, type.resource, "resource type"));
        made.resource = resource.id;
        made.resource_name = resource.name;
    }
    if (type.kind == stream && made.element == primitive(char_))
        return error("`stream<char>` is not valid at this time, use `stream<u8>` with a defined by encoding instead "
                     "for now");
    if ((type.kind == stream || type.kind == future) && made.element != no_type &&
        (*arena)[made.element].facts.has_borrow)
        return error(format("`{}` cannot contain a `borrow` type", name_of(type.kind)));
    return bounded(arena->intern(std::move(made)));
}

Result<FuncTypeId> Context::resolve(Scope& scope, const written::FuncType& type)
{
    FuncType made{.is_async = type.is_async};
    Labels labels("function parameter", "parameter", offset);
    for (const written::Member& param : type.params) {
        TRELLIS_TRY(labels.add(param.name));
        made.params.push_back({param.name, TRELLIS_TRY(resolve(scope, *param.type))});
    }
    made.result = TRELLIS_TRY(resolve(scope, type.result));
    if (made.result != no_type && (*arena)[made.result].facts.has_borrow)
        return error("function result cannot contain a `borrow` type");
    const FuncTypeId id = arena->intern(std::move(made));
    TRELLIS_TRY(check_size((*arena)[id].facts));
    if ((*arena)[id].params_layout.size >= limits::value_bytes)
        return error(format("value type exceeds maximum byte size of {} bytes", limits::value_bytes - 1));
    return id;
}

Result<ResourceType> Context::define_resource(Scope& scope, const written::ResourceType& type)
{
    if (scope.is_type())
        return error("resources can only be defined within a concrete component");
    if (type.representation == i64)
        return error("resources with `i64` require the `cm64` feature to be enabled", ErrorCode::unsupported);
    if (type.representation != i32)
        return error("resources can only be represented by `i32` or `i64`");
    if (type.destructor) {
        const auto function = TRELLIS_TRY(at(scope.spaces.core_functions, *type.destructor, "function"));
        if (function->function() != wasm::FuncType{{i32}, {}})
            return error("wrong signature for a destructor");
    }
    const ResourceType made = arena->new_resource();
    scope.resources.push_back({made.id, DefinedResource{type.representation, type.destructor}, scope.definition});
    return made;
}

Result<AnyType> Context::resolve(Scope& scope, const written::Type& type)
{
    return std::visit(
        [&](const auto& one) -> Result<AnyType> {
            if constexpr (std::is_same_v<decltype(one), const written::ResourceType&>)
                return AnyType(TRELLIS_TRY(define_resource(scope, one)));
            else
                return AnyType(TRELLIS_TRY(resolve(scope, one)));
        },
        type);
}

namespace {

/// The parts of a declared type, in a scope of their own.
Result<> declare_all(Context& context, Scope& scope, const std::vector<written::Declarator>& declarators)
{
    const std::uint32_t outer_offset = context.offset;
    for (const written::Declarator& one : declarators) {
        context.offset = one.offset;
        TRELLIS_TRY(std::visit(
            [&](const auto& what) -> Result<> {
                using What = std::remove_cvref_t<decltype(what)>;
                if constexpr (std::is_same_v<What, written::CoreType>)
                    return context.add_core_type(scope, what);
                else if constexpr (std::is_same_v<What, written::Type>)
                    scope.spaces.types.push_back(TRELLIS_TRY(context.resolve(scope, what)));
                else if constexpr (std::is_same_v<What, Alias>)
                    return context.add_alias(scope, what);
                else if constexpr (std::is_same_v<What, written::Import>)
                    TRELLIS_TRY(context.import(scope, what.name, what.type));
                else
                    TRELLIS_TRY(context.declare_export(scope, what.name, what.type));
                return {};
            },
            one.what));
        if (scope.spaces.types.size() > limits::types)
            return context.error("too many types", ErrorCode::limit);
    }
    context.offset = outer_offset;
    return {};
}

TypeFacts facts_of(const TypeArena& arena, std::initializer_list<const Externs*> sides)
{
    TypeFacts facts;
    for (const Externs* externs : sides)
        for (const NamedExtern& item : externs->list)
            facts.add(arena.facts(item.type));
    return facts;
}

} // namespace

Result<> Context::check_size(const TypeFacts& facts) const
{
    if (facts.nodes > limits::type_nodes)
        return error(format("effective type size exceeds the limit of {}", limits::type_nodes));
    return {};
}

Result<ComponentTypeId> Context::finish(Scope& scope)
{
    ComponentType type{.imports = std::move(scope.imports.externs), .exports = std::move(scope.exports.externs)};
    type.imported = scope.imported_resources;
    type.exported = scope.exported;
    std::unordered_set<std::uint32_t> known;
    for (const PlacedResource& one : type.imported)
        known.insert(static_cast<std::uint32_t>(one.id));
    for (const PlacedResource& one : scope.is_type() ? scope.bound : scope.exported)
        if (known.insert(static_cast<std::uint32_t>(one.id)).second)
            type.defined.push_back(one);
    type.facts = facts_of(*arena, {&type.imports, &type.exports});
    TRELLIS_TRY(check_size(type.facts));
    return arena->add(std::move(type));
}

Result<AnyType> Context::resolve(Scope& scope, const written::ComponentType& type)
{
    Scope inner{.kind = Scope::Kind::component_type, .parent = &scope};
    TRELLIS_TRY(declare_all(*this, inner, type.declarators));
    return AnyType(TRELLIS_TRY(finish(inner)));
}

Result<AnyType> Context::resolve(Scope& scope, const written::InstanceType& type)
{
    Scope inner{.kind = Scope::Kind::instance_type, .parent = &scope};
    TRELLIS_TRY(declare_all(*this, inner, type.declarators));
    InstanceType made{.exports = std::move(inner.exports.externs),
                      .bound = std::move(inner.bound),
                      .exported = std::move(inner.exported)};
    made.facts = facts_of(*arena, {&made.exports});
    TRELLIS_TRY(check_size(made.facts));
    return AnyType(arena->add(std::move(made)));
}

} // namespace trellis::wasm::component
