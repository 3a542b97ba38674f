#include "wasm/binary/cursor.hpp"

#include <array>
#include <cstring>

namespace trellis::wasm {

bool Cursor::fail(std::string message, std::uint32_t offset, ErrorCode code)
{
    if (!failed_) {
        failed_ = true;
        code_ = code;
        failure_offset_ = offset;
        message_ = std::move(message);
    }
    position_ = end_;
    return false;
}

bool Cursor::fail_at_end()
{
    return fail("unexpected end of section or function", static_cast<std::uint32_t>(end_ - start_));
}

std::uint64_t Cursor::unsigned_leb(int bits)
{
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7, bits -= 7) {
        if (bits <= 0) {
            fail("integer representation too long", offset());
            return 0;
        }
        const std::uint8_t next = byte();
        const std::uint64_t payload = next & 0x7f;
        if (bits < 7 && (payload >> bits) != 0) {
            fail("integer too large", offset() - 1);
            return 0;
        }
        value |= payload << shift;
        if ((next & 0x80) == 0)
            return ok() ? value : 0;
    }
}

std::int64_t Cursor::signed_leb(int bits)
{
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7, bits -= 7) {
        if (bits <= 0) {
            fail("integer representation too long", offset());
            return 0;
        }
        const std::uint8_t next = byte();
        const std::uint64_t payload = next & 0x7f;
        if (bits < 7) {
            // The unused bits repeat the sign.
            const std::uint64_t mask = (0x7fu << (bits - 1)) & 0x7fu;
            if ((payload & mask) != 0 && (payload & mask) != mask) {
                fail("integer too large", offset() - 1);
                return 0;
            }
        }
        value |= payload << shift;
        if ((next & 0x80) != 0)
            continue;
        if ((next & 0x40) != 0 && shift + 7 < 64)
            value |= ~std::uint64_t(0) << (shift + 7);
        return ok() ? static_cast<std::int64_t>(value) : 0;
    }
}

std::uint32_t Cursor::length()
{
    const std::uint32_t at = offset();
    const std::size_t bound = remaining(); // the length itself counts, as in the reference interpreter
    const std::uint32_t value = u32();
    if (value > bound) {
        fail("length out of bounds", at);
        return 0;
    }
    return value;
}

std::string_view Cursor::name()
{
    const std::uint32_t at = offset();
    const Bytes bytes = take(length());
    if (!is_utf8(bytes)) {
        fail("malformed UTF-8 encoding", at);
        return {};
    }
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

namespace {

/// The number of continuation bytes behind a lead byte and the range of the first of them; https://www.unicode.org/
/// versions/Unicode15.0.0/ch03.pdf, table 3-7.
struct Utf8Sequence {
    std::uint8_t continuations;
    std::uint8_t low;
    std::uint8_t high;
};

constexpr Utf8Sequence invalid_lead = {0, 0, 0};

constexpr Utf8Sequence utf8_sequence(std::uint8_t lead)
{
    if (lead >= 0xc2 && lead <= 0xdf)
        return {1, 0x80, 0xbf};
    if (lead == 0xe0)
        return {2, 0xa0, 0xbf};
    if (lead == 0xed)
        return {2, 0x80, 0x9f};
    if (lead >= 0xe1 && lead <= 0xef)
        return {2, 0x80, 0xbf};
    if (lead == 0xf0)
        return {3, 0x90, 0xbf};
    if (lead >= 0xf1 && lead <= 0xf3)
        return {3, 0x80, 0xbf};
    if (lead == 0xf4)
        return {3, 0x80, 0x8f};
    return invalid_lead;
}

} // namespace

namespace {

/// How many bytes from `begin` on are ASCII, at least; a multiple of 32.
std::size_t ascii_run(Bytes bytes, std::size_t begin)
{
    std::size_t i = begin;
    for (; bytes.size() - i >= 32; i += 32) {
        std::array<std::uint64_t, 4> words;
        std::memcpy(words.data(), &bytes[i], sizeof words);
        if (((words[0] | words[1] | words[2] | words[3]) & 0x8080'8080'8080'8080) != 0)
            break;
    }
    return i - begin;
}

} // namespace

bool is_utf8(Bytes bytes)
{
    for (std::size_t i = ascii_run(bytes, 0); i < bytes.size();) {
        const std::uint8_t lead = bytes[i++];
        if (lead < 0x80) {
            if (i % 32 == 0)
                i += ascii_run(bytes, i);
            continue;
        }
        const Utf8Sequence sequence = utf8_sequence(lead);
        if (sequence.continuations == 0 || bytes.size() - i < sequence.continuations)
            return false;
        if (bytes[i] < sequence.low || bytes[i] > sequence.high)
            return false;
        for (unsigned k = 1; k < sequence.continuations; ++k) {
            if ((bytes[i + k] & 0xc0) != 0x80)
                return false;
        }
        i += sequence.continuations;
    }
    return true;
}

} // namespace trellis::wasm
