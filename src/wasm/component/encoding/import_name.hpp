// How core modules spell what they import from a component and export to it. There are two ways: the one that tools
// have been using, `a:b/c` `[resource-drop]r`, and the one of build targets, `cm32p2|a:b/c` `r_drop`. Both are read
// into one shape. https://github.com/WebAssembly/component-model/blob/main/design/mvp/BuildTargets.md
#pragma once

#include "wasm/component/syntax/canonical.hpp"
#include "wasm/component/wit/model.hpp"

#include <string>

namespace trellis::wasm::component::encoding {

/// The first half of an import's name.
struct ImportModule {
    bool is_standard = false;        ///< spelled as build targets have it
    bool is_of_export = false;       ///< about what the component itself exports
    std::string_view interface = {}; ///< empty: the world itself
};
ImportModule read_import_module(std::string_view name);

/// The second half, where it is no function of the interface: a built-in function and what it is about.
struct ImportedBuiltin {
    Builtin builtin{};
    bool is_async = false;
    bool is_cancellable = false;
    std::string_view argument = {}; ///< "0" of `[stream-read-0]f`
    std::string_view subject = {};  ///< "f" of it: a function or a resource
};
std::optional<ImportedBuiltin> read_builtin(std::string_view name, bool is_standard);

/// `[async-lower]f`: the function, and whether it was asked for without waiting.
struct ImportedFunction {
    std::string_view name;
    bool is_async = false;
};
ImportedFunction read_function(std::string_view name, bool is_standard);

/// An interface's name with as much of its version as decides about compatibility: versions that can stand for one
/// another have it in common, and build targets spell it so.
std::string compatible_name(std::string_view full_name);
std::string standard_name(const wit::Model& model, const wit::WorldItem& item);

/// What an exported function can be called in the core module. Empty where a way of spelling has no name for it.
struct ExportNames {
    std::string plain;
    std::string post_return;
    std::string with_callback;
    std::string callback;
    std::string stackful;
};
/// `interface`: as the world has it, empty for a function of the world itself.
ExportNames export_names(std::string_view interface, std::string_view function);
ExportNames standard_export_names(std::string_view interface, std::string_view function);

} // namespace trellis::wasm::component::encoding
