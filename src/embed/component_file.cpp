#include "embed/component_file.hpp"

#include "embed/module_file.hpp"
#include "wasm/component/validation/validator.hpp"

#include <functional>

namespace trellis::embed {

using wasm::component::Component;

namespace {

Result<> for_each_module(const Component& component, const std::function<Result<>(const wasm::Module&)>& action)
{
    for (const auto& definition : component.definitions) {
        if (const auto* core = std::get_if<wasm::component::CoreModuleDefinition>(&definition.what))
            TRELLIS_TRY(action(*core->module));
        else if (const auto* nested = std::get_if<wasm::component::NestedComponent>(&definition.what))
            TRELLIS_TRY(for_each_module(*nested->component, action));
    }
    return {};
}

} // namespace

Result<std::shared_ptr<const Component>> load_component_file(std::string_view path, wasm::TypeRegistry& registry)
{
    auto component = wasm::component::load_component(TRELLIS_TRY(read_file(path)), registry);
    if (!component)
        return in_file(path, std::move(component).error());
    return component;
}

Result<> give_code(const Component& component, CodeWishes wishes, const CodeCache* cache, unsigned threads)
{
    return for_each_module(component,
                           [&](const wasm::Module& module) { return give_code(module, wishes, cache, threads); });
}

bool give_cached_code(const Component& component, CodeWishes wishes, const CodeCache* cache)
{
    bool all = true;
    (void)for_each_module(component, [&](const wasm::Module& module) -> Result<> {
        all &= give_cached_code(module, wishes, cache);
        return {};
    });
    return all;
}

} // namespace trellis::embed
