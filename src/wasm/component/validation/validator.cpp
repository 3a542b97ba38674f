#include "wasm/component/validation/validator.hpp"

#include "base/format.hpp"
#include "wasm/component/binary/decoder.hpp"
#include "wasm/component/syntax/limits.hpp"
#include "wasm/component/validation/context.hpp"
#include "wasm/validation/validator.hpp"

namespace trellis::wasm::component {
namespace {

Error moved(Error error, std::uint32_t by)
{
    if (error.offset)
        *error.offset += by;
    return error;
}

} // namespace

Result<> Context::check_limits(const Scope& scope) const
{
    const IndexSpaces& spaces = scope.spaces;
    struct Row {
        std::size_t count;
        std::uint32_t limit;
        std::string_view what;
    };
    for (const auto& [count, limit, what] : {
             Row{spaces.types.size() + spaces.core_types.size(), limits::types, "types"},
             Row{spaces.functions.size() + spaces.core_functions.size(), limits::functions, "functions"},
             Row{spaces.core_modules.size(), limits::modules, "modules"},
             Row{spaces.components.size(), limits::components, "components"},
             Row{spaces.instances.size() + spaces.core_instances.size(), limits::instances, "instances"},
         })
        if (count > limit)
            return error(format("{} count exceeds limit of {}", what, limit), ErrorCode::limit);
    return {};
}

Result<> Context::check_definition(Component& component, Scope& scope, Definition& definition)
{
    return std::visit(
        [&](auto& what) -> Result<> {
            using What = std::remove_cvref_t<decltype(what)>;
            if constexpr (std::is_same_v<What, CoreModuleDefinition>) {
                auto& module = const_cast<Module&>(*what.module); // the decoder made it, nobody else has it yet
                if (auto valid = validate_module(module, registry, bodies ? bodies(module) : Bodies::check); !valid)
                    return std::unexpected(moved(std::move(valid).error(), what.bytes.offset));
                scope.spaces.core_modules.push_back(TRELLIS_TRY(type_of(what.module)));
            } else if constexpr (std::is_same_v<What, NestedComponent>) {
                auto& nested = const_cast<Component&>(*what.component);
                TRELLIS_TRY(check(nested, &scope));
                scope.spaces.components.push_back(nested.type);
            } else if constexpr (std::is_same_v<What, CoreTypeDefinition>)
                return add_core_type(scope, what.written);
            else if constexpr (std::is_same_v<What, TypeDefinition>)
                scope.spaces.types.push_back(TRELLIS_TRY(resolve(scope, what.written)));
            else if constexpr (std::is_same_v<What, CoreInstantiate> || std::is_same_v<What, Instantiate>)
                return instantiate(scope, what);
            else if constexpr (std::is_same_v<What, CoreBag> || std::is_same_v<What, Bag>)
                return add_bag(scope, what);
            else if constexpr (std::is_same_v<What, Alias>)
                return add_alias(scope, what);
            else if constexpr (std::is_same_v<What, Import>)
                what.type = TRELLIS_TRY(import(scope, what.name, what.written_type));
            else if constexpr (std::is_same_v<What, Export>)
                what.type = TRELLIS_TRY(export_(scope, what));
            else
                return check(scope, what);
            return {};
        },
        definition.what);
    (void)component;
}

Result<> Context::check(Component& component, Scope* parent)
{
    const std::uint32_t outer_offset = offset;
    Scope scope{.kind = Scope::Kind::component, .parent = parent};
    for (std::uint32_t i = 0; i < component.definitions.size(); ++i) {
        scope.definition = i;
        offset = component.definitions[i].offset;
        TRELLIS_TRY(placed(check_definition(component, scope, component.definitions[i])));
        TRELLIS_TRY(check_limits(scope));
    }
    offset = outer_offset;
    component.type = TRELLIS_TRY(finish(scope));
    component.types = arena;
    component.spaces = std::move(scope.spaces);
    component.resources = std::move(scope.resources);
    return {};
}

Result<std::shared_ptr<const Component>> validate_component(std::shared_ptr<Component> component,
                                                            TypeRegistry& registry, const BodiesOf& bodies)
{
    Context context(component->binary, registry);
    context.bodies = bodies;
    TRELLIS_TRY(context.check(*component, nullptr));
    return component;
}

Result<std::shared_ptr<const Component>> load_component(SharedBytes binary, TypeRegistry& registry,
                                                        const BodiesOf& bodies)
{
    return validate_component(TRELLIS_TRY(decode_component(std::move(binary))), registry, bodies);
}

} // namespace trellis::wasm::component
