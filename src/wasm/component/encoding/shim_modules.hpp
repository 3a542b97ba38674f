// The two core modules that let a module be given functions which need the module itself: one that stands in for those
// functions and calls them through a table, and one that fills the table once they are there.
#pragma once

#include "wasm/syntax/types.hpp"

#include <cstdint>
#include <vector>

namespace trellis::wasm::component::encoding {

inline constexpr const char* shim_table = "table";
inline constexpr const char* fill_start = "start";

/// Exports functions "0", "1" and so on of these types, and the table "table".
std::vector<std::uint8_t> shim_module(const std::vector<wasm::FuncType>& functions);

/// Imports, from "", the functions "0", "1" and so on and the table, and "start" if it is to call that at its end.
std::vector<std::uint8_t> fill_module(const std::vector<wasm::FuncType>& functions, bool calls_start);

} // namespace trellis::wasm::component::encoding
