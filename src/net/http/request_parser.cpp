#include "net/http/request_parser.hpp"

#include <boost/beast/http/basic_parser.hpp>
#include <charconv>

namespace trellis::net::http {
namespace {

namespace beast = boost::beast;
using beast::error_code;
using View = beast::string_view;

std::unexpected<Refused> refuse(unsigned status, std::string reason)
{
    return std::unexpected(Refused{status, std::move(reason)});
}

std::string text_of(View view)
{
    return {view.data(), view.size()};
}

/// Beast's grammar of a request's head; fields go where they belong as they come.
class HeadParser final : public beast::http::basic_parser<true> {
public:
    explicit HeadParser(RequestHead& head) : head_(head) {}

private:
    void on_request_impl(beast::http::verb, View method, View target, int version, error_code&) override
    {
        head_.method = text_of(method);
        head_.target = text_of(target);
        head_.minor_version = static_cast<unsigned>(version % 10);
    }
    void on_field_impl(beast::http::field, View name, View value, error_code&) override
    {
        head_.fields.add(text_of(name), text_of(value));
    }
    void on_response_impl(int, View, int, error_code&) override {}
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(View, error_code&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, View, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, View, error_code&) override { return 0; }
    void on_finish_impl(error_code&) override {}

    RequestHead& head_;
};

/// One line of the head without its CRLF, checked for what may not stand in any.
std::expected<std::string_view, Refused> take_line(std::string_view& rest)
{
    const auto end = rest.find('\n');
    if (end == 0 || rest[end - 1] != '\r')
        return refuse(400, "a line of the head does not end with CR LF");
    const auto line = rest.substr(0, end - 1);
    rest.remove_prefix(end + 1);
    if (line.find('\r') != std::string_view::npos)
        return refuse(400, "the head holds a bare CR");
    if (line.find('\0') != std::string_view::npos)
        return refuse(400, "the head holds a NUL");
    return line;
}

/// "METHOD target HTTP/1.x" with single spaces.
std::expected<void, Refused> check_request_line(std::string_view line)
{
    const auto method_end = line.find(' ');
    const auto target_end = line.rfind(' ');
    if (method_end == std::string_view::npos || method_end == target_end)
        return refuse(400, "the request line has no method, target and version");
    const auto target = line.substr(method_end + 1, target_end - method_end - 1);
    const auto version = line.substr(target_end + 1);
    if (!is_field_name(line.substr(0, method_end)))
        return refuse(400, "the method is no token");
    if (target.find(' ') != std::string_view::npos)
        return refuse(400, "the target holds a space");
    if (version.size() == 8 && version.starts_with("HTTP/") && version[5] != '1' && version[6] == '.')
        return refuse(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    if (version != "HTTP/1.1" && version != "HTTP/1.0")
        return refuse(400, "the version is neither HTTP/1.0 nor HTTP/1.1");
    return {};
}

std::expected<void, Refused> check_field_line(std::string_view line)
{
    if (line.front() == ' ' || line.front() == '\t')
        return refuse(400, "a field is folded over several lines");
    const auto colon = line.find(':');
    if (colon == std::string_view::npos)
        return refuse(400, "a field has no colon");
    if (!is_field_name(line.substr(0, colon)))
        return refuse(400, "the name of a field is no token");
    if (!is_field_value(line.substr(colon + 1)))
        return refuse(400, "the value of a field holds a control character");
    return {};
}

/// Line by line, before anything is interpreted.
std::expected<void, Refused> check_lines(std::string_view bytes, std::size_t most_fields)
{
    const auto first = take_line(bytes);
    if (!first)
        return std::unexpected(first.error());
    if (const auto checked = check_request_line(*first); !checked)
        return checked;
    for (std::size_t fields = 0;; ++fields) {
        const auto line = take_line(bytes);
        if (!line)
            return std::unexpected(line.error());
        if (line->empty())
            return {};
        if (fields == most_fields)
            return refuse(431, "the request has too many fields");
        if (const auto checked = check_field_line(*line); !checked)
            return checked;
    }
}

/// What frames the body, of all fields of the head.
struct Framing {
    std::size_t lengths = 0, encodings = 0, hosts = 0;
    std::string_view length, encoding, host;
};

Framing framing_of(const Fields& fields)
{
    Framing found;
    for (const auto& field : fields.all()) {
        if (same_name(field.name, "content-length")) {
            ++found.lengths;
            found.length = field.value;
        } else if (same_name(field.name, "transfer-encoding")) {
            ++found.encodings;
            found.encoding = field.value;
        } else if (same_name(field.name, "host")) {
            ++found.hosts;
            found.host = field.value;
        }
    }
    return found;
}

/// RFC 9112 section 6: how long the body is.
std::expected<void, Refused> set_length(const Framing& framing, RequestHead& head)
{
    head.content_length = 0;
    if (framing.encodings != 0 && framing.lengths != 0)
        return refuse(400, "the request has both Content-Length and Transfer-Encoding");
    if (framing.encodings != 0) {
        if (head.minor_version == 0)
            return refuse(400, "HTTP/1.0 knows no Transfer-Encoding");
        if (framing.encodings > 1 || !same_name(framing.encoding, "chunked"))
            return refuse(501, "the only Transfer-Encoding taken is chunked");
        head.content_length.reset();
    }
    if (framing.lengths == 0)
        return {};
    const auto text = framing.length;
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (framing.lengths > 1 || text.empty() || error != std::errc() || end != text.data() + text.size())
        return refuse(400, "Content-Length is no single number");
    head.content_length = length;
    return {};
}

/// RFC 9112 section 3.2: which host, and absolute targets.
std::expected<void, Refused> check_target(const Framing& framing, RequestHead& head)
{
    if (framing.hosts > 1 || (framing.hosts == 0 && head.minor_version == 1))
        return refuse(400, "the request must have one Host field");
    if (framing.host.find_first_of("/ \t@,") != std::string_view::npos)
        return refuse(400, "the Host field names no host");
    if (head.method == "CONNECT")
        return refuse(501, "CONNECT is not taken here");
    if (head.target.starts_with('/') || (head.target == "*" && head.method == "OPTIONS"))
        return {};
    const auto authority = head.target.find("://");
    if (authority == std::string::npos)
        return refuse(400, "the target is neither a path nor a URL");
    const auto path = head.target.find_first_of("/?#", authority + 3);
    const auto host = std::string_view(head.target)
                          .substr(authority + 3, path == std::string::npos ? std::string::npos : path - authority - 3);
    if (framing.hosts != 0 && !same_name(host, framing.host))
        return refuse(400, "target and Host field name different hosts");
    const auto rest = path == std::string::npos ? std::string() : head.target.substr(path);
    head.target = rest.starts_with('/') ? rest : "/" + rest;
    return {};
}

} // namespace

std::size_t end_of_head(std::string_view bytes, std::size_t searched_already)
{
    // A bare LF ends a line as well here, so that a head with them is refused and not waited for.
    const auto from = searched_already < 3 ? 0 : searched_already - 3;
    for (auto at = bytes.find('\n', from); at != std::string_view::npos; at = bytes.find('\n', at + 1)) {
        const auto behind = bytes.substr(at + 1);
        if (behind.starts_with("\r\n"))
            return at + 3;
        if (behind.starts_with('\n'))
            return at + 2;
    }
    return std::string_view::npos;
}

std::expected<RequestHead, Refused> parse_request_head(std::string_view bytes, std::size_t most_fields)
{
    if (const auto checked = check_lines(bytes, most_fields); !checked)
        return std::unexpected(checked.error());
    RequestHead head;
    HeadParser parser(head);
    parser.header_limit(static_cast<std::uint32_t>(bytes.size() + 1));
    parser.body_limit(boost::none);
    error_code error;
    parser.put({bytes.data(), bytes.size()}, error);
    if (error || !parser.is_header_done())
        return refuse(400, error ? error.message() : "the head is not whole");
    const auto framing = framing_of(head.fields);
    if (const auto set = set_length(framing, head); !set)
        return std::unexpected(set.error());
    if (const auto checked = check_target(framing, head); !checked)
        return std::unexpected(checked.error());
    return head;
}

bool list_has(std::string_view list, std::string_view element)
{
    while (!list.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        auto one = list.substr(0, comma);
        list.remove_prefix(std::min(comma + 1, list.size()));
        while (!one.empty() && (one.front() == ' ' || one.front() == '\t'))
            one.remove_prefix(1);
        while (!one.empty() && (one.back() == ' ' || one.back() == '\t'))
            one.remove_suffix(1);
        if (same_name(one, element))
            return true;
    }
    return false;
}

bool keeps_alive(const RequestHead& head)
{
    bool keep = head.minor_version == 1;
    for (const auto& field : head.fields.all())
        if (same_name(field.name, "connection")) {
            if (list_has(field.value, "close"))
                return false;
            keep = keep || list_has(field.value, "keep-alive");
        }
    return keep;
}

} // namespace trellis::net::http
