// The head of a module's answer: RFC 3875 section 6, as WAGI reads it.
#include "services/gateway/cgi.hpp"

#include "base/format.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace trellis::gateway {

using net::http::same_name;

namespace {

constexpr std::size_t most_head_bytes = 64 * 1024;

/// Of this hop, which the server alone speaks for.
constexpr std::array<std::string_view, 8> hop_fields = {
    "connection", "transfer-encoding", "keep-alive",       "upgrade",
    "te",         "trailer",           "proxy-connection", "proxy-authenticate"};

bool is_of_hop(std::string_view name)
{
    return std::ranges::any_of(hop_fields, [&](auto one) { return same_name(one, name); });
}

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view space = " \t";
    const auto first = text.find_first_not_of(space);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(space) - first + 1);
}

template <class Number>
std::optional<Number> number_in(std::string_view text)
{
    Number number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

} // namespace

Result<std::size_t> ResponseParser::consume(std::string_view bytes)
{
    std::size_t used = 0;
    while (!complete_ && used < bytes.size()) {
        const auto rest = bytes.substr(used);
        const auto end = rest.find('\n');
        const auto taken = rest.substr(0, std::min(end, rest.size()));
        head_bytes_ += taken.size() + 1;
        if (head_bytes_ > most_head_bytes)
            return fail(ErrorCode::limit, format("the head of the answer is larger than {} bytes", most_head_bytes));
        line_.append(taken);
        used += taken.size();
        if (end == std::string_view::npos)
            break;
        ++used;
        if (line_.ends_with('\r'))
            line_.pop_back();
        TRELLIS_TRY(line_.empty() ? finish() : add_line(line_));
        line_.clear();
    }
    return used;
}

Result<> ResponseParser::add_line(std::string_view line)
{
    const auto colon = line.find(':');
    if (colon == std::string_view::npos)
        return fail(ErrorCode::malformed, format("\"{}\" is no header line; a line must be \"name: value\", and an "
                                                 "empty line ends the headers",
                                                 line.substr(0, 100)));
    const auto name = trimmed(line.substr(0, colon));
    const auto value = trimmed(line.substr(colon + 1));
    if (!net::http::is_field_name(name) || !net::http::is_field_value(value))
        return fail(ErrorCode::malformed, "a header holds characters that no header may hold");
    if (same_name(name, "status"))
        return set_status(value);
    if (same_name(name, "content-length"))
        head_.content_length = number_in<std::uint64_t>(value);
    if (is_of_hop(name) || same_name(name, "content-length"))
        return {};
    has_location_ = has_location_ || same_name(name, "location");
    has_content_type_ = has_content_type_ || same_name(name, "content-type");
    if (strict_)
        head_.fields.remove(name);
    head_.fields.add(std::string(name), std::string(value));
    return {};
}

Result<> ResponseParser::set_status(std::string_view value)
{
    const auto space = std::min(value.find(' '), value.size());
    const auto code = number_in<unsigned>(value.substr(0, space));
    if (!code || *code < 200 || *code > 599) {
        failure_status_ = 502;
        return fail(ErrorCode::malformed, format("status \"{}\" is no number from 200 to 599", value.substr(0, 100)));
    }
    head_.status = *code;
    head_.reason = trimmed(value.substr(space));
    has_status_ = true;
    return {};
}

Result<> ResponseParser::finish()
{
    if (!has_status_ && !has_location_ && !has_content_type_)
        return fail(ErrorCode::malformed, "the answer has neither content-type nor location nor status");
    if (!has_status_)
        head_.status = has_location_ ? 302 : 200;
    complete_ = true;
    return {};
}

Error ResponseParser::incomplete() const
{
    return {ErrorCode::malformed, "the module ended before the empty line that ends its headers", {}};
}

} // namespace trellis::gateway
