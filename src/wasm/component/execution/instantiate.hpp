// A component becomes an instance: its definitions in order, each adding to an index space. What it imports comes from
// an ImportSource. What traps on the way leaves the store ended.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#instance-definitions
#pragma once

#include "wasm/component/execution/host.hpp"

namespace trellis::wasm::component {

/// Where imports of the outermost component are found. Asked once for each import.
class ImportSource {
public:
    virtual ~ImportSource() = default;
    /// The item for an import; `types` is the instance that imports, whose arena the import's type is of.
    virtual Result<ItemValue> find(ComponentStore& store, const ComponentInstance& types, const Import& import) = 0;
    /// For people, behind the error of an import that is not there: what to do about it; may be empty.
    [[nodiscard]] virtual std::string advice(std::string_view) const { return {}; }
};

/// Finds imports among interfaces of the host, by name; versions that are compatible stand for one another.
class HostImports : public ImportSource {
public:
    void add(HostBinding binding) { bindings_.push_back(binding); }
    /// Something that is there already, under this name.
    void add(std::string name, ItemValue item) { items_.emplace_back(std::move(name), std::move(item)); }
    /// A core module that an interface of the host has.
    void add_module(std::string interface, std::string name, std::shared_ptr<const Module> module)
    {
        modules_.push_back({std::move(interface), std::move(name), std::move(module)});
    }
    Result<ItemValue> find(ComponentStore& store, const ComponentInstance& types, const Import& import) override;
    void advise(std::function<std::string(std::string_view name)> advise) { advise_ = std::move(advise); }
    [[nodiscard]] std::string advice(std::string_view name) const override { return advise_ ? advise_(name) : ""; }
    [[nodiscard]] std::shared_ptr<const Module> module(std::string_view interface, std::string_view name) const;

private:
    struct NamedModule {
        std::string interface, name;
        std::shared_ptr<const Module> module;
    };
    [[nodiscard]] const HostBinding* binding_of(std::string_view name) const;

    std::function<std::string(std::string_view)> advise_;
    std::vector<HostBinding> bindings_;
    std::vector<NamedModule> modules_;
    std::vector<std::pair<std::string, ItemValue>> items_;
};

/// Errors: unlinkable, trap (message), limit.
Result<ComponentInstance*> instantiate(ComponentStore& store, std::shared_ptr<const Component> component,
                                       ImportSource& imports);

/// Whether instantiate() would find what the component imports. Runs none of it, and leaves the store good for nothing
/// else. Errors: unlinkable.
Result<> check_imports(ComponentStore& store, std::shared_ptr<const Component> component, ImportSource& imports);

} // namespace trellis::wasm::component
