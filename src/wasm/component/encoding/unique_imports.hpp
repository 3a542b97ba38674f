// Linkers let a module import a function twice, under two names of their own; in a component each import has one name.
#pragma once

#include "wasm/syntax/module.hpp"

#include <optional>

namespace trellis::wasm::component::encoding {

/// The module with another name for each import that was there before; nothing if all names differ.
std::optional<std::vector<std::uint8_t>> with_unique_imports(const Module& module);

/// What such a name stands for.
std::string_view imported_name(std::string_view unique_name);

} // namespace trellis::wasm::component::encoding
