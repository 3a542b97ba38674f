#include "wasm/preinit/absent_imports.hpp"

#include "base/format.hpp"

#include <algorithm>

namespace trellis::wasm {
namespace {

Trap refuse(void* context, Caller caller, Slot*)
{
    const auto& import = *static_cast<const Import*>(context);
    caller.store.host_error =
        format("it called {}.{}, which is not there while initialising", import.module, import.name);
    return Trap::host_error;
}

} // namespace

ImportProvider absent_imports(std::shared_ptr<const Module> module)
{
    return [module = std::move(module)](Store& store, std::string_view from,
                                        std::string_view name) -> std::optional<Extern> {
        const auto found = std::ranges::find_if(
            module->imports, [&](const Import& import) { return import.module == from && import.name == name; });
        if (found == module->imports.end())
            return std::nullopt;
        if (const auto* tag = std::get_if<TagType>(&found->type)) {
            store.tags.push_back({module->canonical_types[number(tag->function)].get()});
            return &store.tags.back();
        }
        const auto* type = std::get_if<TypeIndex>(&found->type);
        if (!type)
            return std::nullopt;
        store.functions.push_back({.type = module->canonical_types[number(*type)].get(),
                                   .host = refuse,
                                   .context = const_cast<Import*>(&*found)});
        return &store.functions.back();
    };
}

} // namespace trellis::wasm
