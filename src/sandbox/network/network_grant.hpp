// What a guest may do on the network. Nothing is allowed that is not listed. Outgoing entries that are names let the
// guest look these names up, and lead where the look-up led: to the public internet, or to this machine for
// "localhost"; addresses inside have to be listed as such, as for HTTP (sandbox/http/allow_list). Immutable once made;
// shared by threads.
#pragma once

#include "base/result.hpp"
#include "net/ip_address.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace trellis::sandbox {

/// "example.com"; "*.example.com", which is every name below that one; "*", every name.
class NamePattern {
public:
    /// Errors: usage, with the entry.
    static Result<NamePattern> parse(std::string_view entry);
    /// `name`: as net::host_name() gives it.
    [[nodiscard]] bool matches(std::string_view name) const;
    [[nodiscard]] std::string text() const { return any_below_ ? "*" + name_ : name_; }

private:
    std::string name_; ///< with the dot in front where anything may stand before it
    bool any_below_ = false;
};

struct PortRange {
    std::uint16_t first = 0, last = 65'535;
    [[nodiscard]] bool contains(std::uint16_t port) const { return first <= port && port <= last; }
};

struct AnyAddress {};

/// HOST[:PORT]. HOST is a name pattern, an address, a block of addresses ("10.0.0.0/8", "[fd00::/8]"), or "*", every
/// address. PORT is a number, a range "8000-8099", or "*", as if absent: every port. IPv6 needs brackets before a port.
struct Endpoint {
    using Host = std::variant<AnyAddress, net::IpRange, NamePattern>;
    Host host;
    PortRange ports = {};

    [[nodiscard]] bool contains(const net::IpAddress& address, std::uint16_t port) const;
    /// Whether that name may lead to that port.
    [[nodiscard]] bool names(std::string_view name, std::uint16_t port) const;
    [[nodiscard]] bool looks_up(std::string_view name) const;
    /// What parses as the same.
    [[nodiscard]] std::string text() const;
};

/// Where connections or datagrams may go. Ports are at least 1. Errors: usage, with the entry.
Result<Endpoint> parse_remote_endpoint(std::string_view entry);
/// Where the guest may listen: addresses only. Port 0 stands for one of the system's choice. Errors: usage, with the
/// entry.
Result<Endpoint> parse_local_endpoint(std::string_view entry);

struct NetworkGrant {
    std::vector<Endpoint> connect = {};   ///< TCP, outgoing
    std::vector<Endpoint> listen = {};    ///< TCP, incoming
    std::vector<Endpoint> send = {};      ///< UDP, and the answers
    std::vector<Endpoint> bind = {};      ///< UDP from anyone
    std::vector<NamePattern> lookup = {}; ///< besides the names above
    std::uint32_t max_sockets = 256;      ///< that the guest may have open, with look-ups under way

    [[nodiscard]] bool allows_lookup(std::string_view name) const;
};

} // namespace trellis::sandbox
