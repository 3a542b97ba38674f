#include "services/gateway/url.hpp"

#include "wasm/text/characters.hpp"

#include <cstdint>

namespace trellis::gateway {
namespace {

/// The byte that an escape at the beginning of the text stands for; 0: it is none.
char escaped_byte(std::string_view text)
{
    if (text.size() < 3 || text[0] != '%')
        return 0;
    const int high = wasm::hex_value(text[1]), low = wasm::hex_value(text[2]);
    return high < 0 || low < 0 ? '\0' : static_cast<char>(high * 16 + low);
}

/// Length of what could have begun a character and broke off, at least one byte: a "maximal subpart".
/// https://www.unicode.org/versions/Unicode15.0.0/ch03.pdf section 3.9
std::size_t broken_length(std::string_view text)
{
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0u; };
    const auto lead = byte(0), second = byte(1);
    const auto lowest = lead == 0xe0 ? 0xa0u : lead == 0xf0 ? 0x90u : 0x80u;
    const auto highest = lead == 0xed ? 0x9fu : lead == 0xf4 ? 0x8fu : 0xbfu;
    if (lead < 0xe0 || lead > 0xf4 || second < lowest || second > highest)
        return 1;
    return lead >= 0xf0 && (byte(2) & 0xc0u) == 0x80 ? 3 : 2;
}

std::string made_utf8(std::string_view text)
{
    constexpr std::string_view replacement = "\xef\xbf\xbd";
    std::string made;
    made.reserve(text.size());
    while (!text.empty()) {
        const auto valid = wasm::utf8_length(text);
        made += valid != 0 ? text.substr(0, valid) : replacement;
        text.remove_prefix(valid != 0 ? valid : broken_length(text));
    }
    return made;
}

} // namespace

std::string url_decoded(std::string_view text)
{
    std::string decoded;
    decoded.reserve(text.size());
    while (!text.empty()) {
        const char byte = escaped_byte(text);
        decoded += byte != 0 ? byte : text[0];
        text.remove_prefix(byte != 0 ? 3 : 1);
    }
    return wasm::is_utf8(decoded) ? decoded : made_utf8(decoded);
}

} // namespace trellis::gateway
