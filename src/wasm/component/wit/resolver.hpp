// Files to a Model: every name looked up, gated items taken or left, worlds completed with what their interfaces need.
// Time and memory are linear in the text, but for worlds: what they include and import is written out in each, so their
// total size has a limit.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/WIT.md
#pragma once

#include "wasm/component/wit/model.hpp"
#include "wasm/component/wit/source.hpp"

#include <set>

namespace trellis::wasm::component::wit {

struct Input {
    SourceGroup root;                      ///< the package that is asked for
    std::vector<SourceGroup> dependencies; ///< where it may find others
};

struct ResolveOptions {
    std::set<std::string, std::less<>> features; ///< which @unstable items are there
    bool all_features = false;
};

Result<Model> resolve(const Input& input, const ResolveOptions& options = {});

} // namespace trellis::wasm::component::wit
