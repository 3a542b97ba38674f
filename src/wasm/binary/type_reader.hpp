// Reads types from a cursor, as far as the switched-on features allow. On failure the cursor has the message and the
// value returned means nothing.
// https://webassembly.github.io/spec/core/binary/types.html
#pragma once

#include "wasm/binary/cursor.hpp"
#include "wasm/syntax/instruction.hpp"

namespace trellis::wasm {

HeapType read_heap_type(Cursor& cursor, Features features);
ValType read_reference_type(Cursor& cursor, Features features);
ValType read_value_type(Cursor& cursor, Features features);
ValType read_storage_type(Cursor& cursor, Features features);
BlockType read_block_type(Cursor& cursor, Features features);
GlobalType read_global_type(Cursor& cursor, Features features);
TableType read_table_type(Cursor& cursor, Features features);
MemoryType read_memory_type(Cursor& cursor, Features features);
TagType read_tag_type(Cursor& cursor);
CompositeType read_composite_type(Cursor& cursor, Features features);
SubType read_sub_type(Cursor& cursor, Features features);

} // namespace trellis::wasm
