#include "sandbox/wasi/p2/network_types.hpp"

#include <algorithm>

namespace trellis::sandbox::preview2 {
namespace {

struct Row {
    SystemError system;
    NetworkError wasi;
};

constexpr Row row(int number, NetworkError wasi)
{
    return {system_error(number), wasi};
}

constexpr Row rows[] = {
    row(EACCES, NetworkError::access_denied),
    row(EADDRINUSE, NetworkError::address_in_use),
    row(EADDRNOTAVAIL, NetworkError::address_not_bindable),
    row(EAFNOSUPPORT, NetworkError::invalid_argument),
    row(EAGAIN, NetworkError::would_block),
    row(ECONNABORTED, NetworkError::connection_aborted),
    row(ECONNREFUSED, NetworkError::connection_refused),
    row(ECONNRESET, NetworkError::connection_reset),
    row(EDESTADDRREQ, NetworkError::invalid_argument),
    row(EHOSTDOWN, NetworkError::remote_unreachable),
    row(EHOSTUNREACH, NetworkError::remote_unreachable),
    row(EINVAL, NetworkError::invalid_argument),
    row(EMFILE, NetworkError::new_socket_limit),
    row(EMSGSIZE, NetworkError::datagram_too_large),
    row(ENETDOWN, NetworkError::remote_unreachable),
    row(ENETUNREACH, NetworkError::remote_unreachable),
    row(ENFILE, NetworkError::new_socket_limit),
    row(ENOBUFS, NetworkError::out_of_memory),
    row(ENOMEM, NetworkError::out_of_memory),
    row(ENOPROTOOPT, NetworkError::not_supported),
    row(ENOTSUP, NetworkError::not_supported),
    row(EPERM, NetworkError::access_denied),
    row(EPIPE, NetworkError::connection_reset),
    row(ETIMEDOUT, NetworkError::timeout),
    {SystemError::invalid_state, NetworkError::invalid_state},
};

constexpr std::size_t v4_offset = 12; ///< of the mapped form

net::IpAddress address_of(const Ipv4Address& address)
{
    net::IpAddress::Bytes bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    std::apply([&](auto... part) { std::ranges::copy(std::array{part...}, bytes.begin() + v4_offset); }, address);
    return net::IpAddress(bytes);
}

net::IpAddress address_of(const Ipv6Address& address)
{
    net::IpAddress::Bytes bytes{};
    std::size_t at = 0;
    const auto add = [&](std::uint16_t part) {
        bytes[at++] = static_cast<std::uint8_t>(part >> 8);
        bytes[at++] = static_cast<std::uint8_t>(part & 0xff);
    };
    std::apply([&](auto... part) { (add(part), ...); }, address);
    return net::IpAddress(bytes);
}

Ipv4Address v4_of(const net::IpAddress& address)
{
    const auto& bytes = address.bytes();
    return {bytes[v4_offset], bytes[v4_offset + 1], bytes[v4_offset + 2], bytes[v4_offset + 3]};
}

Ipv6Address v6_of(const net::IpAddress& address)
{
    Ipv6Address result;
    std::size_t at = 0;
    const auto next = [&] {
        const auto& bytes = address.bytes();
        at += 2;
        return static_cast<std::uint16_t>(bytes[at - 2] << 8 | bytes[at - 1]);
    };
    std::apply([&](auto&... part) { ((part = next()), ...); }, result);
    return result;
}

} // namespace

AddressVariant address_to_guest(const net::IpAddress& address)
{
    AddressVariant result;
    if (address.is_v4())
        result.value.emplace<0>(v4_of(address));
    else
        result.value.emplace<1>(v6_of(address));
    return result;
}

SocketAddressVariant socket_address_to_guest(const SocketAddress& address)
{
    SocketAddressVariant result;
    if (address.family == Family::ipv4)
        result.value.emplace<0>(Ipv4SocketAddress{address.port, v4_of(address.address)});
    else
        result.value.emplace<1>(
            Ipv6SocketAddress{address.port, address.flow_info, v6_of(address.address), address.scope_id});
    return result;
}

SocketAddress socket_address_of(const SocketAddressVariant& address)
{
    if (const auto* v4 = std::get_if<0>(&address.value))
        return {.family = Family::ipv4, .address = address_of(v4->address), .port = v4->port};
    const auto& v6 = std::get<1>(address.value);
    return {.family = Family::ipv6,
            .address = address_of(v6.address),
            .port = v6.port,
            .flow_info = v6.flow_info,
            .scope_id = v6.scope_id};
}

NetworkError network_error_of(SystemError error)
{
    const auto* const found = std::ranges::find(rows, error, &Row::system);
    return found != std::end(rows) ? found->wasi : NetworkError::unknown;
}

NetworkError network_error_of(LookupError error)
{
    constexpr std::array errors = {
        NetworkError::would_block,
        NetworkError::access_denied,
        NetworkError::invalid_argument,
        NetworkError::name_unresolvable,
        NetworkError::temporary_resolver_failure,
        NetworkError::permanent_resolver_failure,
        NetworkError::new_socket_limit,
    };
    return errors[static_cast<std::size_t>(error)];
}

} // namespace trellis::sandbox::preview2
