// Addresses of sockets as guests give and get them, and as the system has them. An IPv4 address in an IPv6 socket's
// notation (::ffff:a.b.c.d) is a different thing from that IPv4 address, and refused everywhere. Values; any thread.
#pragma once

#include "net/ip_address.hpp"
#include "sandbox/system.hpp"

#include <sys/socket.h>

namespace trellis::sandbox {

enum class Family : std::uint8_t { ipv4, ipv6 };

struct SocketAddress {
    Family family;
    net::IpAddress address; ///< of family ipv4: in mapped form
    std::uint16_t port = 0;
    std::uint32_t flow_info = 0, scope_id = 0; ///< of ipv6; in the host's order of bytes

    bool operator==(const SocketAddress&) const = default;
    /// No particular address, no particular port: where a socket is bound that nobody bound.
    static SocketAddress unspecified(Family family);
    [[nodiscard]] bool is_unspecified() const { return address.is_unspecified() && port == 0; }
    /// "127.0.0.1:80", "[::1]:80"
    [[nodiscard]] std::string text() const;
};

/// AF_INET or AF_INET6.
int system_family(Family family);

/// An address as system calls take and give it.
class SystemAddress {
public:
    SystemAddress() = default;
    explicit SystemAddress(const SocketAddress& address);

    [[nodiscard]] const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
    [[nodiscard]] sockaddr* data() { return reinterpret_cast<sockaddr*>(&storage_); }
    [[nodiscard]] socklen_t size() const { return size_; }
    [[nodiscard]] socklen_t* size_to_fill() { return &size_; }
    /// Errors: EAFNOSUPPORT.
    [[nodiscard]] Outcome<SocketAddress> value() const;

private:
    sockaddr_storage storage_ = {};
    socklen_t size_ = sizeof storage_;
};

/// What no socket takes: EAFNOSUPPORT for the other family, EINVAL for a mapped address.
Outcome<> check_family(const SocketAddress& address, Family family);
/// What is nobody's address besides: EINVAL where address or port are unspecified.
Outcome<> check_remote(const SocketAddress& address, Family family);

} // namespace trellis::sandbox
