// Reads bytes, LEB128 numbers and names from a stretch of a module. Failures stick: after the first one every read
// gives zero and nothing is left to read, so that callers check once per construct instead of once per byte.
// https://webassembly.github.io/spec/core/binary/values.html
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "wasm/syntax/module.hpp"

#include <cstring>
#include <string>
#include <string_view>

namespace trellis::wasm {

class Cursor {
public:
    Cursor(Bytes module, ByteRange range)
        : start_(module.data()), position_(start_ + range.offset), end_(position_ + range.size)
    {
    }

    /// Starts over with another stretch of the same module.
    void restart(ByteRange range)
    {
        position_ = start_ + range.offset;
        end_ = position_ + range.size;
        failed_ = false;
    }

    [[nodiscard]] bool ok() const { return !failed_; }
    [[nodiscard]] bool at_end() const { return position_ == end_; }
    [[nodiscard]] std::size_t remaining() const { return static_cast<std::size_t>(end_ - position_); }
    /// Of the next byte, from the start of the module.
    [[nodiscard]] std::uint32_t offset() const { return static_cast<std::uint32_t>(position_ - start_); }
    /// The next byte, without reading it; only where there is one.
    [[nodiscard]] std::uint8_t peek() const { return *position_; }

    /// For a reader that keeps the position itself between two calls.
    [[nodiscard]] const std::uint8_t* position() const { return position_; }
    [[nodiscard]] const std::uint8_t* start() const { return start_; }
    [[nodiscard]] const std::uint8_t* end() const { return end_; }
    void seek(const std::uint8_t* position) { position_ = position; }

    std::uint8_t byte()
    {
        if (position_ == end_) [[unlikely]] {
            fail_at_end();
            return 0;
        }
        return *position_++;
    }

    std::uint32_t u32()
    {
        if (position_ != end_ && *position_ < 0x80) [[likely]]
            return *position_++;
        return static_cast<std::uint32_t>(unsigned_leb(32));
    }

    std::uint64_t u64()
    {
        if (position_ != end_ && *position_ < 0x80) [[likely]]
            return *position_++;
        return unsigned_leb(64);
    }

    std::int32_t s32() { return static_cast<std::int32_t>(short_signed(32)); }
    std::int64_t s33() { return short_signed(33); }
    std::int64_t s64() { return short_signed(64); }
    std::int32_t s7() { return static_cast<std::int32_t>(short_signed(7)); }

    /// `count` bytes as they are.
    Bytes take(std::size_t count)
    {
        if (remaining() < count) [[unlikely]] {
            fail_at_end();
            return {};
        }
        const std::uint8_t* first = position_;
        position_ += count;
        return {first, count};
    }

    template <class Number>
    Number little_endian()
    {
        Number value{};
        if (const Bytes bytes = take(sizeof value); !bytes.empty())
            std::memcpy(&value, bytes.data(), sizeof value);
        return value;
    }

    /// A length, which is never more than the bytes that were left before it.
    std::uint32_t length();

    /// A length and that many bytes of UTF-8.
    std::string_view name();

    /// Remembers the first failure and makes every further read fail. Returns false.
    bool fail(std::string message, std::uint32_t offset, ErrorCode code = ErrorCode::malformed);
    bool fail_at_end();

    /// Of a failed cursor.
    [[nodiscard]] Error error() const { return Error{code_, message_, failure_offset_}; }

private:
    std::int64_t short_signed(unsigned bits)
    {
        if (position_ != end_ && *position_ < 0x80) [[likely]]
            return static_cast<std::int8_t>(static_cast<std::uint8_t>(*position_++ << 1)) >> 1;
        return signed_leb(bits);
    }

    std::uint64_t unsigned_leb(int bits);
    std::int64_t signed_leb(int bits);

    const std::uint8_t* start_;
    const std::uint8_t* position_;
    const std::uint8_t* end_;
    bool failed_ = false;
    ErrorCode code_ = ErrorCode::malformed;
    std::uint32_t failure_offset_ = 0;
    std::string message_;
};

/// Whether the bytes are well-formed UTF-8.
bool is_utf8(Bytes bytes);

} // namespace trellis::wasm
