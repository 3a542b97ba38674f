#include "sandbox/network/udp_socket.hpp"

#include "sandbox/network/test_network.hpp"

namespace trellis::sandbox {

namespace {

constexpr auto invalid_state = SystemError::invalid_state;

class SandboxUdp : public SandboxNetwork {
protected:
    UdpSocket socket() { return UdpSocket::create(network, GetParam()).value(); }
    UdpSocket bound()
    {
        auto socket = this->socket();
        EXPECT_TRUE(socket.bind(here()).has_value());
        return socket;
    }
    struct Message {
        std::string text;
        SocketAddress from;
    };
    Outcome<Message> receive(UdpSocket& socket)
    {
        std::array<std::byte, 100> room;
        const auto datagram =
            TRELLIS_TRY(wait_until_done(wait, socket.readable(), [&] { return socket.receive(room); }));
        return Message{std::string(reinterpret_cast<const char*>(room.data()), datagram.bytes), datagram.from};
    }
    static SystemError try_receive(UdpSocket& socket)
    {
        std::array<std::byte, 100> room;
        return error_of(socket.receive(room));
    }
};

} // namespace

TEST_P(SandboxUdp, datagrams_have_senders_and_ends)
{
    auto a = bound();
    auto b = bound();
    EXPECT_EQ(try_receive(b), system_error(EAGAIN));
    EXPECT_TRUE(a.send(bytes_of("one"), b.local_address().value()).has_value());
    EXPECT_TRUE(a.send(bytes_of(""), b.local_address().value()).has_value());
    EXPECT_TRUE(a.send(bytes_of("three"), b.local_address().value()).has_value());
    const auto first = receive(b).value();
    EXPECT_EQ(first.text, "one");
    EXPECT_EQ(first.from, a.local_address().value());
    EXPECT_EQ(receive(b)->text, "");
    std::array<std::byte, 2> little;
    const auto cut = b.receive(little).value();
    EXPECT_EQ(cut.bytes, 2U);
    EXPECT_TRUE(cut.truncated);
}

TEST_P(SandboxUdp, sending_binds)
{
    auto server = bound();
    auto client = socket();
    EXPECT_EQ(error_of(client.local_address()), invalid_state);
    EXPECT_EQ(try_receive(client), invalid_state);
    EXPECT_TRUE(client.send(bytes_of("x"), server.local_address().value()).has_value());
    EXPECT_TRUE(client.is_bound());
    EXPECT_EQ(receive(server)->from.port, client.local_address()->port);
    EXPECT_EQ(error_of(client.bind(here())), invalid_state);
}

TEST_P(SandboxUdp, a_peer_is_the_only_one)
{
    auto peer = bound();
    auto other = bound();
    auto socket = bound();
    const auto local = socket.local_address().value();
    EXPECT_TRUE(other.send(bytes_of("before"), local).has_value());
    ASSERT_TRUE(wait.until_ready(socket.readable().fd, POLLIN).has_value());
    EXPECT_EQ(error_of(socket.remote_address()), invalid_state);
    EXPECT_EQ(error_of(socket.send(bytes_of("x"), std::nullopt)), system_error(EDESTADDRREQ));
    ASSERT_TRUE(socket.connect(peer.local_address().value()).has_value());
    EXPECT_EQ(socket.remote_address().value(), peer.local_address().value());
    EXPECT_TRUE(other.send(bytes_of("stranger"), local).has_value());
    EXPECT_TRUE(peer.send(bytes_of("peer"), local).has_value());
    EXPECT_EQ(receive(socket)->text, "peer");
    EXPECT_TRUE(socket.send(bytes_of("to nobody in particular"), std::nullopt).has_value());
    EXPECT_TRUE(socket.send(bytes_of("to the peer"), peer.local_address().value()).has_value());
    EXPECT_EQ(error_of(socket.send(bytes_of("x"), other.local_address().value())), system_error(EINVAL));
    EXPECT_EQ(receive(peer)->text, "to nobody in particular");
    EXPECT_EQ(receive(peer)->text, "to the peer");
}

TEST_P(SandboxUdp, the_port_stays_when_peers_change)
{
    auto first = bound();
    auto second = bound();
    for (const bool explicitly : {true, false}) {
        auto socket = explicitly ? bound() : this->socket();
        ASSERT_TRUE(socket.connect(first.local_address().value()).has_value());
        const auto port = socket.local_address()->port;
        EXPECT_NE(port, 0);
        ASSERT_TRUE(socket.connect(second.local_address().value()).has_value());
        EXPECT_EQ(socket.local_address()->port, port);
        EXPECT_TRUE(socket.send(bytes_of("x"), std::nullopt).has_value());
        EXPECT_EQ(receive(second)->from.port, port);
        ASSERT_TRUE(socket.disconnect().has_value());
        EXPECT_EQ(socket.local_address()->port, port);
        EXPECT_EQ(error_of(socket.disconnect()), invalid_state);
        EXPECT_TRUE(first.send(bytes_of("y"), here(port)).has_value());
        EXPECT_EQ(receive(socket)->text, "y");
    }
}

TEST_P(SandboxUdp, what_is_not_granted_is_denied)
{
    auto server = bound();
    const auto to = server.local_address().value();
    Network nothing(std::make_shared<NetworkGrant>());
    auto stranger = UdpSocket::create(nothing, GetParam()).value();
    EXPECT_EQ(error_of(stranger.bind(here())), system_error(EACCES));
    EXPECT_EQ(error_of(stranger.send(bytes_of("x"), to)), system_error(EACCES));
    EXPECT_EQ(error_of(stranger.connect(to)), system_error(EACCES));
    EXPECT_FALSE(stranger.is_bound());
    EXPECT_TRUE(stranger.bind(SocketAddress::unspecified(GetParam())).has_value());
    EXPECT_TRUE(server.send(bytes_of("x"), here(stranger.local_address()->port)).has_value());
    ASSERT_TRUE(wait.until_ready(stranger.readable().fd, POLLIN).has_value());
    EXPECT_EQ(try_receive(stranger), system_error(EAGAIN)) << "who may not send to someone does not hear from him";
    EXPECT_FALSE(Socket::is_ready(stranger.readable()));
}

TEST_P(SandboxUdp, addresses_of_nobody_are_refused)
{
    const bool is_v4 = GetParam() == Family::ipv4;
    const auto other_family = is_v4 ? Family::ipv6 : Family::ipv4;
    auto socket = this->socket();
    const auto refused = [&](const SocketAddress& address, int error) {
        EXPECT_EQ(error_of(socket.send(bytes_of("x"), address)), system_error(error)) << address.text();
        EXPECT_EQ(error_of(socket.connect(address)), system_error(error)) << address.text();
        EXPECT_FALSE(socket.is_bound());
    };
    refused(loopback(other_family, 80), EAFNOSUPPORT);
    refused(here(0), EINVAL);
    refused(socket_address(GetParam(), is_v4 ? "0.0.0.0" : "::", 80), EINVAL);
    if (!is_v4)
        refused(socket_address(Family::ipv6, "::ffff:127.0.0.1", 80), EINVAL);
    EXPECT_EQ(error_of(socket.bind(loopback(other_family))), system_error(EAFNOSUPPORT));
    EXPECT_TRUE(socket.bind(here()).has_value());
    auto second = this->socket();
    EXPECT_EQ(error_of(second.bind(socket.local_address().value())), system_error(EADDRINUSE));
}

TEST_P(SandboxUdp, what_is_too_large_is_said)
{
    auto server = bound();
    auto client = bound();
    const std::vector<std::byte> large(UdpSocket::max_datagram_bytes);
    EXPECT_EQ(error_of(client.send(large, server.local_address().value())), system_error(EMSGSIZE));
}

TEST_P(SandboxUdp, nobody_there_is_said_to_a_connected_socket)
{
    std::uint16_t port = 0;
    {
        const auto gone = bound();
        port = gone.local_address()->port;
    }
    auto client = bound();
    ASSERT_TRUE(client.connect(here(port)).has_value());
    EXPECT_TRUE(client.send(bytes_of("x"), std::nullopt).has_value());
    EXPECT_EQ(error_of(receive(client)), system_error(ECONNREFUSED));
}

TEST_P(SandboxUdp, options_and_places)
{
    auto grant = *loopback_grant();
    grant.max_sockets = 1;
    Network small(std::make_shared<NetworkGrant>(std::move(grant)));
    const auto socket = UdpSocket::create(small, GetParam()).value();
    EXPECT_EQ(error_of(UdpSocket::create(small, GetParam())), system_error(EMFILE));
    EXPECT_EQ(error_of(socket.set_option(socket_option::hop_limit, 0)), system_error(EINVAL));
    EXPECT_TRUE(socket.set_option(socket_option::hop_limit, 42).has_value());
    EXPECT_EQ(socket.option(socket_option::hop_limit).value(), 42U);
    EXPECT_TRUE(socket.set_option(socket_option::receive_buffer_bytes, 0x8000).has_value());
    EXPECT_EQ(socket.option(socket_option::receive_buffer_bytes).value(), 0x8000U);
}

INSTANTIATE_TEST_SUITE_P(families, SandboxUdp, testing::Values(Family::ipv4, Family::ipv6), family_name);

} // namespace trellis::sandbox
