#include "sandbox/network/socket_address.hpp"

#include "base/format.hpp"
#include "base/result.hpp"

#include <cstring>
#include <netinet/in.h>

namespace trellis::sandbox {

namespace {

constexpr std::size_t v4_offset = 12; ///< of an IPv4 address in its mapped form
constexpr net::IpAddress::Bytes unspecified_v4 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

SocketAddress value_of(const sockaddr_in& from)
{
    auto bytes = unspecified_v4;
    std::memcpy(bytes.data() + v4_offset, &from.sin_addr, sizeof from.sin_addr);
    return {.family = Family::ipv4, .address = net::IpAddress(bytes), .port = ntohs(from.sin_port)};
}

SocketAddress value_of(const sockaddr_in6& from)
{
    net::IpAddress::Bytes bytes;
    std::memcpy(bytes.data(), &from.sin6_addr, bytes.size());
    return {.family = Family::ipv6,
            .address = net::IpAddress(bytes),
            .port = ntohs(from.sin6_port),
            .flow_info = ntohl(from.sin6_flowinfo),
            .scope_id = from.sin6_scope_id};
}

template <class Address>
Address copy_of(const sockaddr_storage& storage)
{
    Address address;
    std::memcpy(&address, &storage, sizeof address);
    return address;
}

} // namespace

int system_family(Family family)
{
    return family == Family::ipv4 ? AF_INET : AF_INET6;
}

SocketAddress SocketAddress::unspecified(Family family)
{
    return {.family = family,
            .address = net::IpAddress(family == Family::ipv4 ? unspecified_v4 : net::IpAddress::Bytes{})};
}

std::string SocketAddress::text() const
{
    return family == Family::ipv4 ? format("{}:{}", address.text(), port) : format("[{}]:{}", address.text(), port);
}

SystemAddress::SystemAddress(const SocketAddress& address)
{
    const auto& bytes = address.address.bytes();
    if (address.family == Family::ipv4) {
        sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(address.port), .sin_addr = {}, .sin_zero = {}};
        std::memcpy(&v4.sin_addr, bytes.data() + v4_offset, sizeof v4.sin_addr);
        std::memcpy(&storage_, &v4, size_ = sizeof v4);
    } else {
        sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                           .sin6_port = htons(address.port),
                           .sin6_flowinfo = htonl(address.flow_info),
                           .sin6_addr = {},
                           .sin6_scope_id = address.scope_id};
        std::memcpy(&v6.sin6_addr, bytes.data(), bytes.size());
        std::memcpy(&storage_, &v6, size_ = sizeof v6);
    }
}

Outcome<SocketAddress> SystemAddress::value() const
{
    if (storage_.ss_family == AF_INET)
        return value_of(copy_of<sockaddr_in>(storage_));
    if (storage_.ss_family == AF_INET6)
        return value_of(copy_of<sockaddr_in6>(storage_));
    return failure(EAFNOSUPPORT);
}

Outcome<> check_family(const SocketAddress& address, Family family)
{
    if (address.family != family)
        return failure(EAFNOSUPPORT);
    if (family == Family::ipv6 && address.address.is_v4())
        return failure(EINVAL);
    return {};
}

Outcome<> check_remote(const SocketAddress& address, Family family)
{
    TRELLIS_TRY(check_family(address, family));
    if (address.address.is_unspecified() || address.port == 0)
        return failure(EINVAL);
    return {};
}

} // namespace trellis::sandbox
