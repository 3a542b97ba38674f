// Worlds and packages of a WIT model in binary form: a world is a component type; a package is a component that exports
// types. https://github.com/WebAssembly/component-model/blob/main/design/mvp/WIT.md#package-format
#pragma once

#include "wasm/component/syntax/canonical.hpp"
#include "wasm/component/wit/model.hpp"

namespace trellis::wasm::component::encoding {

/// A binary WIT package: its interfaces and worlds, with the types they need of others.
std::vector<std::uint8_t> encode_package(const wit::Model& model, wit::PackageId package);

/// What the custom section `component-type` of a core module holds: the world it was written for, and how its strings
/// are encoded.
std::vector<std::uint8_t> encode_module_type(const wit::Model& model, wit::WorldId world,
                                             StringEncoding strings = StringEncoding::utf8);

inline constexpr std::string_view module_type_section = "component-type";     ///< begins the section's name
inline constexpr std::string_view strings_section = "wit-component-encoding"; ///< inside it: version and encoding
inline constexpr std::uint8_t strings_section_version = 4;

} // namespace trellis::wasm::component::encoding
