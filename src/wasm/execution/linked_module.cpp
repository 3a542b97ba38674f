#include "wasm/execution/linked_module.hpp"

#include "base/check.hpp"
#include "base/format.hpp"
#include "wasm/execution/import_matching.hpp"
#include "wasm/execution/instantiate.hpp"

namespace trellis::wasm {
namespace {

struct Found {
    HostDefinition definition;
    std::size_t interface;
};

std::optional<Found> find(std::span<const HostInterface> interfaces, const Import& import)
{
    for (std::size_t i = 0; i < interfaces.size(); ++i)
        if (auto definition = interfaces[i](import.module, import.name))
            return Found{std::move(*definition), i};
    return std::nullopt;
}

} // namespace

Result<LinkedModule> LinkedModule::link(std::shared_ptr<const Module> module, std::span<const HostInterface> interfaces,
                                        TypeRegistry& registry)
{
    LinkedModule linked;
    for (const auto& import : module->imports) {
        const auto found = find(interfaces, import);
        if (!found)
            return fail(ErrorCode::unlinkable, format("unknown import: {}.{}", import.module, import.name),
                        import.offset);
        const auto type = registry.intern(found->definition.type);
        Function given{.type = type.get(), .host = found->definition.function};
        TRELLIS_TRY(match_import(*module, import, &given));
        // A host function's type is final and has no supertype: what matches is the same.
        const auto* same = module->canonical_types[number(std::get<TypeIndex>(import.type))].get();
        TRELLIS_CHECK(same == type.get());
        linked.imports_.push_back({same, found->definition.function, found->interface});
    }
    linked.module_ = std::move(module);
    linked.interfaces_ = interfaces.size();
    return linked;
}

Result<Instance*> LinkedModule::instantiate(Store& store, std::span<void* const> contexts) const
{
    TRELLIS_CHECK(contexts.size() == interfaces_);
    auto& instance = *TRELLIS_TRY(begin_instance(store, module_));
    for (const auto& [type, function, interface] : imports_) {
        auto& made = store.functions.push_back({.type = type, .host = function, .context = contexts[interface]});
        instance.function_list.push_back(&made);
    }
    return finish_instance(instance);
}

} // namespace trellis::wasm
