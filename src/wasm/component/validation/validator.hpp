// Validation of components: resolves what the binary writes into types, checks every rule, and fills in what
// instantiation needs, so that nothing behind it looks at the written types.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md
#pragma once

#include "base/result.hpp"
#include "wasm/component/syntax/component.hpp"
#include "wasm/validation/validator.hpp"

#include <functional>

namespace trellis::wasm::component {

/// Asked of each core module, which is decoded and no more: whether its function bodies have to be checked. Empty: all.
using BodiesOf = std::function<Bodies(const Module&)>;

/// Checks the component, those nested in it and their core modules. Errors: invalid, limit, malformed (in a function's
/// body), unsupported; with offset in the binary.
Result<std::shared_ptr<const Component>> validate_component(std::shared_ptr<Component> component,
                                                            TypeRegistry& registry, const BodiesOf& bodies = {});

/// decode_component, validate_component.
Result<std::shared_ptr<const Component>> load_component(SharedBytes binary, TypeRegistry& registry,
                                                        const BodiesOf& bodies = {});

} // namespace trellis::wasm::component
