// Reads the definitions of a component's sections, one at a time. On failure the cursor has the message.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md
#pragma once

#include "wasm/binary/cursor.hpp"
#include "wasm/component/syntax/component.hpp"

namespace trellis::wasm::component {

using What = decltype(Definition::what);

What read_core_instance(Cursor& cursor);
What read_core_type_definition(Cursor& cursor);
What read_instance(Cursor& cursor);
What read_alias_definition(Cursor& cursor);
What read_type_definition(Cursor& cursor);
What read_canon(Cursor& cursor);
What read_import(Cursor& cursor);
What read_export(Cursor& cursor);

} // namespace trellis::wasm::component
