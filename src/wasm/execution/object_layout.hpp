// How a heap object lies in memory: a header of eight bytes, then its fields in order, each aligned to its size (but at
// most eight). So a subtype's object begins like its supertype's. References into the heap take four bytes, function
// references eight.
#pragma once

#include "wasm/execution/operations.hpp"

namespace trellis::wasm {

/// The first eight bytes of every object.
struct ObjectHeader {
    std::uint32_t layout; ///< number of its ObjectLayout
    std::uint32_t length; ///< arrays: elements
};
inline constexpr std::uint32_t header_bytes = sizeof(ObjectHeader);

enum class FieldForm : std::uint8_t { bits8, bits16, bits32, bits64, bits128, heap_ref };

struct FieldLayout {
    std::uint32_t offset; ///< from the object's start; of an array: of element 0
    FieldForm form;
};

struct ObjectLayout {
    enum class Kind : std::uint8_t { structure, array, exception, host };

    Kind kind;
    std::uint32_t number;
    std::uint32_t size;         ///< bytes of the whole object; of an array: without elements
    std::uint32_t element_size; ///< bytes; 0 if not an array
    const CanonicalType* type;  ///< of an exception: the tag's function type; of a host object: null
    std::vector<FieldLayout> fields;
    std::vector<std::uint32_t> traced; ///< offsets of references into the heap
};

constexpr std::uint32_t size_of(FieldForm form)
{
    constexpr std::uint32_t sizes[] = {1, 2, 4, 8, 16, 4};
    return sizes[static_cast<std::size_t>(form)];
}

/// Whether values of the type are references into the heap (or i31), not functions and not numbers.
bool is_heap_reference(ValType type, std::span<const CanonicalType* const> types);

FieldForm form_of(ValType storage, std::span<const CanonicalType* const> types);

/// The layout of a structure's, array's or (for a function type) exception's objects.
ObjectLayout lay_out(const CanonicalType& type, std::uint32_t number);

/// A field's value as slots: v128 two, else one.
void read_field(const std::byte* field, FieldForm form, Extension extension, Slot* value);
void write_field(std::byte* field, FieldForm form, const Slot* value);

} // namespace trellis::wasm
