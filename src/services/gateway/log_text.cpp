#include "services/gateway/log_text.hpp"

#include "base/check.hpp"
#include "wasm/text/characters.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace trellis::gateway {

namespace {

bool is_plain(char c)
{
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

/// Appends the plain characters at the beginning in one go; the rest begins with one that is not, or is empty.
std::string_view append_plain(std::string& to, std::string_view text)
{
    const auto end = std::ranges::find_if_not(text, is_plain);
    const auto count = static_cast<std::size_t>(end - text.begin());
    to.append(text.substr(0, count));
    return text.substr(count);
}

void append_hex(std::string& to, std::uint32_t value, unsigned digits)
{
    while (digits-- > 0)
        to += "0123456789abcdef"[value >> (4 * digits) & 15];
}

/// The letter behind the backslash in C and JSON; 0: it has none.
char short_escape(char c)
{
    switch (c) {
    case '"':
    case '\\':
        return c;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

void append_hex_byte(std::string& to, char c)
{
    to += "\\x";
    append_hex(to, static_cast<unsigned char>(c), 2);
}

void append_utf16_unit(std::string& to, std::uint32_t unit)
{
    to += "\\u";
    append_hex(to, unit, 4);
}

std::uint32_t scalar_of(std::string_view sequence)
{
    const auto first = static_cast<unsigned char>(sequence[0]);
    std::uint32_t scalar = sequence.size() == 1 ? first : first & (0x7f >> sequence.size());
    for (const char c : sequence.substr(1))
        scalar = scalar << 6 | (static_cast<unsigned char>(c) & 0x3f);
    return scalar;
}

void append_json_scalar(std::string& to, std::uint32_t scalar)
{
    if (scalar < 0x10000)
        return append_utf16_unit(to, scalar);
    append_utf16_unit(to, 0xd800 + ((scalar - 0x10000) >> 10));
    append_utf16_unit(to, 0xdc00 + ((scalar - 0x10000) & 0x3ff));
}

/// C0, DEL and C1.
bool is_control(std::uint32_t scalar)
{
    return scalar < 0x20 || (scalar >= 0x7f && scalar < 0xa0);
}

void append_digits(char*& at, unsigned value, unsigned digits)
{
    for (unsigned i = digits; i-- > 0; value /= 10)
        at[i] = static_cast<char>('0' + value % 10);
    at += digits;
}

void append_text(char*& at, std::string_view text)
{
    at = std::ranges::copy(text, at).out;
}

constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

} // namespace

void append_number(std::string& to, std::uint64_t number)
{
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    to.append(digits.data(), end);
}

void append_milliseconds(std::string& to, std::chrono::nanoseconds duration)
{
    const auto microseconds = static_cast<std::uint64_t>(
        std::max<std::int64_t>(0, std::chrono::floor<std::chrono::microseconds>(duration).count()));
    append_number(to, microseconds / 1000);
    to += '.';
    for (std::uint64_t unit = 100; unit > 0; unit /= 10)
        to += static_cast<char>('0' + microseconds / unit % 10);
}

void append_quotable(std::string& to, std::string_view text)
{
    for (text = append_plain(to, text); !text.empty(); text = append_plain(to, text.substr(1))) {
        if (const char letter = short_escape(text[0]))
            (to += '\\') += letter;
        else
            append_hex_byte(to, text[0]);
    }
}

void append_json(std::string& to, std::string_view text)
{
    std::size_t length = 0;
    for (text = append_plain(to, text); !text.empty(); text = append_plain(to, text.substr(length))) {
        length = 1;
        if (const char letter = short_escape(text[0])) {
            (to += '\\') += letter;
        } else if (const auto valid = wasm::utf8_length(text)) {
            append_json_scalar(to, scalar_of(text.substr(0, valid)));
            length = valid;
        } else {
            append_utf16_unit(to, 0xfffd);
        }
    }
}

void append_readable(std::string& to, std::string_view text)
{
    while (!text.empty()) {
        const auto length = wasm::utf8_length(text);
        if (length == 0 || (is_control(scalar_of(text.substr(0, length))) && text[0] != '\t')) {
            for (const char c : text.substr(0, std::max<std::size_t>(length, 1)))
                append_hex_byte(to, c);
        } else {
            to.append(text.substr(0, length));
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
}

void TimeText::look_up(std::chrono::sys_seconds second)
{
    if (second == second_)
        return;
    second_ = second;
    const auto day = std::chrono::floor<std::chrono::days>(second);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(second - day);
    const auto year = static_cast<unsigned>(std::clamp(static_cast<int>(date.year()), 0, 9999));
    const auto month = static_cast<unsigned>(date.month()), day_of_month = static_cast<unsigned>(date.day());
    const std::array<unsigned, 3> time = {static_cast<unsigned>(clock.hours().count()),
                                          static_cast<unsigned>(clock.minutes().count()),
                                          static_cast<unsigned>(clock.seconds().count())};

    char* common = common_.data();
    append_digits(common, day_of_month, 2);
    append_text(common, "/");
    append_text(common, months[month - 1]);
    append_text(common, "/");
    append_digits(common, year, 4);

    char* rfc3339 = rfc3339_.data();
    append_digits(rfc3339, year, 4);
    append_text(rfc3339, "-");
    append_digits(rfc3339, month, 2);
    append_text(rfc3339, "-");
    append_digits(rfc3339, day_of_month, 2);

    for (const auto& part : time) {
        append_text(common, ":");
        append_digits(common, part, 2);
        append_text(rfc3339, &part == &time[0] ? "T" : ":");
        append_digits(rfc3339, part, 2);
    }
    append_text(common, " +0000");
    TRELLIS_ASSERT(common == common_.end() && rfc3339 == rfc3339_.end());
}

void TimeText::append_common(std::string& to, WallClock time)
{
    look_up(std::chrono::floor<std::chrono::seconds>(time));
    to.append(common_.data(), common_.size());
}

void TimeText::append_rfc3339(std::string& to, WallClock time)
{
    const auto second = std::chrono::floor<std::chrono::seconds>(time);
    look_up(second);
    to.append(rfc3339_.data(), rfc3339_.size());
    const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(time - second).count();
    to += '.';
    for (std::int64_t unit = 100; unit > 0; unit /= 10)
        to += static_cast<char>('0' + milliseconds / unit % 10);
    to += 'Z';
}

} // namespace trellis::gateway
