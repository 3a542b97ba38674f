// A core module and its world become a component: functions of the world are lowered for the module's imports and
// lifted from its exports. What needs the module's memory before the module is there goes through a second module
// (shim_modules.hpp). https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md
#pragma once

#include "base/result.hpp"
#include "wasm/component/encoding/module_plan.hpp"

namespace trellis::wasm::component::encoding {

struct EncodeOptions {
    bool stub_wasi = false; ///< functions of WASI 0.1 that the module imports are there, and fail
};

/// The first of the modules is the main one, others are adapters. The component imports of the world only what they
/// use. Errors: invalid, where modules and world don't fit.
Result<std::vector<std::uint8_t>> encode_component(std::span<const CorePart> parts, const wit::Model& model,
                                                   wit::WorldId world, const EncodeOptions& options = {});

} // namespace trellis::wasm::component::encoding
