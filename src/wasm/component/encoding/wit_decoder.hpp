// From a component to WIT: what it imports and exports as a world, or, of a binary package, its interfaces and worlds.
// Works on validated components, whose types are resolved. What WIT has no words for is refused.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/WIT.md#package-format
#pragma once

#include "base/result.hpp"
#include "wasm/component/syntax/component.hpp"
#include "wasm/component/wit/model.hpp"

namespace trellis::wasm::component::encoding {

/// Whether the component only holds types: interfaces and worlds.
bool is_wit_package(const Component& component);

/// A package becomes itself; any other component becomes world `root` of package `root:component`. Errors: unsupported,
/// invalid.
Result<wit::Model> decode_wit(const Component& component);

/// What the sections `component-type` of core modules say: all are one world together, named like the first.
struct ModuleWorld {
    wit::Model model;
    wit::WorldId world = {};
    std::vector<StringEncoding> strings = {}; ///< of each module
};
/// Nothing where no module has such a section. Errors: those of decoding and validating; invalid, unsupported.
Result<std::optional<ModuleWorld>> decode_module_world(std::span<const Module* const> modules);
Result<std::optional<ModuleWorld>> decode_module_world(const Module& module);

} // namespace trellis::wasm::component::encoding
