// What pre-initialisation of a module runs and what its exports become, found out and checked before anything runs. The
// names are those of Wizer, so that modules which were written for it work here. Plain data.
// https://docs.wasmtime.dev/api/wasmtime_wizer/struct.Wizer.html
#pragma once

#include "base/result.hpp"
#include "wasm/syntax/module.hpp"

#include <string>
#include <vector>

namespace trellis::wasm {

struct ExportRename {
    std::string to;
    std::string from;
};

struct PreinitOptions {
    std::string init_function = {}; ///< an exported function; empty: wizer-initialize, or else wizer.initialize
    bool keep_init_function = false;
    std::vector<ExportRename> renames = {}; ///< of functions; what had the new name before is no longer exported
};

struct PreinitPlan {
    std::optional<FuncIndex> initialize; ///< a reactor's _initialize, which runs first
    FuncIndex init_function;
    std::string init_name;
    std::vector<Export> exports; ///< names are views into the module or into the options
    std::vector<FuncIndex> no_longer_exported;
};

/// Errors: not_found, for a function that is not exported; unsupported, for state that is imported; usage, for renames
/// that contradict each other. The message says which.
Result<PreinitPlan> plan_preinit(const Module& module, const PreinitOptions& options);

} // namespace trellis::wasm
