// Finds what a module imports: single definitions, whole instances, and providers that are asked by name (so that a
// host interface of many functions costs nothing for those that nobody imports). One thread at a time.
#pragma once

#include "wasm/execution/store.hpp"

#include <map>

namespace trellis::wasm {

/// Answers an import, or nothing. Called only for what the module imports.
using ImportProvider = std::function<std::optional<Extern>(Store&, std::string_view module, std::string_view name)>;

class Linker {
public:
    void define(std::string module, std::string name, Extern item);
    /// Every export of the instance under that module name (later definitions win).
    void define_instance(std::string module, Instance& instance);
    void add_provider(ImportProvider provider) { providers_.push_back(std::move(provider)); }

    /// One Extern per import, in order. Errors: unlinkable "unknown import", naming module and name.
    Result<std::vector<Extern>> resolve(Store& store, const Module& module) const;
    /// resolve, then wasm::instantiate.
    Result<Instance*> instantiate(Store& store, std::shared_ptr<const Module> module) const;

private:
    std::optional<Extern> find(Store& store, const Import& import) const;

    std::map<std::pair<std::string, std::string>, Extern> definitions_;
    std::vector<ImportProvider> providers_;
};

} // namespace trellis::wasm
