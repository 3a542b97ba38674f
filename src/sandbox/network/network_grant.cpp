#include "sandbox/network/network_grant.hpp"

#include "base/format.hpp"
#include "net/host_name.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace trellis::sandbox {

namespace {

std::unexpected<Error> bad(std::string_view entry, std::string_view why)
{
    return fail(ErrorCode::usage, format("network address \"{}\": {}", entry, why));
}

struct HostAndPorts {
    std::string_view host;
    std::optional<std::string_view> ports = {};
    bool bracketed = false;
};

/// More than one colon without brackets is an IPv6 address without a port.
Result<HostAndPorts> split(std::string_view entry)
{
    if (entry.starts_with('[')) {
        const auto end = entry.find(']');
        if (end == std::string_view::npos)
            return bad(entry, "the bracket is not closed");
        const auto rest = entry.substr(end + 1);
        if (!rest.empty() && rest.front() != ':')
            return bad(entry, "behind the bracket only a port can stand; a block of addresses is [fd00::/8]");
        const auto ports = rest.empty() ? std::nullopt : std::optional(rest.substr(1));
        return HostAndPorts{.host = entry.substr(1, end - 1), .ports = ports, .bracketed = true};
    }
    const auto colon = entry.find(':');
    if (colon == std::string_view::npos || entry.find(':', colon + 1) != std::string_view::npos)
        return HostAndPorts{.host = entry};
    return HostAndPorts{.host = entry.substr(0, colon), .ports = entry.substr(colon + 1)};
}

std::optional<std::uint16_t> parse_port(std::string_view text)
{
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return port;
}

Result<PortRange> parse_ports(std::string_view entry, std::optional<std::string_view> text, std::uint16_t least)
{
    if (!text || *text == "*")
        return PortRange{.first = least};
    const auto dash = text->find('-');
    const auto first = parse_port(text->substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_port(text->substr(dash + 1));
    if (!first || !last || *first < least || *last < *first)
        return bad(entry, format("a port is a number from {} to 65535, a range is 8000-8099", least));
    return PortRange{.first = *first, .last = *last};
}

/// An address or a block; absent: something else.
std::optional<net::IpRange> parse_addresses(const HostAndPorts& parts)
{
    if (parts.bracketed && parts.host.find(':') == std::string_view::npos)
        return std::nullopt;
    return net::IpRange::parse(parts.host);
}

Result<Endpoint> parse_endpoint(std::string_view entry, std::uint16_t least_port)
{
    const auto parts = TRELLIS_TRY(split(entry));
    const auto ports = TRELLIS_TRY(parse_ports(entry, parts.ports, least_port));
    if (parts.host == "*" && !parts.bracketed)
        return Endpoint{.host = AnyAddress(), .ports = ports};
    if (const auto addresses = parse_addresses(parts))
        return Endpoint{.host = *addresses, .ports = ports};
    if (parts.bracketed || parts.host.find(':') != std::string_view::npos)
        return bad(entry, "no IPv6 address; they are written ::1 or [::1]:443, IPv4 addresses 192.0.2.1");
    if (parts.host.find('/') != std::string_view::npos)
        return bad(entry, "no block of addresses; they are written 10.0.0.0/8, with zeros behind the prefix");
    auto pattern = NamePattern::parse(parts.host);
    if (!pattern)
        return bad(entry, pattern.error().message);
    return Endpoint{.host = std::move(*pattern), .ports = ports};
}

std::string text_of(const PortRange& ports)
{
    return ports.first == ports.last ? format("{}", ports.first) : format("{}-{}", ports.first, ports.last);
}

struct HostText {
    std::string operator()(AnyAddress) const { return "*"; }
    std::string operator()(const NamePattern& pattern) const { return pattern.text(); }
    std::string operator()(const net::IpRange& range) const
    {
        const auto text = range.text();
        return text.find(':') == std::string::npos ? text : format("[{}]", text);
    }
};

} // namespace

Result<NamePattern> NamePattern::parse(std::string_view entry)
{
    NamePattern pattern;
    pattern.any_below_ = entry == "*" || entry.starts_with("*.");
    if (entry == "*")
        return pattern;
    const auto name = net::host_name(pattern.any_below_ ? entry.substr(2) : entry);
    if (!name)
        return fail(ErrorCode::usage, format("\"{}\" is no name of a host; write example.com or *.example.com", entry));
    if (net::ends_in_a_number(*name))
        return fail(ErrorCode::usage, format("\"{}\" ends in a number as an address does, and is none", entry));
    pattern.name_ = pattern.any_below_ ? "." + *name : *name;
    return pattern;
}

bool NamePattern::matches(std::string_view name) const
{
    return any_below_ ? name.size() > name_.size() && name.ends_with(name_) : name == name_;
}

bool Endpoint::contains(const net::IpAddress& address, std::uint16_t port) const
{
    const auto* range = std::get_if<net::IpRange>(&host);
    return ports.contains(port) &&
           (range != nullptr ? range->contains(address) : std::holds_alternative<AnyAddress>(host));
}

bool Endpoint::looks_up(std::string_view name) const
{
    const auto* pattern = std::get_if<NamePattern>(&host);
    return pattern != nullptr && pattern->matches(name);
}

bool Endpoint::names(std::string_view name, std::uint16_t port) const
{
    return ports.contains(port) && looks_up(name);
}

std::string Endpoint::text() const
{
    return format("{}:{}", std::visit(HostText(), host), text_of(ports));
}

Result<Endpoint> parse_remote_endpoint(std::string_view entry)
{
    return parse_endpoint(entry, 1);
}

Result<Endpoint> parse_local_endpoint(std::string_view entry)
{
    auto endpoint = TRELLIS_TRY(parse_endpoint(entry, 0));
    if (std::holds_alternative<NamePattern>(endpoint.host))
        return bad(entry, "a guest listens on an address, such as 127.0.0.1:8080, not on a name");
    return endpoint;
}

bool NetworkGrant::allows_lookup(std::string_view name) const
{
    const auto looks_up = [&](const Endpoint& endpoint) { return endpoint.looks_up(name); };
    return std::ranges::any_of(lookup, [&](const NamePattern& pattern) { return pattern.matches(name); }) ||
           std::ranges::any_of(connect, looks_up) || std::ranges::any_of(send, looks_up);
}

} // namespace trellis::sandbox
