// Characters of the text format: which may stand in an identifier, and what is valid UTF-8.
// https://webassembly.github.io/spec/core/text/lexical.html
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace trellis::wasm {

/// Letters, digits and the symbols that make identifiers, keywords and numbers.
inline constexpr auto identifier_characters = [] {
    std::array<bool, 256> table{};
    for (unsigned c = '!'; c <= '~'; ++c)
        table[c] = true;
    for (const char c : std::string_view("\"(),;[]{}"))
        table[static_cast<unsigned char>(c)] = false;
    return table;
}();

constexpr bool is_identifier_character(char c)
{
    return identifier_characters[static_cast<unsigned char>(c)];
}

constexpr bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/// The value of a hexadecimal digit, or -1.
constexpr int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Length in bytes of the UTF-8 sequence at the start of `text`; 0 where there is none or it is malformed.
std::size_t utf8_length(std::string_view text);
bool is_utf8(std::string_view text);
/// Appends a Unicode scalar value.
void append_utf8(std::string& to, std::uint32_t scalar);

} // namespace trellis::wasm
