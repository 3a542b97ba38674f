// A Model as WIT text, the one way of writing it: what is printed resolves to a model that prints the same. Worlds are
// written out, with everything they include; items keep the gates that let them in.
#pragma once

#include "wasm/component/wit/model.hpp"

namespace trellis::wasm::component::wit {

/// The root package at the top, the others behind it in braces: one file that resolves alone.
std::string print(const Model& model);
/// One package, as the only one of a file.
std::string print(const Model& model, PackageId package);

/// One function in a line: "read: func(length: u32) -> list<u8>"; of a resource with its resource's name in front.
std::string print(const Model& model, const Function& function);

/// A name as an identifier: with a % if it is a keyword.
std::string identifier(std::string_view name);

} // namespace trellis::wasm::component::wit
