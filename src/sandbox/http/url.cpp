#include "sandbox/http/url.hpp"

#include "base/format.hpp"
#include "net/host_name.hpp"
#include "net/ip_address.hpp"

#include <algorithm>
#include <charconv>

namespace trellis::sandbox {

namespace {

constexpr std::size_t longest_url = 16 * 1024;

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower_case(std::string_view text)
{
    std::string result(text);
    std::ranges::transform(result, result.begin(), lower);
    return result;
}

std::unexpected<Error> bad(std::string_view why)
{
    return fail(ErrorCode::usage, format("invalid URL: {}", why));
}

Result<std::string> parse_name(std::string_view text)
{
    const auto name = net::host_name(text);
    if (!name)
        return bad("no such host can be");
    if (!net::ends_in_a_number(*name))
        return *name;
    const auto address = net::IpAddress::parse(*name);
    if (!address)
        return bad("an address has four decimal numbers");
    return address->text();
}

Result<std::string> parse_host(std::string_view text)
{
    if (!text.starts_with('['))
        return parse_name(text);
    const std::string_view inner = text.substr(1, text.size() - 2);
    const auto address = inner.find(':') != std::string_view::npos ? net::IpAddress::parse(inner) : std::nullopt;
    if (!text.ends_with(']') || !address)
        return bad("no address in the brackets");
    return address->text();
}

Result<std::uint16_t> parse_port(std::string_view text, bool secure)
{
    if (text.empty())
        return static_cast<std::uint16_t>(secure ? 443 : 80);
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || port == 0)
        return bad("the port is no number from 1 to 65535");
    return port;
}

Result<Origin> parse_authority(std::string_view text, bool secure)
{
    if (text.find('@') != std::string_view::npos)
        return bad("a user name or password in it");
    const std::size_t bracket = text.rfind(']');
    const std::size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
    const std::string_view port = colon == std::string_view::npos ? "" : text.substr(colon + 1);
    return Origin{.secure = secure,
                  .host = TRELLIS_TRY(parse_host(text.substr(0, colon))),
                  .port = TRELLIS_TRY(parse_port(port, secure))};
}

/// What browsers encode in paths and queries, because it may not stand there.
bool needs_encoding(unsigned char c)
{
    return c == ' ' || c >= 0x7f ||
           std::string_view("\"<>\\^`{|}").find(static_cast<char>(c)) != std::string_view::npos;
}

Result<std::string> parse_target(std::string_view text)
{
    text = text.substr(0, text.find('#'));
    std::string target = text.starts_with('/') ? "" : "/";
    for (const char character : text) {
        const auto c = static_cast<unsigned char>(character);
        if (c < ' ' || c == 0x7f)
            return bad("a control character in it");
        if (needs_encoding(c))
            target += format("%{:02X}", c);
        else
            target += character;
    }
    return target;
}

} // namespace

std::string Origin::authority() const
{
    const std::string name = host.find(':') != std::string::npos ? format("[{}]", host) : host;
    return port == (secure ? 443 : 80) ? name : format("{}:{}", name, port);
}

std::string Origin::text() const
{
    return format("{}://{}", secure ? "https" : "http", authority());
}

Result<Url> parse_url(std::string_view text)
{
    if (text.size() > longest_url)
        return bad(format("longer than {} bytes", longest_url));
    const std::size_t separator = text.find("://");
    const std::string scheme = lower_case(text.substr(0, separator));
    if (separator == std::string_view::npos || (scheme != "http" && scheme != "https"))
        return bad("it begins neither with http:// nor with https://");
    text.remove_prefix(separator + 3);
    const std::size_t end = std::min(text.find_first_of("/?#\\"), text.size());
    return Url{.origin = TRELLIS_TRY(parse_authority(text.substr(0, end), scheme == "https")),
               .target = TRELLIS_TRY(parse_target(text.substr(end)))};
}

} // namespace trellis::sandbox
