// How tables get and grow their elements; what guests do with tables is in operations.hpp.
#pragma once

#include "wasm/execution/store.hpp"

namespace trellis::wasm {

/// Reserves room for all that the table's type and the store's limits allow, and fills in the first elements. Errors:
/// limit.
Result<> reserve_table(Store& store, Table& table, Ref initial);

/// Adds elements; in slices. The old size, or -1 where the maximum or the limit forbids it.
std::int64_t grow_table(Store& store, Table& table, Ref value, std::uint64_t count);

} // namespace trellis::wasm
