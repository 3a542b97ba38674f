// The types of wasi:sockets as C++ types, and what they are to the sandbox.
#pragma once

#include "sandbox/network/name_lookup.hpp"
#include "sandbox/wasi/p3/variants.hpp"

namespace trellis::sandbox::preview3 {

using wasm::component::Field;
using wasm::component::Variant;

// In the order of the interface.
enum class SocketErrorCode : std::uint8_t {
    access_denied,
    not_supported,
    invalid_argument,
    out_of_memory,
    timeout,
    invalid_state,
    address_not_bindable,
    address_in_use,
    remote_unreachable,
    connection_refused,
    connection_broken,
    connection_reset,
    connection_aborted,
    datagram_too_large,
    other,
};
using SocketError = OrOther<SocketErrorCode>;

enum class LookupErrorCode : std::uint8_t {
    access_denied,
    invalid_argument,
    name_unresolvable,
    temporary_resolver_failure,
    permanent_resolver_failure,
    other,
};
using NameError = OrOther<LookupErrorCode>;

enum class AddressFamily : std::uint8_t { ipv4, ipv6 };

using Ipv4Address = std::tuple<std::uint8_t, std::uint8_t, std::uint8_t, std::uint8_t>;
using Ipv6Address = std::tuple<std::uint16_t, std::uint16_t, std::uint16_t, std::uint16_t, std::uint16_t, std::uint16_t,
                               std::uint16_t, std::uint16_t>;

struct IpFamilyNames {
    static constexpr std::array<std::string_view, 2> names = {"ipv4", "ipv6"};
};
using GuestIpAddress = Variant<IpFamilyNames, Ipv4Address, Ipv6Address>;

struct Ipv4SocketAddress {
    std::uint16_t port = 0;
    Ipv4Address address;

    static constexpr std::tuple fields{Field{"port", &Ipv4SocketAddress::port},
                                       Field{"address", &Ipv4SocketAddress::address}};
};

struct Ipv6SocketAddress {
    std::uint16_t port = 0;
    std::uint32_t flow_info = 0;
    Ipv6Address address;
    std::uint32_t scope_id = 0;

    static constexpr std::tuple fields{
        Field{"port", &Ipv6SocketAddress::port}, Field{"flow-info", &Ipv6SocketAddress::flow_info},
        Field{"address", &Ipv6SocketAddress::address}, Field{"scope-id", &Ipv6SocketAddress::scope_id}};
};

using GuestSocketAddress = Variant<IpFamilyNames, Ipv4SocketAddress, Ipv6SocketAddress>;

SocketError socket_error(SystemError error);
NameError name_error(LookupError error);
SocketAddress socket_address(const GuestSocketAddress& address);
GuestSocketAddress guest_socket_address(const SocketAddress& address);
GuestIpAddress guest_ip_address(const net::IpAddress& address);

} // namespace trellis::sandbox::preview3

namespace trellis::wasm::component {

template <>
inline constexpr std::array<std::string_view, 15> case_names<sandbox::preview3::SocketErrorCode> = {
    "access-denied",     "not-supported",        "invalid-argument",   "out-of-memory",      "timeout",
    "invalid-state",     "address-not-bindable", "address-in-use",     "remote-unreachable", "connection-refused",
    "connection-broken", "connection-reset",     "connection-aborted", "datagram-too-large", "other"};

template <>
inline constexpr std::array<std::string_view, 6> case_names<sandbox::preview3::LookupErrorCode> = {
    "access-denied",
    "invalid-argument",
    "name-unresolvable",
    "temporary-resolver-failure",
    "permanent-resolver-failure",
    "other"};

template <>
inline constexpr std::array<std::string_view, 2> case_names<sandbox::preview3::AddressFamily> = {"ipv4", "ipv6"};

} // namespace trellis::wasm::component
