// Components put together: a component that holds a root and its dependencies, and gives the root's imports what the
// dependencies export. What nobody among them exports is imported once for all who need it, with all that they need of
// it. The root's exports are those of the whole.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#instance-definitions
#pragma once

#include "wasm/component/encoding/composition_plan.hpp"

namespace trellis::wasm::component::encoding {

/// The binary, which is valid. Errors: those of plan_composition; invalid, where types don't fit; unsupported, where
/// something is imported from outside that WIT has no word for.
Result<std::vector<std::uint8_t>> compose(const ComposedFile& root, std::span<const ComposedFile> dependencies);

} // namespace trellis::wasm::component::encoding
