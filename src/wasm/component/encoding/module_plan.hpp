// What each import and export of the core modules means in their world: imports are functions of the world to be
// lowered, built-in functions, or things of another of the modules; exports are functions of the world to be lifted,
// destructors, and what a module gives so that values can be passed (memory, realloc). Views into the modules and the
// model, which have to outlive the plan.
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

/// What an adapter exports under the import's name.
struct OfAdapter {
    std::size_t part;
};

/// What the main module exports under this name.
struct OfMain {
    ExternKind kind;
    std::string name;
};

/// A function of the main module that an adapter gets memory from, as if it was `cabi_realloc`.
struct OfMainMalloc {};

/// A function between the main module's memory and the adapter's own.
struct OfMainMemory {};

/// The memory of the module beside it, which is there first.
struct OfShim {};

struct CoreImport {
    std::string_view module;
    std::string_view name;
    wasm::FuncType type; ///< of a function
    std::variant<Lowering, BuiltinUse, Missing, OfAdapter, OfMain, OfMainMalloc, OfMainMemory, OfShim> what;
    Needs needs = {};
    bool needs_table = false; ///< the module's table of functions

    /// It takes something of an instance that is not there yet, so it is given later.
    [[nodiscard]] bool is_deferred() const
    {
        return needs.memory || needs.realloc || needs_table || std::holds_alternative<OfAdapter>(what) ||
               std::holds_alternative<OfMainMemory>(what);
    }
};

struct Lift {
    std::size_t part;
    const wit::WorldItem* item;
    const wit::Function* function;
    Crossing crossing = Crossing::lift;
    std::string core_name = {};
    std::string post_return = {}; ///< empty: none
    std::string callback = {};
};

struct Destructor {
    std::size_t part;
    wit::TypeId resource;
    std::string core_name;
};

/// One of the core modules. The first is the main one; the others stand between it and the world, and answer imports of
/// the name they have.
struct CorePart {
    const Module* module;
    std::string name = {};
    StringEncoding strings = StringEncoding::utf8;
};

/// Of one core module. Names of exports; empty: none.
struct PartPlan {
    std::vector<CoreImport> imports = {};
    std::optional<MemoryType> imported_memory = {}; ///< it wants to be given one
    std::string memory = {};
    std::string import_realloc = {};
    std::string export_realloc = {};
    std::string initialize = {};
    std::string table = {};
    std::vector<bool> live = {}; ///< functions of an adapter that are used
};

struct ComponentPlan {
    std::vector<PartPlan> parts;
    std::vector<Lift> lifts; ///< in the order of the world's exports
    std::vector<Destructor> destructors;

    [[nodiscard]] const PartPlan& main() const { return parts.front(); }
    /// Adapters may have a memory of their own; else all use the main module's.
    [[nodiscard]] bool has_own_memory(std::size_t part) const { return part != 0 && !parts[part].memory.empty(); }
    [[nodiscard]] bool has_memory(std::size_t part) const
    {
        return has_own_memory(part) || main().imported_memory || !main().memory.empty();
    }
};

/// What may be otherwise than a component's rules have it.
struct PlanOptions {
    bool stub_wasi = false; ///< functions of WASI 0.1 that a module imports are there, and fail
};

/// Errors: invalid, where modules and world don't fit, with the name that is missing or its types.
Result<ComponentPlan> plan_component(std::span<const CorePart> parts, const wit::Model& model, wit::WorldId world,
                                     const CoreAbi& abi, const PlanOptions& options = {});

} // namespace trellis::wasm::component::encoding
