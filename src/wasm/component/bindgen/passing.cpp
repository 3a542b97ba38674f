#include "wasm/component/bindgen/passing.hpp"

#include "base/format.hpp"

#include <array>

namespace trellis::wasm::component::bindgen {

using namespace wit;

namespace {

template <class... Kinds>
bool is_one_of(const TypeKind& kind)
{
    return (std::holds_alternative<Kinds>(kind) || ...);
}

/// What fits in a register of C, too.
bool is_scalar(const Bindings& bindings, const Typed& resolved)
{
    const auto* kind = bindings.scopes.kind(resolved);
    if (kind == nullptr)
        return std::get<Primitive>(resolved.type) != Primitive::string;
    return is_one_of<wit::Flags, Enum, Own, Borrow, Future, Stream>(*kind);
}

Passing passing_of(const Bindings& bindings, const Typed& typed)
{
    // Only where the parameter's own type is an option, not another name for one.
    const auto* own = bindings.kind(typed);
    if (own != nullptr && std::holds_alternative<Option>(*own))
        return Passing::maybe_null;
    return is_scalar(bindings, bindings.scopes.resolved(typed)) ? Passing::by_value : Passing::by_pointer;
}

Return return_of(const Bindings& bindings, const Typed& typed)
{
    const auto real = bindings.scopes.resolved(typed);
    if (is_scalar(bindings, real))
        return {.leaving = Leaving::value, .type = typed};
    Return result = {.leaving = Leaving::pointer, .type = typed};
    const auto* kind = bindings.scopes.kind(real);
    const auto inside = [&](const std::optional<Type>& type) {
        return type ? std::optional(bindings.scopes.inside(real, *type)) : std::nullopt;
    };
    if (kind == nullptr)
        return result;
    if (const auto* option = std::get_if<Option>(kind)) {
        result.leaving = Leaving::option;
        result.ok = inside(option->type);
    } else if (const auto* either = std::get_if<ResultOf>(kind)) {
        result.leaving = Leaving::result;
        result.ok = inside(either->ok);
        result.error = inside(either->error);
    }
    return result;
}

/// In the order of Leaving; empty: the type itself.
constexpr std::array<std::string_view, 5> return_types = {"void", "", "void", "bool", "bool"};

void append(std::string& list, const std::string& one)
{
    list.append(list.empty() ? "" : ", ").append(one);
}

} // namespace

Value Value::member(std::string_view name) const
{
    return {format("{}{}{}", text, is_pointer ? "->" : ".", name)};
}

std::string take_function_name(Bindings& bindings, const Function& function, ScopeId scope, bool is_export)
{
    const bool is_of_world = scope == bindings.scopes.world();
    return bindings.taken.take(format("{}{}_{}", is_of_world && is_export ? "exports_" : "",
                                      bindings.scopes[scope].space, snake_case(function.name)));
}

Signature signature_of(Bindings& bindings, const Function& function, ScopeId scope, std::string name)
{
    Signature signature = {.name = std::move(name), .parameters = {}, .result = {}};
    UniqueNames names;
    for (const auto& parameter : function.parameters) {
        const Typed typed{parameter.type, scope};
        signature.parameters.push_back({names.take(c_identifier(parameter.name)), typed, passing_of(bindings, typed)});
    }
    if (function.result)
        signature.result = return_of(bindings, {*function.result, scope});
    return signature;
}

std::string parameter_list(const Bindings& bindings, const Signature& signature)
{
    std::string list;
    for (const auto& parameter : signature.parameters) {
        if (parameter.passing == Passing::maybe_null) {
            const auto& option = std::get<Option>(*bindings.kind(parameter.type));
            const auto value = bindings.scopes.inside(parameter.type, option.type);
            append(list, format("{} *maybe_{}", bindings.names.of(value), parameter.name));
        } else {
            append(list, format("{} {}{}", bindings.names.of(parameter.type),
                                parameter.passing == Passing::by_pointer ? "*" : "", parameter.name));
        }
    }
    return list;
}

std::string prototype(const Bindings& bindings, const Signature& signature)
{
    const auto& result = signature.result;
    auto list = parameter_list(bindings, signature);
    if (result.leaving == Leaving::pointer)
        append(list, bindings.names.of(*result.type) + " *ret");
    if (result.ok)
        append(list, bindings.names.of(*result.ok) + " *ret");
    if (result.error)
        append(list, bindings.names.of(*result.error) + " *err");
    const auto type = return_types[static_cast<std::size_t>(result.leaving)];
    return format("{} {}({})", type.empty() ? bindings.names.of(*result.type) : std::string(type), signature.name,
                  list.empty() ? "void" : list);
}

bool is_indirect(const Bindings& bindings, const Function& function, bool is_async_import)
{
    return !fits(bindings.flattening.of(function.parameters),
                 is_async_import ? max_flat_async_parameters : max_flat_parameters);
}

} // namespace trellis::wasm::component::bindgen
