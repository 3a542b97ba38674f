// Finds what the name of a core module's import means in a world.
#pragma once

#include "wasm/component/encoding/module_plan.hpp"

namespace trellis::wasm::component::encoding {

class ImportMatching {
public:
    ImportMatching(const wit::Model& model, wit::WorldId world, const CoreAbi& abi, const PlanOptions& options)
        : model_(model), world_(model[world]), world_name_(model.full_name(world)), abi_(abi), options_(options)
    {
    }

    /// Everything but its core type. Errors: invalid.
    Result<CoreImport> match(std::string_view module, std::string_view name) const;
    /// Whether the module imports it with the right core type. Errors: invalid.
    Result<> check(const CoreImport& import) const;

private:
    [[nodiscard]] const wit::WorldItem* find_interface(const ImportModule& module) const;
    [[nodiscard]] bool is_compatible(const wit::WorldItem& item, std::string_view name) const;
    [[nodiscard]] std::optional<Lowering> find_function(const ImportModule& module, const wit::WorldItem* interface,
                                                        std::string_view name) const;
    [[nodiscard]] const wit::Function* own_function(std::string_view name, bool is_export) const;
    [[nodiscard]] const wit::Function* function_of(const ItemRef& where, std::string_view name) const;
    [[nodiscard]] std::optional<wit::TypeId> resource_of(const ItemRef& where, std::string_view name) const;
    [[nodiscard]] Result<CoreImport> match_wasi(std::string_view module, std::string_view name) const;
    /// Fills in what the spelling says; false if it makes no sense.
    bool complete(BuiltinUse& use, CoreImport& import) const;
    bool complete_resource(BuiltinUse& use) const;
    bool complete_return(BuiltinUse& use, CoreImport& import) const;
    bool complete_stream(BuiltinUse& use, CoreImport& import, bool copies, ValueKind kind) const;
    static bool complete_context(BuiltinUse& use);
    static bool complete_strings(BuiltinUse& use, CoreImport& import);
    static bool complete_wait(BuiltinUse& use, CoreImport& import);

    const wit::Model& model_;
    const wit::World& world_;
    std::string world_name_;
    const CoreAbi& abi_;
    PlanOptions options_;
};

} // namespace trellis::wasm::component::encoding
