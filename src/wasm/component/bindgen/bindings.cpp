#include "wasm/component/bindgen/bindings.hpp"

#include "base/format.hpp"

#include <array>

namespace trellis::wasm::component::bindgen {

using namespace wit;

Bindings::Bindings(const Model& whole, WorldId chosen, Flattening flat, const COptions& chosen_options)
    : model(whole), world(chosen), options(chosen_options), world_name(snake_case(whole[chosen].name)),
      world_capital(capital_case(whole[chosen].name)), flattening(std::move(flat)),
      scopes(whole, chosen, chosen_options.renames), names(whole, scopes)
{
    constexpr auto own_names = std::to_array<std::string_view>(
        {"_string_t", "_string_set", "_string_dup", "_string_dup_n", "_string_free", "_error_context_t"});
    for (const auto name : own_names)
        taken.take(std::string(world_name).append(name));
    frees.emplace(string_type(), world_name + "_string_free");
}

const TypeDefinition* Bindings::definition(const Typed& typed) const
{
    const auto* id = std::get_if<TypeId>(&typed.type);
    return id != nullptr ? &model[*id] : nullptr;
}

bool Bindings::is_asynchronous(const Function& function, ScopeId scope) const
{
    const auto& place = scopes[scope];
    const auto name = place.interface ? format("{}#{}", place.module, function.name) : function.name;
    return options.asynchronous.contains(name) || (function.is_async && !options.synchronous.contains(name));
}

Typed Bindings::resource_of(const Typed& handle) const
{
    const auto real = scopes.resolved(handle);
    const auto* resource = resource_in(*scopes.kind(real));
    return scopes.resolved(scopes.inside(real, *resource));
}

const TypeId* resource_in(const TypeKind& kind)
{
    if (const auto* own = std::get_if<Own>(&kind))
        return &own->resource;
    const auto* borrow = std::get_if<Borrow>(&kind);
    return borrow != nullptr ? &borrow->resource : nullptr;
}

std::string_view tag_type(std::size_t cases)
{
    return cases <= 0x100 ? "uint8_t" : cases <= 0x1'0000 ? "uint16_t" : "uint32_t";
}

} // namespace trellis::wasm::component::bindgen
