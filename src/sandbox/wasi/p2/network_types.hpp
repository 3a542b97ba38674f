// The types of wasi:sockets/network, in the words of the interface. Values.
#pragma once

#include "sandbox/network/name_lookup.hpp"
#include "sandbox/wasi/p2/guest.hpp"

namespace trellis::sandbox::preview2 {

enum class NetworkError : std::uint8_t {
    unknown,
    access_denied,
    not_supported,
    invalid_argument,
    out_of_memory,
    timeout,
    concurrency_conflict,
    not_in_progress,
    would_block,
    invalid_state,
    new_socket_limit,
    address_not_bindable,
    address_in_use,
    remote_unreachable,
    connection_refused,
    connection_reset,
    connection_aborted,
    datagram_too_large,
    name_unresolvable,
    temporary_resolver_failure,
    permanent_resolver_failure,
};

template <class T = void>
using NetworkResult = std::expected<T, NetworkError>;

enum class ShutdownType : std::uint8_t { receive, send, both };

/// The resource network: what it may do, the guest's grant says.
struct NetworkHandle {};

using Ipv4Address = std::tuple<std::uint8_t, std::uint8_t, std::uint8_t, std::uint8_t>;
using Ipv6Address = std::tuple<std::uint16_t, std::uint16_t, std::uint16_t, std::uint16_t, std::uint16_t, std::uint16_t,
                               std::uint16_t, std::uint16_t>;

struct FamilyNames {
    static constexpr std::array<std::string_view, 2> names = {"ipv4", "ipv6"};
};
using AddressVariant = Variant<FamilyNames, Ipv4Address, Ipv6Address>;

struct Ipv4SocketAddress {
    std::uint16_t port = 0;
    Ipv4Address address = {};

    static constexpr auto fields = std::tuple{wasm::component::Field{"port", &Ipv4SocketAddress::port},
                                              wasm::component::Field{"address", &Ipv4SocketAddress::address}};
};

struct Ipv6SocketAddress {
    std::uint16_t port = 0;
    std::uint32_t flow_info = 0;
    Ipv6Address address = {};
    std::uint32_t scope_id = 0;

    static constexpr auto fields = std::tuple{wasm::component::Field{"port", &Ipv6SocketAddress::port},
                                              wasm::component::Field{"flow-info", &Ipv6SocketAddress::flow_info},
                                              wasm::component::Field{"address", &Ipv6SocketAddress::address},
                                              wasm::component::Field{"scope-id", &Ipv6SocketAddress::scope_id}};
};
using SocketAddressVariant = Variant<FamilyNames, Ipv4SocketAddress, Ipv6SocketAddress>;

AddressVariant address_to_guest(const net::IpAddress& address);
SocketAddressVariant socket_address_to_guest(const SocketAddress& address);
SocketAddress socket_address_of(const SocketAddressVariant& address);

/// The one place where errors of sockets become the guest's.
NetworkError network_error_of(SystemError error);
NetworkError network_error_of(LookupError error);

/// What never waits.
template <class T, class From>
Trap network_answer(From outcome, NetworkResult<T>& result)
{
    if (!outcome)
        result = std::unexpected(network_error_of(outcome.error()));
    else if constexpr (!std::is_void_v<T>)
        result = std::move(*outcome);
    return Trap::none;
}

} // namespace trellis::sandbox::preview2

namespace trellis::wasm::component {

template <>
inline constexpr std::array<std::string_view, 2> case_names<sandbox::Family> = {"ipv4", "ipv6"};

template <>
inline constexpr std::array<std::string_view, 3> case_names<sandbox::preview2::ShutdownType> = {"receive", "send",
                                                                                                "both"};

template <>
inline constexpr std::array<std::string_view, 21> case_names<sandbox::preview2::NetworkError> = {
    "unknown",
    "access-denied",
    "not-supported",
    "invalid-argument",
    "out-of-memory",
    "timeout",
    "concurrency-conflict",
    "not-in-progress",
    "would-block",
    "invalid-state",
    "new-socket-limit",
    "address-not-bindable",
    "address-in-use",
    "remote-unreachable",
    "connection-refused",
    "connection-reset",
    "connection-aborted",
    "datagram-too-large",
    "name-unresolvable",
    "temporary-resolver-failure",
    "permanent-resolver-failure",
};

} // namespace trellis::wasm::component
