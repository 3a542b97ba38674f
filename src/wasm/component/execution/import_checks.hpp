// Whether what the host gives for an import is what the import asks for. `types` is the instance that imports.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#import-and-export-definitions
#pragma once

#include "wasm/component/execution/instance.hpp"

namespace trellis::wasm::component {

/// It is of the kind that is asked for, and has all of it. Errors: unlinkable.
Result<> check_given_kind(const ComponentInstance& types, const ExternType& type, const ItemValue& item);

/// Once it is known which resources come with it: where a type is said to be another one, the same is given, and
/// functions of the host are of the types that are asked for. Errors: unlinkable.
Result<> check_given_items(const ComponentInstance& types, std::string_view name, const ExternType& type,
                           const ItemValue& item);

} // namespace trellis::wasm::component
