// The core modules that are written beside the one a component is made of. Two let it be given functions which need
// itself: one stands in for those functions and calls them through a table, and has functions for what nobody provides;
// the other fills the table once they are there.
#pragma once

#include "wasm/syntax/types.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace trellis::wasm::component::encoding {

inline constexpr const char* shim_table = "table";
inline constexpr const char* fill_start = "start";
inline constexpr const char* shim_memory = "memory";

/// A function that nobody provides: it gives this number, or traps if it gives anything else than one.
struct Stub {
    std::string name;
    const wasm::FuncType* type;
    std::int32_t result;
};
/// Those of the same type that give the same are one.
std::string stub_name(const wasm::FuncType& type, std::int32_t result);

/// Exports functions "0", "1" and so on of these types, and the table "table"; and "memory", for a module that wants to
/// be given one; and stubs under their names.
std::vector<std::uint8_t> shim_module(const std::vector<wasm::FuncType>& functions,
                                      const std::optional<MemoryType>& memory, std::vector<Stub> stubs);

/// Imports, from "", the functions "0", "1" and so on and the table, and "start" if it is to call that at its end.
std::vector<std::uint8_t> fill_module(const std::vector<wasm::FuncType>& functions, bool calls_start);

} // namespace trellis::wasm::component::encoding
