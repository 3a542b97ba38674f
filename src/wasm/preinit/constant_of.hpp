// A value of an instance as the constant expression that makes it again.
#pragma once

#include "wasm/binary/writer.hpp"
#include "wasm/execution/store.hpp"

namespace trellis::wasm {

/// Appends the expression, `end` included, for a value of a type of the instance's module. Errors: unsupported, for a
/// reference that no expression makes; the message says to what.
Result<> write_constant(Writer& writer, const Instance& instance, ValType type, const Slot* value);

/// The function that a reference which is not null refers to, in the index space of the instance's module. Errors:
/// unsupported, for one of another module.
Result<FuncIndex> function_index(const Instance& instance, Ref ref);

/// Appends an address: `i32.const` or `i64.const`, and `end`.
void write_address(Writer& writer, bool is_64, std::uint64_t address);

} // namespace trellis::wasm
