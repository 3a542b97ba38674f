// A module whose imports are all functions of the host, found and checked once: what a server does when it loads a
// module, so that a request's instance costs no look-up by name and no comparison of types. Only the functions'
// contexts differ from store to store. Immutable, shared by threads. For everything else: Linker.
#pragma once

#include "wasm/execution/store.hpp"

namespace trellis::wasm {

/// A function of the host that belongs to no store yet.
struct HostDefinition {
    FuncType type;
    HostFunction function = nullptr;
};

/// What a host offers under names: an interface such as WASI.
using HostInterface = std::function<std::optional<HostDefinition>(std::string_view module, std::string_view name)>;

class LinkedModule {
public:
    /// Interfaces are asked in order. Errors: unlinkable ("unknown import", "incompatible import type").
    static Result<LinkedModule> link(std::shared_ptr<const Module> module, std::span<const HostInterface> interfaces,
                                     TypeRegistry& registry);

    /// As wasm::instantiate; functions of interface i get contexts[i], which outlives the store.
    Result<Instance*> instantiate(Store& store, std::span<void* const> contexts) const;

    [[nodiscard]] const std::shared_ptr<const Module>& module() const { return module_; }

private:
    struct Import {
        const CanonicalType* type; ///< the module keeps it
        HostFunction function;
        std::size_t interface; ///< number of the context
    };

    std::shared_ptr<const Module> module_;
    std::vector<Import> imports_;
    std::size_t interfaces_ = 0;
};

} // namespace trellis::wasm
