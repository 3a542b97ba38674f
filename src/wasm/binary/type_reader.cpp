#include "wasm/binary/type_reader.hpp"

#include "base/format.hpp"
#include "wasm/syntax/implementation_limits.hpp"

#include <array>

namespace trellis::wasm {

namespace {

struct AbstractHeapType {
    HeapType type;
    Feature feature;
};

constexpr std::array abstract_heap_types = {
    AbstractHeapType{HeapType::func, Feature::mvp},       AbstractHeapType{HeapType::extern_, Feature::reference_types},
    AbstractHeapType{HeapType::any, Feature::gc},         AbstractHeapType{HeapType::eq, Feature::gc},
    AbstractHeapType{HeapType::i31, Feature::gc},         AbstractHeapType{HeapType::struct_, Feature::gc},
    AbstractHeapType{HeapType::array, Feature::gc},       AbstractHeapType{HeapType::none, Feature::gc},
    AbstractHeapType{HeapType::nofunc, Feature::gc},      AbstractHeapType{HeapType::noextern, Feature::gc},
    AbstractHeapType{HeapType::exn, Feature::exceptions}, AbstractHeapType{HeapType::noexn, Feature::exceptions},
};

bool is_abstract_heap_type(std::int32_t encoding, Features features)
{
    for (const AbstractHeapType& row : abstract_heap_types) {
        if (row.type.encoding() == encoding)
            return features.has(row.feature);
    }
    return false;
}

constexpr std::int32_t encoded_ref = -0x1c;
constexpr std::int32_t encoded_ref_null = -0x1d;

/// A number or vector type, or bottom if the byte (as s7) is none.
ValType plain_value_type(std::int32_t encoding, Features features)
{
    switch (encoding) {
    case -0x01:
        return i32;
    case -0x02:
        return i64;
    case -0x03:
        return f32;
    case -0x04:
        return f64;
    case -0x05:
        return features.has(Feature::simd) ? v128 : ValType();
    default:
        return {};
    }
}

} // namespace

HeapType read_heap_type(Cursor& cursor, Features features)
{
    const std::uint32_t at = cursor.offset();
    const std::int64_t encoding = cursor.s33();
    if (encoding >= 0) {
        if (encoding < implementation_limits::types)
            return HeapType(static_cast<TypeIndex>(encoding));
        // No module has such a type; a number that fits an index keeps "unknown type" for validation to say.
        return HeapType(static_cast<TypeIndex>(std::min<std::int64_t>(encoding, INT32_MAX)));
    }
    if (cursor.offset() != at + 1 || !is_abstract_heap_type(static_cast<std::int32_t>(encoding), features))
        cursor.fail("malformed heap type", at);
    return HeapType::from_encoding(static_cast<std::int32_t>(encoding));
}

ValType read_reference_type(Cursor& cursor, Features features)
{
    const std::uint32_t at = cursor.offset();
    const std::int32_t encoding = cursor.s7();
    if (is_abstract_heap_type(encoding, features))
        return ValType::ref_null(HeapType::from_encoding(encoding));
    if (features.has(Feature::function_references) && encoding == encoded_ref)
        return ValType::ref(read_heap_type(cursor, features));
    if (features.has(Feature::function_references) && encoding == encoded_ref_null)
        return ValType::ref_null(read_heap_type(cursor, features));
    cursor.fail("malformed reference type", at);
    return {};
}

ValType read_value_type(Cursor& cursor, Features features)
{
    if (!cursor.at_end() && cursor.peek() < 0x80) {
        const ValType plain = plain_value_type(cursor.peek() - 0x80, features);
        if (!plain.is_bottom()) {
            cursor.byte();
            return plain;
        }
    }
    return read_reference_type(cursor, features);
}

ValType read_storage_type(Cursor& cursor, Features features)
{
    if (!cursor.at_end() && (cursor.peek() == 0x78 || cursor.peek() == 0x77))
        return static_cast<Kind>(cursor.byte());
    return read_value_type(cursor, features);
}

BlockType read_block_type(Cursor& cursor, Features features)
{
    if (!cursor.at_end() && cursor.peek() == 0x40) {
        cursor.byte();
        return {};
    }
    if (!cursor.at_end() && (cursor.peek() & 0xc0) == 0x40)
        return {.form = BlockType::Form::value, .value = read_value_type(cursor, features)};
    const std::uint32_t at = cursor.offset();
    const std::int64_t index = cursor.s33();
    if (index < 0)
        cursor.fail("malformed block type", at);
    return {.form = BlockType::Form::type, .value = {}, .type = static_cast<TypeIndex>(index)};
}

namespace {

bool read_mutability(Cursor& cursor)
{
    const std::uint32_t at = cursor.offset();
    const std::uint8_t flag = cursor.byte();
    if (flag > 1)
        cursor.fail("malformed mutability", at);
    return flag == 1;
}

FieldType read_field_type(Cursor& cursor, Features features)
{
    const ValType storage = read_storage_type(cursor, features);
    return {storage, read_mutability(cursor)};
}

std::vector<ValType> read_value_types(Cursor& cursor, Features features, std::uint32_t limit, std::string_view what)
{
    const std::uint32_t at = cursor.offset();
    const std::uint32_t count = cursor.length();
    if (count > limit)
        cursor.fail(format("too many {}: {} where {} are supported", what, count, limit), at, ErrorCode::limit);
    std::vector<ValType> types;
    if (!cursor.ok())
        return types;
    types.reserve(count);
    for (std::uint32_t i = 0; i < count && cursor.ok(); ++i)
        types.push_back(read_value_type(cursor, features));
    return types;
}

// Bits of the byte in front of limits.
constexpr std::uint8_t has_maximum = 1, is_shared = 2, has_64_bits = 4, has_page_size = 8;

struct FlaggedLimits {
    Limits limits;
    std::uint8_t flags;
};

FlaggedLimits read_limits(Cursor& cursor, Features features, std::uint8_t allowed)
{
    const std::uint32_t at = cursor.offset();
    const std::uint8_t flags = cursor.byte();
    if ((flags & ~allowed) != 0)
        cursor.fail("malformed limits flags", at);
    Limits limits;
    limits.is_64 = (flags & has_64_bits) != 0;
    const auto number = [&] { return features.has(Feature::memory64) ? cursor.u64() : cursor.u32(); };
    limits.min = number();
    if ((flags & has_maximum) != 0)
        limits.max = number();
    return {limits, flags};
}

} // namespace

GlobalType read_global_type(Cursor& cursor, Features features)
{
    const ValType value = read_value_type(cursor, features);
    return {value, read_mutability(cursor)};
}

TableType read_table_type(Cursor& cursor, Features features)
{
    const ValType element = read_reference_type(cursor, features);
    const std::uint8_t allowed = has_maximum | (features.has(Feature::memory64) ? has_64_bits : 0);
    return {read_limits(cursor, features, allowed).limits, element};
}

MemoryType read_memory_type(Cursor& cursor, Features features)
{
    const auto if_on = [&](Feature feature, std::uint8_t flag) { return features.has(feature) ? flag : 0; };
    const auto allowed = static_cast<std::uint8_t>(has_maximum | if_on(Feature::memory64, has_64_bits) |
                                                   if_on(Feature::threads, is_shared) |
                                                   if_on(Feature::custom_page_sizes, has_page_size));
    const FlaggedLimits flagged = read_limits(cursor, features, allowed);
    MemoryType type{.limits = flagged.limits, .shared = (flagged.flags & is_shared) != 0};
    if ((flagged.flags & has_page_size) != 0) {
        const std::uint32_t at = cursor.offset();
        const std::uint32_t log2 = cursor.u32();
        if (log2 >= 64)
            cursor.fail("invalid custom page size", at);
        type.page_size_log2 = static_cast<std::uint8_t>(log2);
    }
    return type;
}

TagType read_tag_type(Cursor& cursor)
{
    const std::uint32_t at = cursor.offset();
    if (cursor.byte() != 0)
        cursor.fail("zero byte expected", at);
    return {static_cast<TypeIndex>(cursor.u32())};
}

CompositeType read_composite_type(Cursor& cursor, Features features)
{
    const std::uint32_t at = cursor.offset();
    const std::uint8_t form = cursor.byte();
    if (form == 0x60) {
        FuncType type;
        type.params = read_value_types(cursor, features, implementation_limits::parameters, "parameters");
        type.results = read_value_types(cursor, features, implementation_limits::results, "results");
        return type;
    }
    if (form == 0x5f && features.has(Feature::gc)) {
        StructType type;
        const std::uint32_t count = cursor.length();
        if (count > implementation_limits::struct_fields)
            cursor.fail(format("too many fields: {}", count), at, ErrorCode::limit);
        for (std::uint32_t i = 0; i < count && cursor.ok(); ++i)
            type.fields.push_back(read_field_type(cursor, features));
        return type;
    }
    if (form == 0x5e && features.has(Feature::gc))
        return ArrayType{read_field_type(cursor, features)};
    cursor.fail(form >= 0x80 ? "integer representation too long" : "malformed definition type", at);
    return FuncType{};
}

SubType read_sub_type(Cursor& cursor, Features features)
{
    constexpr std::uint8_t open = 0x50, final = 0x4f;
    SubType type;
    if (features.has(Feature::gc) && !cursor.at_end() && (cursor.peek() == open || cursor.peek() == final)) {
        const std::uint32_t at = cursor.offset();
        type.is_final = cursor.byte() == final;
        const std::uint32_t count = cursor.length();
        if (count > 1)
            cursor.fail(format("sub type has {} super types where one is allowed", count), at, ErrorCode::invalid);
        if (count == 1)
            type.supertype = static_cast<TypeIndex>(cursor.u32());
    }
    type.composite = read_composite_type(cursor, features);
    return type;
}

} // namespace trellis::wasm
