// The head of a module's answer: RFC 3875 section 6, as WAGI reads it.
#include "services/gateway/cgi.hpp"

#include "base/format.hpp"
#include "wasm/text/characters.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

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

/// What WAGI passes over, and what is a mistake otherwise.
Result<> forgive(bool strict, std::string_view mistake)
{
    return strict ? Result<>() : fail(ErrorCode::malformed, std::string(mistake));
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
        TRELLIS_TRY(end_line());
    }
    return used;
}

Result<> ResponseParser::end_line()
{
    if (strict_)
        std::erase(line_, '\r');
    else if (line_.ends_with('\r'))
        line_.pop_back();
    const auto line = std::exchange(line_, {});
    const bool is_first = std::exchange(first_line_, false);
    if (line.empty())
        return strict_ && is_first ? Result<>() : finish();
    return add_line(line);
}

Result<> ResponseParser::add_line(std::string_view line)
{
    const auto colon = line.find(':');
    if (strict_ && !wasm::is_utf8(line))
        return fail(ErrorCode::malformed, "a header is not UTF-8");
    if (colon == std::string_view::npos)
        return forgive(strict_,
                       format("\"{}\" is no header line; a line must be \"name: value\", and an empty line ends "
                              "the headers",
                              line.substr(0, 100)));
    const auto name = trimmed(line.substr(0, colon));
    const auto value = trimmed(line.substr(colon + 1));
    if (!net::http::is_field_name(name))
        return forgive(strict_, "the name of a header holds characters that none may hold");
    if (!net::http::is_field_value(value))
        return fail(ErrorCode::malformed, "the value of a header holds characters that none may hold");
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
    const auto code = space == 3 ? number_in<unsigned>(value.substr(0, space)) : std::nullopt;
    const bool is_interim = code && *code >= 100 && *code < 200;
    const bool is_status = code && *code >= 100 && *code <= (strict_ ? 999 : 599);
    if (is_interim || (!is_status && !strict_)) {
        failure_status_ = strict_ ? 500 : 502;
        return fail(ErrorCode::malformed, format("status \"{}\" is no number from 200 to 599", value.substr(0, 100)));
    }
    head_.status = is_status ? *code : 502;
    head_.reason = strict_ ? std::string_view() : trimmed(value.substr(space));
    has_status_ = true;
    return {};
}

Result<> ResponseParser::finish()
{
    if (!has_status_ && !has_location_ && !has_content_type_)
        return fail(ErrorCode::invalid, "the answer has neither content-type nor location nor status");
    if (!has_status_)
        head_.status = has_location_ ? 302 : 200;
    complete_ = true;
    return {};
}

Error ResponseParser::incomplete() const
{
    return {ErrorCode::invalid, "the module ended before the empty line that ends its headers", {}};
}

} // namespace trellis::gateway
