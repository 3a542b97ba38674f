#include "wasm/execution/linker.hpp"

#include "base/format.hpp"

namespace trellis::wasm {

void Linker::define(std::string module, std::string name, Extern item)
{
    definitions_.insert_or_assign(std::pair(std::move(module), std::move(name)), item);
}

void Linker::define_instance(std::string module, Instance& instance)
{
    for (const auto& one : instance.module->exports)
        define(module, std::string(one.name), *find_export(instance, one.name));
}

Result<std::vector<Extern>> Linker::resolve(Store& store, const Module& module) const
{
    std::vector<Extern> found;
    found.reserve(module.imports.size());
    for (const auto& import : module.imports) {
        auto item = find(store, import);
        if (!item)
            return fail(ErrorCode::unlinkable, format("unknown import: {}.{}", import.module, import.name),
                        import.offset);
        found.push_back(*item);
    }
    return found;
}

std::optional<Extern> Linker::find(Store& store, const Import& import) const
{
    const auto defined = definitions_.find({std::string(import.module), std::string(import.name)});
    if (defined != definitions_.end())
        return defined->second;
    for (const auto& provider : providers_)
        if (auto item = provider(store, import.module, import.name))
            return item;
    return std::nullopt;
}

Result<Instance*> Linker::instantiate(Store& store, std::shared_ptr<const Module> module) const
{
    const auto imports = TRELLIS_TRY(resolve(store, *module));
    return wasm::instantiate(store, std::move(module), imports);
}

} // namespace trellis::wasm
