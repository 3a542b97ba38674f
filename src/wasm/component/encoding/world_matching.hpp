// Whether a component can stand where a world is asked for: it imports nothing but what the world offers, and exports
// all that the world exports, with the same types. Types are compared by what they are: names of fields and cases
// count, names of types don't, but for resources. Versions that can stand for one another do.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/WIT.md#wit-worlds
#pragma once

#include "wasm/component/wit/model.hpp"

namespace trellis::wasm::component::encoding {

/// One sentence for each thing that does not fit; none where everything does.
std::vector<std::string> mismatches(const wit::Model& component, wit::WorldId component_world, const wit::Model& target,
                                    wit::WorldId target_world);

} // namespace trellis::wasm::component::encoding
