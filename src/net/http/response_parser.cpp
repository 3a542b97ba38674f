#include "net/http/response_parser.hpp"

#include "base/format.hpp"

#include <algorithm>
#include <charconv>

namespace trellis::net::http {

namespace {

std::unexpected<Error> malformed(std::string_view why)
{
    return fail(ErrorCode::malformed, format("the response is malformed: {}", why));
}

/// The next line without its CR LF.
Result<std::string_view> take_line(std::string_view& rest)
{
    const auto end = rest.find('\n');
    if (end == std::string_view::npos || end == 0 || rest[end - 1] != '\r')
        return malformed("a line of its head does not end with CR LF");
    const auto line = rest.substr(0, end - 1);
    rest.remove_prefix(end + 1);
    return line;
}

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/// "HTTP/1.1 200 reason"; the reason may be absent, also with its space.
Result<> read_status_line(std::string_view line, ResponseHead& head)
{
    if (!line.starts_with("HTTP/1.1 ") && !line.starts_with("HTTP/1.0 "))
        return malformed("its first line does not begin with HTTP/1.1 or HTTP/1.0");
    line.remove_prefix(9);
    const auto code = line.substr(0, 3);
    if (code.size() != 3 || !std::ranges::all_of(code, is_digit) || (line.size() > 3 && line[3] != ' '))
        return malformed("its status is no number of three digits");
    std::from_chars(code.data(), code.data() + 3, head.status);
    const auto reason = line.substr(std::min<std::size_t>(line.size(), 4));
    if (head.status < 100 || !is_field_value(reason))
        return malformed("its status line");
    head.reason = reason;
    return {};
}

std::string_view trimmed(std::string_view text)
{
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

Result<> read_field(std::string_view line, Fields& fields)
{
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !is_field_name(line.substr(0, colon)))
        return malformed("a field without a legal name");
    const auto value = trimmed(line.substr(colon + 1));
    if (!is_field_value(value))
        return malformed("the value of a field holds a control character");
    fields.add(std::string(line.substr(0, colon)), std::string(value));
    return {};
}

/// The only one of that name; nothing: there is none. Two would be read differently by different readers.
Result<std::optional<std::string_view>> only_one(const Fields& fields, std::string_view name)
{
    const auto count = std::ranges::count_if(fields.all(), [&](const Field& one) { return same_name(one.name, name); });
    if (count > 1)
        return malformed(format("more than one {}", name));
    return fields.find(name);
}

Result<std::uint64_t> read_length(std::string_view text)
{
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (text.empty() || error != std::errc() || end != text.data() + text.size())
        return malformed("Content-Length is no number");
    return length;
}

/// https://www.rfc-editor.org/rfc/rfc9112#section-6.3
Result<BodyEnd> find_body_end(ResponseHead& head, bool to_head)
{
    const auto encoding = TRELLIS_TRY(only_one(head.fields, "Transfer-Encoding"));
    const auto length = TRELLIS_TRY(only_one(head.fields, "Content-Length"));
    if (encoding && length)
        return malformed("both Content-Length and Transfer-Encoding");
    if (encoding && !same_name(*encoding, "chunked"))
        return malformed("its Transfer-Encoding is not chunked");
    if (length)
        head.content_length = TRELLIS_TRY(read_length(*length));
    if (to_head || head.status < 200 || head.status == 204 || head.status == 304)
        return BodyEnd::none;
    if (encoding)
        return BodyEnd::chunks;
    return length ? BodyEnd::length : BodyEnd::close;
}

} // namespace

Result<ParsedResponse> parse_response_head(std::string_view bytes, std::size_t most_fields, bool to_head)
{
    ParsedResponse response;
    TRELLIS_TRY(read_status_line(TRELLIS_TRY(take_line(bytes)), response.head));
    for (auto line = TRELLIS_TRY(take_line(bytes)); !line.empty(); line = TRELLIS_TRY(take_line(bytes))) {
        if (response.head.fields.all().size() == most_fields)
            return fail(ErrorCode::limit, format("the response has more than {} fields", most_fields));
        TRELLIS_TRY(read_field(line, response.head.fields));
    }
    response.body_end = TRELLIS_TRY(find_body_end(response.head, to_head));
    return response;
}

Result<Fields> parse_trailer(std::string_view lines, std::size_t most_fields)
{
    Fields fields;
    while (!lines.empty()) {
        if (fields.all().size() == most_fields)
            return fail(ErrorCode::limit, format("the trailer has more than {} fields", most_fields));
        const auto line = take_line(lines);
        if (!line || !read_field(*line, fields))
            return fail(ErrorCode::malformed, "a trailer field has no legal name or value");
    }
    return allowed_trailers(fields);
}

} // namespace trellis::net::http
