// For tests: grants, loopback addresses, and a guest's way to wait.
#pragma once

#include "sandbox/network/socket.hpp"

#include <gtest/gtest.h>

namespace trellis::sandbox {

/// A tier that runs nothing.
inline constexpr wasm::Tier no_guest = {
    .name = "none",
    .prepare = [](wasm::Instance&) -> Result<> { return {}; },
    .call = [](wasm::Store&, wasm::Function&, wasm::Slot*) { return wasm::Trap::unreachable; },
};

inline std::shared_ptr<const NetworkGrant> loopback_grant()
{
    NetworkGrant grant;
    for (const char* entry : {"127.0.0.1", "[::1]"}) {
        grant.connect.push_back(parse_remote_endpoint(entry).value());
        grant.send.push_back(parse_remote_endpoint(entry).value());
        grant.listen.push_back(parse_local_endpoint(entry).value());
        grant.bind.push_back(parse_local_endpoint(entry).value());
    }
    return std::make_shared<NetworkGrant>(std::move(grant));
}

inline SocketAddress socket_address(Family family, const char* address, std::uint16_t port = 0)
{
    return {.family = family, .address = net::IpAddress::parse(address).value(), .port = port};
}

inline SocketAddress loopback(Family family, std::uint16_t port = 0)
{
    return socket_address(family, family == Family::ipv4 ? "127.0.0.1" : "::1", port);
}

template <class T>
SystemError error_of(const Outcome<T>& outcome)
{
    return outcome ? SystemError{} : outcome.error();
}

inline std::span<const std::byte> bytes_of(std::string_view text)
{
    return std::as_bytes(std::span(text));
}

/// With sockets of either family, and a store to wait in.
class SandboxNetwork : public testing::TestWithParam<Family> {
protected:
    void SetUp() override
    {
        const auto socket = Socket::open(network, GetParam(), SOCK_DGRAM);
        const auto error = error_of(socket ? socket->bind(here()) : failure(socket.error()));
        if (error == system_error(EAFNOSUPPORT) || error == system_error(EADDRNOTAVAIL))
            GTEST_SKIP() << "this machine has no such addresses";
    }
    [[nodiscard]] SocketAddress here(std::uint16_t port = 0) const { return loopback(GetParam(), port); }

    wasm::Store store{std::make_shared<wasm::TypeRegistry>(), no_guest};
    Wait wait{.store = store, .waiter = blocking_waiter()};
    Network network{loopback_grant()};
};

inline std::string family_name(const testing::TestParamInfo<Family>& info)
{
    return info.param == Family::ipv4 ? "ipv4" : "ipv6";
}

} // namespace trellis::sandbox
