#include "wasm/execution/object_layout.hpp"

#include "base/check.hpp"

#include <algorithm>

namespace trellis::wasm {
namespace {

/// Where an exception object keeps its tag, in front of the fields.
constexpr std::uint32_t tag_bytes = sizeof(const Tag*);

void add_field(ObjectLayout& layout, FieldForm form)
{
    const auto size = size_of(form);
    const auto alignment = std::min<std::uint32_t>(size, 8);
    const auto offset = (layout.size + alignment - 1) & ~(alignment - 1);
    layout.fields.push_back({offset, form});
    if (form == FieldForm::heap_ref)
        layout.traced.push_back(offset);
    layout.size = offset + size;
}

template <class T>
void read_as(const std::byte* field, Slot* value, auto convert)
{
    T bits;
    std::memcpy(&bits, field, sizeof bits);
    value->u64 = convert(bits);
}

} // namespace

bool is_heap_reference(ValType type, std::span<const CanonicalType* const> types)
{
    if (!type.is_ref())
        return false;
    const auto heap = type.heap();
    if (heap.is_index())
        return !types[number(heap.index())]->is_function();
    return heap != HeapType::func && heap != HeapType::nofunc;
}

FieldForm form_of(ValType storage, std::span<const CanonicalType* const> types)
{
    switch (storage.kind()) {
    case Kind::i8:
        return FieldForm::bits8;
    case Kind::i16:
        return FieldForm::bits16;
    case Kind::i32:
    case Kind::f32:
        return FieldForm::bits32;
    case Kind::i64:
    case Kind::f64:
        return FieldForm::bits64;
    case Kind::v128:
        return FieldForm::bits128;
    case Kind::ref:
        return is_heap_reference(storage, types) ? FieldForm::heap_ref : FieldForm::bits64;
    case Kind::bottom:
        break;
    }
    TRELLIS_CHECK(false);
    __builtin_unreachable();
}

ObjectLayout lay_out(const CanonicalType& type, std::uint32_t number)
{
    using Kind = ObjectLayout::Kind;
    ObjectLayout layout{Kind::structure, number, header_bytes, 0, &type, {}, {}};
    if (const auto* structure = std::get_if<StructType>(&type.type.composite)) {
        for (const auto& field : structure->fields)
            add_field(layout, form_of(field.storage, type.references));
    } else if (const auto* array = std::get_if<ArrayType>(&type.type.composite)) {
        layout.kind = Kind::array;
        add_field(layout, form_of(array->element.storage, type.references));
        layout.size = header_bytes;
        layout.element_size = size_of(layout.fields[0].form);
    } else {
        layout.kind = Kind::exception;
        layout.size += tag_bytes;
        for (const auto param : type.function().params)
            add_field(layout, form_of(param, type.references));
    }
    return layout;
}

void read_field(const std::byte* field, FieldForm form, Extension extension, Slot* value)
{
    const bool is_signed = extension == Extension::sign;
    switch (form) {
    case FieldForm::bits8:
        return read_as<std::uint8_t>(field, value, [&](auto bits) {
            return is_signed ? static_cast<std::uint32_t>(static_cast<std::int8_t>(bits)) : bits;
        });
    case FieldForm::bits16:
        return read_as<std::uint16_t>(field, value, [&](auto bits) {
            return is_signed ? static_cast<std::uint32_t>(static_cast<std::int16_t>(bits)) : bits;
        });
    case FieldForm::bits32:
    case FieldForm::heap_ref:
        return read_as<std::uint32_t>(field, value, [](auto bits) { return bits; });
    case FieldForm::bits64:
        return read_as<std::uint64_t>(field, value, [](auto bits) { return bits; });
    case FieldForm::bits128:
        std::memcpy(value, field, 16);
        return;
    }
}

void write_field(std::byte* field, FieldForm form, const Slot* value)
{
    std::memcpy(field, value, size_of(form)); // little-endian: the low bytes come first
}

} // namespace trellis::wasm
