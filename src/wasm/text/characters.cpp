#include "wasm/text/characters.hpp"

#include "wasm/binary/cursor.hpp"

namespace trellis::wasm {

namespace {

/// First bytes and the bounds of the second byte, as the Unicode standard's table 3-7 lists them.
struct Utf8Row {
    std::uint8_t first_low, first_high, second_low, second_high, length;
};

constexpr Utf8Row utf8_rows[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
    {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

constexpr bool between(std::uint8_t value, std::uint8_t low, std::uint8_t high)
{
    return low <= value && value <= high;
}

} // namespace

std::size_t utf8_length(std::string_view text)
{
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    if (text.empty())
        return 0;
    if (byte(0) < 0x80)
        return 1;
    for (const auto& row : utf8_rows) {
        if (!between(byte(0), row.first_low, row.first_high))
            continue;
        if (text.size() < row.length || !between(byte(1), row.second_low, row.second_high))
            return 0;
        for (std::size_t i = 2; i < row.length; ++i)
            if (!between(byte(i), 0x80, 0xbf))
                return 0;
        return row.length;
    }
    return 0;
}

bool is_utf8(std::string_view text)
{
    return is_utf8(Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

void append_utf8(std::string& to, std::uint32_t scalar)
{
    const auto tail = [&](unsigned shift) { to.push_back(static_cast<char>(0x80 | ((scalar >> shift) & 0x3f))); };
    if (scalar < 0x80) {
        to.push_back(static_cast<char>(scalar));
    } else if (scalar < 0x800) {
        to.push_back(static_cast<char>(0xc0 | (scalar >> 6)));
        tail(0);
    } else if (scalar < 0x10000) {
        to.push_back(static_cast<char>(0xe0 | (scalar >> 12)));
        tail(6);
        tail(0);
    } else {
        to.push_back(static_cast<char>(0xf0 | (scalar >> 18)));
        tail(12);
        tail(6);
        tail(0);
    }
}

} // namespace trellis::wasm
