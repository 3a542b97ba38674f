// What all readers of this folder share: bytes that choose an alternative, optional parts, vectors. The cursor's
// failures stick, so readers go on and callers ask once.
#pragma once

#include "base/format.hpp"
#include "wasm/binary/cursor.hpp"
#include "wasm/component/syntax/limits.hpp"

#include <optional>

namespace trellis::wasm::component {

inline void fail_leading_byte(Cursor& cursor, std::uint8_t byte, std::uint32_t at, std::string_view what)
{
    cursor.fail(format("invalid leading byte ({:#x}) for {}", byte, what), at);
}

/// Reads a byte that can only be 0 or 1.
inline bool read_flag(Cursor& cursor, std::string_view what)
{
    const std::uint32_t at = cursor.offset();
    const std::uint8_t byte = cursor.byte();
    if (byte > 1)
        fail_leading_byte(cursor, byte, at, what);
    return byte == 1;
}

inline bool read_bool(Cursor& cursor)
{
    const std::uint32_t at = cursor.offset();
    const std::uint8_t byte = cursor.byte();
    if (byte > 1)
        cursor.fail(format("invalid boolean value {:#x}", byte), at);
    return byte == 1;
}

/// A byte that has to have one value.
inline void read_exactly(Cursor& cursor, std::uint8_t wanted, std::string_view what)
{
    const std::uint32_t at = cursor.offset();
    const std::uint8_t byte = cursor.byte();
    if (cursor.ok() && byte != wanted)
        fail_leading_byte(cursor, byte, at, what);
}

template <class Index>
Index read_index(Cursor& cursor)
{
    return static_cast<Index>(cursor.u32());
}

template <class Read>
auto read_vector(Cursor& cursor, std::uint32_t limit, std::string_view what, Read read_one)
{
    std::vector<decltype(read_one())> list;
    const std::uint32_t at = cursor.offset();
    const std::uint32_t count = cursor.length();
    if (count > limit)
        cursor.fail(format("too many {}: {} where {} are supported", what, count, limit), at, ErrorCode::limit);
    for (std::uint32_t i = 0; i < count && cursor.ok(); ++i)
        list.push_back(read_one());
    return list;
}

template <class Read>
auto read_optional(Cursor& cursor, std::string_view what, Read read_one)
{
    std::optional<decltype(read_one())> value;
    if (read_flag(cursor, what) && cursor.ok())
        value = read_one();
    return value;
}

} // namespace trellis::wasm::component
