// The instructions that are more than arithmetic, one plain function each, shared by all tiers: tables, bulk memory,
// garbage-collected objects, exceptions, atomics that wait. Long ones work in slices and poll between them. Addresses,
// counts and indices arrive zero-extended to 64 bits.
// https://webassembly.github.io/spec/core/exec/instructions.html
#pragma once

#include "wasm/execution/store.hpp"

namespace trellis::wasm {

// Tables.
Trap table_get(Instance&, TableIndex, std::uint64_t index, Ref& result);
Trap table_set(Instance&, TableIndex, std::uint64_t index, Ref value);
/// The old size, or -1.
std::int64_t table_grow(Instance&, TableIndex, Ref value, std::uint64_t count);
Trap table_fill(Instance&, TableIndex, std::uint64_t index, Ref value, std::uint64_t count);
Trap table_copy(Instance&, TableIndex destination, TableIndex source, std::uint64_t to, std::uint64_t from,
                std::uint64_t count);
Trap table_init(Instance&, ElementIndex, TableIndex, std::uint64_t to, std::uint64_t from, std::uint64_t count);
void elem_drop(Instance&, ElementIndex);

// Memories.
std::int64_t memory_grow(Instance&, MemoryIndex, std::uint64_t pages);
Trap memory_fill(Instance&, MemoryIndex, std::uint64_t to, std::uint8_t value, std::uint64_t count);
Trap memory_copy(Instance&, MemoryIndex destination, MemoryIndex source, std::uint64_t to, std::uint64_t from,
                 std::uint64_t count);
Trap memory_init(Instance&, DataIndex, MemoryIndex, std::uint64_t to, std::uint64_t from, std::uint64_t count);
void data_drop(Instance&, DataIndex);

// Waiting on memory. `address` is the effective one (index + offset), bounds not yet checked; alignment is checked
// here. `timeout_ns` below zero: for ever. The result is the instruction's.
Trap atomic_notify(Instance&, MemoryIndex, std::uint64_t address, std::uint32_t count, std::uint32_t& result);
Trap atomic_wait32(Instance&, MemoryIndex, std::uint64_t address, std::uint32_t expected, std::int64_t timeout_ns,
                   std::uint32_t& result);
Trap atomic_wait64(Instance&, MemoryIndex, std::uint64_t address, std::uint64_t expected, std::int64_t timeout_ns,
                   std::uint32_t& result);

// References. The object of a null reference traps with the word of its kind.
Ref ref_func(Instance&, FuncIndex);
/// Whether `value` (of the type's hierarchy) is of heap type `target`, null aside. `target`'s index is the module's.
bool ref_test(Instance&, Ref value, HeapType target);
// Structures. `fields` are slots in field order (v128: two each).
Trap struct_new(Instance&, TypeIndex, const Slot* fields, Ref& result);
Trap struct_new_default(Instance&, TypeIndex, Ref& result);
enum class Extension : std::uint8_t { none, sign, zero };
Trap struct_get(Instance&, TypeIndex, std::uint32_t field, Extension, Ref object, Slot* result);
Trap struct_set(Instance&, TypeIndex, std::uint32_t field, Ref object, const Slot* value);
// Arrays.
Trap array_new(Instance&, TypeIndex, const Slot* value, std::uint32_t length, Ref& result);
Trap array_new_default(Instance&, TypeIndex, std::uint32_t length, Ref& result);
Trap array_new_fixed(Instance&, TypeIndex, const Slot* values, std::uint32_t length, Ref& result);
Trap array_new_data(Instance&, TypeIndex, DataIndex, std::uint32_t from, std::uint32_t length, Ref& result);
Trap array_new_elem(Instance&, TypeIndex, ElementIndex, std::uint32_t from, std::uint32_t length, Ref& result);
Trap array_get(Instance&, TypeIndex, Extension, Ref object, std::uint32_t index, Slot* result);
Trap array_set(Instance&, TypeIndex, Ref object, std::uint32_t index, const Slot* value);
Trap array_len(Instance&, Ref object, std::uint32_t& result);
Trap array_fill(Instance&, TypeIndex, Ref object, std::uint32_t index, const Slot* value, std::uint32_t count);
Trap array_copy(Instance&, TypeIndex destination, TypeIndex source, Ref to, std::uint32_t to_index, Ref from,
                std::uint32_t from_index, std::uint32_t count);
Trap array_init_data(Instance&, TypeIndex, DataIndex, Ref object, std::uint32_t to, std::uint32_t from,
                     std::uint32_t count);
Trap array_init_elem(Instance&, TypeIndex, ElementIndex, Ref object, std::uint32_t to, std::uint32_t from,
                     std::uint32_t count);

// Exceptions.
/// Makes an exception object of the tag; `fields` are its parameters' slots. Does not throw it.
Trap exception_new(Instance&, TagIndex, const Slot* fields, Ref& result);
/// The tag of an exception object, and its parameters copied to `fields` (as many slots as the tag's type has).
const Tag* exception_tag(Store&, Ref exception);
void exception_fields(Store&, Ref exception, Slot* fields);

} // namespace trellis::wasm
