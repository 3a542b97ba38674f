// What each import and export of a core module means in its world: imports are functions of the world to be lowered, or
// built-in functions; exports are functions of the world to be lifted, destructors, and what the module gives so that
// values can be passed (memory, realloc). Views into the module and the model, which have to outlive the plan.
#pragma once

#include "base/result.hpp"
#include "wasm/component/encoding/core_abi.hpp"
#include "wasm/component/encoding/import_name.hpp"
#include "wasm/syntax/module.hpp"

namespace trellis::wasm::component::encoding {

/// An interface or function of the world, and on which side of it.
struct ItemRef {
    const wit::WorldItem* item = nullptr; ///< null: the world itself
    bool is_export = false;
};

/// A function that the world imports.
struct Lowering {
    const wit::WorldItem* item;
    const wit::Function* function;
    bool is_async;
};

/// A built-in function and what it is about.
struct BuiltinUse {
    ImportedBuiltin spelled;
    ItemRef where = {};                       ///< whose types it is about
    std::optional<wit::TypeId> type = {};     ///< a resource, stream or future
    std::optional<ValueKind> empty_kind = {}; ///< a stream or future that carries nothing
    const wit::Function* function = nullptr;  ///< of task.return
    ValType context_type = i32;
    std::uint32_t context_slot = 0;
    StringEncoding strings = StringEncoding::utf8;
};

/// A function that nobody provides.
struct Missing {
    std::int32_t result; ///< what it says instead
};

struct CoreImport {
    std::string_view module;
    std::string_view name;
    wasm::FuncType type;
    std::variant<Lowering, BuiltinUse, Missing> what;
    Needs needs = {};
    bool needs_table = false; ///< the module's table of functions

    /// It takes something of the module's instance, which the module needs it for: it is given later.
    [[nodiscard]] bool is_deferred() const { return needs.memory || needs.realloc || needs_table; }
};

struct Lift {
    const wit::WorldItem* item;
    const wit::Function* function;
    Crossing crossing = Crossing::lift;
    std::string core_name = {};
    std::string post_return = {}; ///< empty: none
    std::string callback = {};
};

struct Destructor {
    wit::TypeId resource;
    std::string core_name;
};

struct ModulePlan {
    std::vector<CoreImport> imports;
    std::vector<Lift> lifts; ///< in the order of the world's exports
    std::vector<Destructor> destructors;
    std::string memory; ///< names of exports; empty: none
    std::string import_realloc;
    std::string export_realloc;
    std::string initialize;
    std::string table;
};

/// What may be otherwise than a component's rules have it.
struct PlanOptions {
    bool stub_wasi = false; ///< functions of WASI 0.1 that the module imports are there, and fail
};

/// Errors: invalid, where module and world don't fit, with the name that is missing or its types.
Result<ModulePlan> plan_module(const Module& module, const wit::Model& model, wit::WorldId world, const CoreAbi& abi,
                               const PlanOptions& options = {});

} // namespace trellis::wasm::component::encoding
