// Finds what the name of a core module's import means in a world.
#pragma once

#include "wasm/component/encoding/module_plan.hpp"

namespace trellis::wasm::component::encoding {

class ImportMatching {
public:
    ImportMatching(const wit::Model& model, wit::WorldId world, const CoreAbi& abi, const PlanOptions& options);

    /// Everything but its core type. Errors: invalid.
    Result<CoreImport> match(std::string_view module, std::string_view name) const;
    /// Whether the module imports it with the right core type. Errors: invalid.
    Result<> check(const CoreImport& import) const;

private:
    using Names = std::map<std::string, const wit::WorldItem*, std::less<>>;

    /// The imports or the exports of the world.
    struct Side {
        Names interfaces;
        Names standard_names; ///< of interfaces, as build targets spell them
        Names functions;
    };
    /// What is looked up in an interface.
    struct Members {
        std::map<std::string_view, const wit::Function*> functions;
        std::map<std::string_view, wit::TypeId> resources;
    };

    void add(Side& side, const std::vector<wit::WorldItem>& items);
    [[nodiscard]] const Side& side(bool is_export) const { return is_export ? exports_ : imports_; }
    [[nodiscard]] const wit::WorldItem* find_interface(const ImportModule& module) const;
    [[nodiscard]] std::optional<Lowering> find_function(const ImportModule& module, const wit::WorldItem* interface,
                                                        std::string_view name) const;
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
    Side imports_, exports_;
    std::map<wit::InterfaceId, Members> members_;
    std::map<std::string_view, wit::TypeId> own_resources_; ///< of the world
    std::string world_name_;
    const CoreAbi& abi_;
    PlanOptions options_;
};

} // namespace trellis::wasm::component::encoding
