// Names of imports that say where something is to be found rather than what it is: "url=<...>", "integrity=<...>",
// "locked-dep=<...>", "unlocked-dep=<...>". Only their form is checked. Views into what was given.
#pragma once

#include "base/result.hpp"

#include <string_view>

namespace trellis::wasm::component {

/// Whether the name begins like one of these.
bool is_dependency_name(std::string_view name);
/// Errors: invalid.
Result<> check_dependency_name(std::string_view name, std::uint32_t offset);

} // namespace trellis::wasm::component
