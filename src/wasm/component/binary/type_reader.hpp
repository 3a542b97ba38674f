// Reads types, aliases and names as a component writes them. On failure the cursor has the message and what is returned
// means nothing.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md#type-definitions
#pragma once

#include "wasm/binary/cursor.hpp"
#include "wasm/component/syntax/written_types.hpp"

namespace trellis::wasm::component {

/// Types nest in one another at most limits::nesting deep: `depth` is how deep this one is.
written::Type read_type(Cursor& cursor, unsigned depth = 0);
written::CoreType read_core_type(Cursor& cursor);
written::ValueType read_value_type(Cursor& cursor);
std::optional<written::ValueType> read_results(Cursor& cursor);
written::ExternType read_extern_type(Cursor& cursor);
ExternName read_extern_name(Cursor& cursor);
ItemKind read_item_kind(Cursor& cursor);
ExternKind read_core_kind(Cursor& cursor);
Alias read_alias(Cursor& cursor);

} // namespace trellis::wasm::component
