#include "wasm/component/wit/body_resolver.hpp"

#include "base/format.hpp"
#include "wasm/component/wit/order.hpp"

#include <algorithm>

namespace trellis::wasm::component::wit {

namespace {

bool is_written(const TypeSyntax& syntax)
{
    return syntax.shape != TypeShape::absent;
}

/// Every name in a type.
template <class Visit>
void for_each_name(const TypeSyntax& syntax, Visit&& visit)
{
    if (!syntax.name.empty())
        visit(syntax.name);
    for (const auto& argument : syntax.arguments)
        for_each_name(argument, visit);
}

} // namespace

bool NameScope::add(std::string_view name, Binding binding)
{
    return unique_.add(name) && bindings_.emplace(name, binding).second;
}

const Binding* NameScope::find(std::string_view name) const
{
    const auto found = bindings_.find(name);
    return found == bindings_.end() ? nullptr : &found->second;
}

Result<bool> BodyResolver::is_active(const Preamble& preamble) const
{
    const auto package = std::visit(Overloaded{
                                        [](std::monostate) { return PackageId{}; },
                                        [&](auto id) { return resolution_.model[id].package; },
                                    },
                                    owner_);
    return resolution_.directory.is_active(preamble, package.index);
}

Result<> BodyResolver::bind(const Name& name, Binding binding)
{
    if (!names_.add(name.text, binding))
        return resolution_.directory.invalid(name.place, format("`{}` is defined here already (names that differ only "
                                                                "in case are the same)",
                                                                name.text));
    return {};
}

Result<BodyResolver::Types> BodyResolver::types(const std::vector<UseItem>& uses, const std::vector<TypeItem>& items)
{
    Types result;
    for (const auto& item : uses)
        TRELLIS_TRY(use(item, result.types));
    const auto order = TRELLIS_TRY(active_in_order(items));
    for (const auto* item : order) {
        const auto id = resolution_.model.add({.name = std::string(item->name.text),
                                               .kind = TRELLIS_TRY(kind_of(*item)),
                                               .owner = owner_,
                                               .notes = item->preamble.notes});
        TRELLIS_TRY(bind(item->name, {Binding::Kind::type, id}));
        result.types.push_back(id);
    }
    for (const auto* item : order)
        TRELLIS_TRY(methods(*item, names_.find(item->name.text)->type, result.functions));
    return result;
}

Result<> BodyResolver::use(const UseItem& item, std::vector<TypeId>& into)
{
    if (!TRELLIS_TRY(is_active(item.preamble))) {
        for (const auto& renaming : item.names)
            TRELLIS_TRY(bind(renaming.as, {Binding::Kind::inactive}));
        return {};
    }
    for (const auto& renaming : item.names) {
        const auto target = TRELLIS_TRY(used_type(item, renaming));
        into.push_back(resolution_.model.add({.name = std::string(renaming.as.text),
                                              .kind = Alias{target},
                                              .owner = owner_,
                                              .notes = {.stability = item.preamble.notes.stability}}));
        TRELLIS_TRY(bind(renaming.as, {Binding::Kind::type, into.back()}));
    }
    return {};
}

Result<TypeId> BodyResolver::used_type(const UseItem& item, const Renaming& renaming)
{
    const auto& directory = resolution_.directory;
    const auto node = TRELLIS_TRY(directory.find_interface(item.path, scope_));
    const auto interface = resolution_.interface_of_node[node];
    const auto* binding = resolution_.interface_names[interface.index].find(renaming.name.text);
    if (binding == nullptr)
        return directory.invalid(renaming.name.place, format("the interface `{}` has no type `{}`", item.path.name.text,
                                                             renaming.name.text));
    if (binding->kind == Binding::Kind::function)
        return directory.invalid(renaming.name.place,
                                 format("`{}` is a function; `use` is for types", renaming.name.text));
    if (binding->kind == Binding::Kind::inactive)
        return directory.invalid(renaming.name.place,
                                 format("the type `{}` is only there with a feature that is off", renaming.name.text));
    return binding->type;
}

Result<std::vector<const TypeItem*>> BodyResolver::active_in_order(const std::vector<TypeItem>& items)
{
    std::vector<const TypeItem*> active;
    std::map<std::string_view, std::uint32_t> by_name;
    for (const auto& item : items) {
        if (TRELLIS_TRY(is_active(item.preamble))) {
            by_name.emplace(item.name.text, static_cast<std::uint32_t>(active.size()));
            active.push_back(&item);
            continue;
        }
        TRELLIS_TRY(bind(item.name, {Binding::Kind::inactive}));
        for (const auto& method : item.methods)
            if (TRELLIS_TRY(is_active(method.preamble)))
                return resolution_.directory.invalid(
                    method.name.place, format("`{}` is there without the feature that its resource needs; give it the "
                                              "same @unstable",
                                              method.name.text));
    }
    std::vector<std::vector<std::uint32_t>> needs(active.size());
    for (std::size_t i = 0; i < active.size(); ++i) {
        const auto add = [&](std::string_view name) {
            if (const auto found = by_name.find(name); found != by_name.end())
                needs[i].push_back(found->second);
        };
        if (active[i]->aliased)
            for_each_name(*active[i]->aliased, add);
        for (const auto& member : active[i]->members)
            if (member.type)
                for_each_name(*member.type, add);
    }
    const auto order = in_order(needs);
    if (!order) {
        const auto& name = active[order.error()]->name;
        return resolution_.directory.invalid(name.place,
                                             format("the type `{}` contains itself, or one that does", name.text));
    }
    std::vector<const TypeItem*> result;
    for (const auto index : *order)
        result.push_back(active[index]);
    return result;
}

Result<TypeKind> BodyResolver::kind_of(const TypeItem& item)
{
    if (item.kind == TypeItemKind::resource)
        return Resource{};
    if (item.kind == TypeItemKind::alias) {
        if (item.aliased->shape == TypeShape::named)
            return Alias{TRELLIS_TRY(named(*item.aliased, true))};
        return Alias{TRELLIS_TRY(type(*item.aliased))};
    }
    UniqueNames unique;
    Record record;
    std::vector<Case> cases;
    for (const auto& member : item.members) {
        if (!unique.add(member.name.text))
            return resolution_.directory.invalid(member.name.place,
                                                 format("`{}` has a `{}` already", item.name.text, member.name.text));
        const auto type = TRELLIS_TRY(this->type(member.type));
        if (item.kind == TypeItemKind::record)
            record.fields.push_back({std::string(member.name.text), *type, member.documentation});
        else
            cases.push_back({std::string(member.name.text), type, member.documentation});
    }
    if (item.kind == TypeItemKind::record)
        return record;
    if (item.kind == TypeItemKind::variant)
        return Variant{std::move(cases)};
    return item.kind == TypeItemKind::enumeration ? TypeKind(Enum{std::move(cases)}) : Flags{std::move(cases)};
}

Result<> BodyResolver::methods(const TypeItem& item, TypeId resource, std::vector<Function>& into)
{
    UniqueNames unique;
    for (const auto& syntax : item.methods) {
        if (!unique.add(syntax.kind == FunctionKind::constructor ? "[constructor]" : syntax.name.text))
            return resolution_.directory.invalid(
                syntax.name.place, format("the resource `{}` has a `{}` already", item.name.text, syntax.name.text));
        if (TRELLIS_TRY(is_active(syntax.preamble)))
            into.push_back(TRELLIS_TRY(method(syntax, item, resource)));
    }
    return {};
}

Result<Function> BodyResolver::method(const FunctionSyntax& syntax, const TypeItem& item, TypeId resource)
{
    auto result = TRELLIS_TRY(signature(syntax, resource));
    if (syntax.kind == FunctionKind::constructor) {
        result.name = format("[constructor]{}", item.name.text);
        if (!result.result)
            result.result = resolution_.model.intern(Own{resource});
        else
            TRELLIS_TRY(check_constructor(syntax, result));
    } else {
        const auto* prefix = syntax.kind == FunctionKind::method ? "[method]" : "[static]";
        result.name = format("{}{}.{}", prefix, item.name.text, syntax.name.text);
    }
    return result;
}

Result<> BodyResolver::check_constructor(const FunctionSyntax& syntax, const Function& function)
{
    const auto* id = std::get_if<TypeId>(&*function.result);
    const auto* result = id != nullptr ? std::get_if<ResultOf>(&resolution_.model[*id].kind) : nullptr;
    const auto own = resolution_.model.intern(Own{*function.resource});
    if (result == nullptr || result->ok != std::optional<Type>(own))
        return resolution_.directory.invalid(syntax.result->place,
                                             "a constructor returns nothing written, or `result` with its own resource "
                                             "as the first type");
    return {};
}

Result<Function> BodyResolver::function(const FunctionSyntax& syntax)
{
    return signature(syntax, std::nullopt);
}

Result<Function> BodyResolver::signature(const FunctionSyntax& syntax, std::optional<TypeId> resource)
{
    Function result = {.name = std::string(syntax.name.text),
                       .kind = syntax.kind,
                       .resource = resource,
                       .is_async = syntax.is_async,
                       .notes = syntax.preamble.notes};
    UniqueNames unique;
    if (syntax.kind == FunctionKind::method) {
        unique.add("self");
        result.parameters.push_back({"self", resolution_.model.intern(Borrow{*resource})});
    }
    for (const auto& parameter : syntax.parameters) {
        if (!unique.add(parameter.name.text))
            return resolution_.directory.invalid(parameter.name.place,
                                                 format("there is a parameter `{}` already", parameter.name.text));
        result.parameters.push_back({std::string(parameter.name.text), TRELLIS_TRY(type(parameter.type))});
    }
    result.result = TRELLIS_TRY(type(syntax.result));
    const auto* id = result.result ? std::get_if<TypeId>(&*result.result) : nullptr;
    if (id != nullptr && resolution_.model[*id].holds_borrow)
        return resolution_.directory.invalid(syntax.result->place, "a function cannot return a borrowed handle; return "
                                                                   "the resource itself");
    return result;
}

Result<std::optional<Type>> BodyResolver::type(const std::optional<TypeSyntax>& syntax)
{
    if (!syntax || !is_written(*syntax))
        return std::optional<Type>();
    return std::optional<Type>(TRELLIS_TRY(type(*syntax)));
}

Result<Type> BodyResolver::type(const TypeSyntax& syntax)
{
    if (syntax.shape == TypeShape::primitive)
        return syntax.primitive;
    if (syntax.shape == TypeShape::named)
        return named(syntax, false);
    return resolution_.model.intern(TRELLIS_TRY(composed(syntax)));
}

/// A resource's name alone means an owned handle of it, but for `type a = b`, which gives the resource another name.
Result<Type> BodyResolver::named(const TypeSyntax& syntax, bool resource_stays)
{
    const auto* binding = names_.find(syntax.name);
    if (binding == nullptr && syntax.name == name_of(Primitive::error_context))
        return Primitive::error_context;
    if (binding == nullptr)
        return resolution_.directory.invalid(syntax.place, format("there is no type `{}` here; define it or bring it "
                                                                  "in with `use`",
                                                                  syntax.name));
    if (binding->kind == Binding::Kind::function)
        return resolution_.directory.invalid(syntax.place, format("`{}` is a function, not a type", syntax.name));
    if (binding->kind == Binding::Kind::inactive)
        return resolution_.directory.invalid(syntax.place, format("the type `{}` is only there with a feature that is "
                                                                  "off",
                                                                  syntax.name));
    if (resolution_.model[binding->type].is_resource && !resource_stays)
        return resolution_.model.intern(Own{binding->type});
    return binding->type;
}

Result<TypeId> BodyResolver::handled(const TypeSyntax& syntax)
{
    const auto type = TRELLIS_TRY(named(syntax, true));
    const auto* id = std::get_if<TypeId>(&type);
    if (id == nullptr || !resolution_.model[*id].is_resource)
        return resolution_.directory.invalid(syntax.place,
                                             format("`{}` is no resource; only resources have handles", syntax.name));
    return *id;
}

Result<TypeKind> BodyResolver::composed(const TypeSyntax& syntax)
{
    if (syntax.shape == TypeShape::own)
        return Own{TRELLIS_TRY(handled(syntax))};
    if (syntax.shape == TypeShape::borrow)
        return Borrow{TRELLIS_TRY(handled(syntax))};
    std::vector<std::optional<Type>> arguments(2);
    for (std::size_t i = 0; i < syntax.arguments.size(); ++i) {
        arguments.resize(std::max(arguments.size(), i + 1));
        if (is_written(syntax.arguments[i]))
            arguments[i] = TRELLIS_TRY(type(syntax.arguments[i]));
    }
    switch (syntax.shape) {
    case TypeShape::list:
        return List{*arguments[0], syntax.length};
    case TypeShape::option:
        return Option{*arguments[0]};
    case TypeShape::result:
        return ResultOf{arguments[0], arguments[1]};
    case TypeShape::map:
        return Map{*arguments[0], *arguments[1]};
    case TypeShape::future:
        return Future{arguments[0]};
    case TypeShape::stream:
        return Stream{arguments[0]};
    default:
        break;
    }
    Tuple tuple;
    for (std::size_t i = 0; i < syntax.arguments.size(); ++i)
        tuple.types.push_back(*arguments[i]);
    return tuple;
}

} // namespace trellis::wasm::component::wit
