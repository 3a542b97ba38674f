#include "sandbox/http/header_text.hpp"

#include "base/format.hpp"
#include "wasm/binary/cursor.hpp"

#include <algorithm>
#include <iterator>

namespace trellis::sandbox {

namespace {

constexpr std::size_t longest_text = 64 * 1024;

bool is_printable(char c)
{
    return (c >= ' ' && c < 0x7f) || c == '\t';
}

bool is_control(char c)
{
    return static_cast<unsigned char>(c) < ' ' || c == 0x7f;
}

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view trimmed(std::string_view text)
{
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

bool is_text(std::string_view value)
{
    return std::ranges::none_of(value, is_control) &&
           wasm::is_utf8({reinterpret_cast<const std::uint8_t*>(value.data()), value.size()});
}

Result<> read_line(std::string_view line, net::http::Fields& fields)
{
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    if (colon == std::string_view::npos || !net::http::is_field_name(name))
        return fail(ErrorCode::malformed, "a header line without a name");
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (!std::ranges::all_of(value, is_printable))
        return fail(ErrorCode::malformed, format("header {}: a character that can't be in a value", name));
    fields.add(std::string(name), std::string(value));
    return {};
}

} // namespace

Result<net::http::Fields> read_header_text(std::string_view text)
{
    net::http::Fields fields;
    if (text.size() > longest_text)
        return fail(ErrorCode::malformed, format("more than {} bytes of headers", longest_text));
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        TRELLIS_TRY(read_line(line, fields));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return fields;
}

Result<std::string> write_header_text(const net::http::Fields& fields)
{
    std::string text;
    for (const auto& [name, value] : fields.all()) {
        if (!is_text(value))
            return fail(ErrorCode::malformed, format("header {}: its value is no text", name));
        std::ranges::transform(name, std::back_inserter(text), lower);
        text += ':';
        text += value;
        text += '\n';
    }
    return text;
}

} // namespace trellis::sandbox
