// A file's text to its syntax tree. Errors say what was expected and what is there. Recursion is bounded by
// `max_type_nesting`, the only thing in WIT that nests without end.
#pragma once

#include "wasm/component/wit/syntax.hpp"

namespace trellis::wasm::component::wit {

inline constexpr unsigned max_type_nesting = 100;

/// The text must live as long as the tree.
Result<FileSyntax> parse_file(const Sources& sources, std::uint32_t file);

} // namespace trellis::wasm::component::wit
