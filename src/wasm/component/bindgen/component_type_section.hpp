// The custom section by which a core module says what component it is meant to be, as a line of assembly in the C
// source: a variable in a section of that name would become data of the memory, and this stays a custom section of the
// module.
#pragma once

#include "base/bytes.hpp"

#include <string>
#include <string_view>

namespace trellis::wasm::component::bindgen {

/// The text to append; nothing for no bytes. The section is named component-type:WORLD.
std::string component_type_section(std::string_view world, Bytes bytes);

} // namespace trellis::wasm::component::bindgen
