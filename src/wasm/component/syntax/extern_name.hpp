// The name of an import or export with its attributes, as written. Views into the component's binary.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md#import-and-export-definitions
#pragma once

#include <optional>
#include <string_view>

namespace trellis::wasm::component {

struct ExternName {
    std::string_view name;
    std::optional<std::string_view> implements = {};     ///< an interface's name
    std::optional<std::string_view> version_suffix = {}; ///< what was cut off a canonical version
    std::optional<std::string_view> external_id = {};    ///< what the host calls it
};

} // namespace trellis::wasm::component
