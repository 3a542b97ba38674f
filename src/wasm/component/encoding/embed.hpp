// A core module and the world it was written for, in one file: the world stands in custom sections whose names begin
// with `component-type`, where tools that generate bindings put it, too.
#pragma once

#include "base/result.hpp"
#include "wasm/component/syntax/canonical.hpp"
#include "wasm/component/wit/model.hpp"
#include "wasm/syntax/module.hpp"

namespace trellis::wasm::component::encoding {

/// The module with one more section at its end.
std::vector<std::uint8_t> embed_world(Bytes module, const wit::Model& model, wit::WorldId world,
                                      StringEncoding strings = StringEncoding::utf8);

/// The contents of all such sections, in order.
std::vector<SharedBytes> embedded_worlds(const Module& module);

/// The module's binary without such sections.
std::vector<std::uint8_t> without_worlds(const Module& module);

} // namespace trellis::wasm::component::encoding
