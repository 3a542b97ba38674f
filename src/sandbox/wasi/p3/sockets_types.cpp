#include "sandbox/wasi/p3/sockets_types.hpp"

#include <algorithm>

namespace trellis::sandbox::preview3 {

namespace {

struct Pair {
    int system;
    SocketErrorCode wasi;
};

constexpr std::array pairs = {
    Pair{EACCES, SocketErrorCode::access_denied},
    Pair{EPERM, SocketErrorCode::access_denied},
    Pair{EOPNOTSUPP, SocketErrorCode::not_supported},
    Pair{ENOPROTOOPT, SocketErrorCode::not_supported},
    Pair{EPFNOSUPPORT, SocketErrorCode::not_supported},
    Pair{EPROTONOSUPPORT, SocketErrorCode::not_supported},
    Pair{ESOCKTNOSUPPORT, SocketErrorCode::not_supported},
    Pair{EINVAL, SocketErrorCode::invalid_argument},
    Pair{EDESTADDRREQ, SocketErrorCode::invalid_argument},
    Pair{EAFNOSUPPORT, SocketErrorCode::invalid_argument},
    Pair{EISCONN, SocketErrorCode::invalid_argument},
    Pair{ENOMEM, SocketErrorCode::out_of_memory},
    Pair{ENOBUFS, SocketErrorCode::out_of_memory},
    Pair{EMFILE, SocketErrorCode::out_of_memory},
    Pair{ENFILE, SocketErrorCode::out_of_memory},
    Pair{ETIMEDOUT, SocketErrorCode::timeout},
    Pair{static_cast<int>(SystemError::invalid_state), SocketErrorCode::invalid_state},
    Pair{ENOTCONN, SocketErrorCode::invalid_state},
    Pair{EADDRNOTAVAIL, SocketErrorCode::address_not_bindable},
    Pair{EADDRINUSE, SocketErrorCode::address_in_use},
    Pair{EHOSTUNREACH, SocketErrorCode::remote_unreachable},
    Pair{EHOSTDOWN, SocketErrorCode::remote_unreachable},
    Pair{ENETDOWN, SocketErrorCode::remote_unreachable},
    Pair{ENETUNREACH, SocketErrorCode::remote_unreachable},
    Pair{ENONET, SocketErrorCode::remote_unreachable},
    Pair{ECONNREFUSED, SocketErrorCode::connection_refused},
    Pair{EPIPE, SocketErrorCode::connection_broken},
    Pair{ECONNRESET, SocketErrorCode::connection_reset},
    Pair{ECONNABORTED, SocketErrorCode::connection_aborted},
    Pair{EMSGSIZE, SocketErrorCode::datagram_too_large},
};

net::IpAddress address_of(const Ipv4Address& address)
{
    net::IpAddress::Bytes bytes = {};
    bytes[10] = bytes[11] = 0xff;
    std::apply(
        [&](auto... parts) {
            std::size_t at = 12;
            ((bytes[at++] = parts), ...);
        },
        address);
    return net::IpAddress(bytes);
}

net::IpAddress address_of(const Ipv6Address& address)
{
    net::IpAddress::Bytes bytes = {};
    std::apply(
        [&](auto... parts) {
            std::size_t at = 0;
            ((bytes[at] = static_cast<std::uint8_t>(parts >> 8), bytes[at + 1] = static_cast<std::uint8_t>(parts),
              at += 2),
             ...);
        },
        address);
    return net::IpAddress(bytes);
}

Ipv4Address guest_v4(const net::IpAddress& address)
{
    const auto& bytes = address.bytes();
    return {bytes[12], bytes[13], bytes[14], bytes[15]};
}

Ipv6Address guest_v6(const net::IpAddress& address)
{
    Ipv6Address guest;
    std::apply(
        [&](auto&... parts) {
            std::size_t at = 0;
            ((parts = static_cast<std::uint16_t>(address.bytes()[at] << 8 | address.bytes()[at + 1]), at += 2), ...);
        },
        guest);
    return guest;
}

} // namespace

SocketError socket_error(SystemError error)
{
    const auto found = std::ranges::find(pairs, static_cast<int>(error), &Pair::system);
    return found == pairs.end() ? SocketErrorCode::other : found->wasi;
}

NameError name_error(LookupError error)
{
    constexpr std::array codes = {
        LookupErrorCode::other, // would_block
        LookupErrorCode::access_denied,
        LookupErrorCode::invalid_argument,
        LookupErrorCode::name_unresolvable,
        LookupErrorCode::temporary_resolver_failure,
        LookupErrorCode::permanent_resolver_failure,
        LookupErrorCode::other, // too_many
    };
    return codes[static_cast<std::size_t>(error)];
}

SocketAddress socket_address(const GuestSocketAddress& address)
{
    if (const auto* const v4 = std::get_if<0>(&address.value))
        return {.family = Family::ipv4, .address = address_of(v4->address), .port = v4->port};
    const auto& v6 = std::get<1>(address.value);
    return {.family = Family::ipv6,
            .address = address_of(v6.address),
            .port = v6.port,
            .flow_info = v6.flow_info,
            .scope_id = v6.scope_id};
}

GuestSocketAddress guest_socket_address(const SocketAddress& address)
{
    if (address.family == Family::ipv4)
        return {Ipv4SocketAddress{address.port, guest_v4(address.address)}};
    return {Ipv6SocketAddress{address.port, address.flow_info, guest_v6(address.address), address.scope_id}};
}

GuestIpAddress guest_ip_address(const net::IpAddress& address)
{
    if (address.is_v4())
        return {guest_v4(address)};
    return {guest_v6(address)};
}

} // namespace trellis::sandbox::preview3
