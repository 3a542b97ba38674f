#include "sandbox/network/tcp_socket.hpp"

#include "sandbox/network/test_network.hpp"

#include <thread>

namespace trellis::sandbox {

namespace {

using State = TcpSocket::State;
constexpr auto invalid_state = SystemError::invalid_state;

class SandboxTcp : public SandboxNetwork {
protected:
    TcpSocket socket() { return TcpSocket::create(network, GetParam()).value(); }
    TcpSocket listener()
    {
        auto socket = this->socket();
        EXPECT_TRUE(socket.bind(here()).has_value());
        EXPECT_TRUE(socket.listen().has_value());
        return socket;
    }
    Outcome<> connect(TcpSocket& socket, const SocketAddress& to)
    {
        TRELLIS_TRY(socket.start_connect(to));
        return wait_until_done(wait, socket.writable(), [&] { return socket.finish_connect(); });
    }
    TcpSocket accept(TcpSocket& from)
    {
        return wait_until_done(wait, from.readable(), [&] { return from.accept(); }).value();
    }
    struct Pair {
        TcpSocket client, server;
    };
    Pair pair()
    {
        auto from = listener();
        auto client = socket();
        EXPECT_TRUE(connect(client, from.local_address().value()).has_value());
        return {std::move(client), accept(from)};
    }
    Outcome<std::string> receive(TcpSocket& socket)
    {
        std::array<std::byte, 100> room;
        const auto count = TRELLIS_TRY(wait_until_done(wait, socket.readable(), [&] { return socket.receive(room); }));
        return std::string(reinterpret_cast<const char*>(room.data()), count);
    }
};

} // namespace

TEST_P(SandboxTcp, goes_through_its_states)
{
    auto server = socket();
    EXPECT_EQ(server.state(), State::unbound);
    EXPECT_EQ(error_of(server.local_address()), invalid_state);
    ASSERT_TRUE(server.bind(here()).has_value());
    EXPECT_EQ(server.state(), State::bound);
    EXPECT_EQ(server.local_address()->address, here().address);
    EXPECT_NE(server.local_address()->port, 0);
    EXPECT_EQ(error_of(server.bind(here())), invalid_state);
    EXPECT_EQ(error_of(server.accept()), invalid_state);
    ASSERT_TRUE(server.listen().has_value());
    EXPECT_EQ(server.state(), State::listening);
    EXPECT_EQ(error_of(server.listen()), invalid_state);
    EXPECT_EQ(error_of(server.start_connect(here(1))), invalid_state);
    EXPECT_EQ(error_of(server.accept()), system_error(EAGAIN));
    EXPECT_EQ(error_of(server.remote_address()), invalid_state);

    auto client = socket();
    EXPECT_EQ(error_of(client.finish_connect()), invalid_state);
    ASSERT_TRUE(client.start_connect(server.local_address().value()).has_value());
    EXPECT_EQ(client.state(), State::connecting);
    EXPECT_EQ(error_of(client.start_connect(here(1))), invalid_state);
    EXPECT_EQ(error_of(client.send(bytes_of("early"))), invalid_state);
    ASSERT_TRUE(wait_until_done(wait, client.writable(), [&] { return client.finish_connect(); }).has_value());
    EXPECT_EQ(client.state(), State::connected);
    EXPECT_EQ(error_of(client.listen()), invalid_state);
    EXPECT_EQ(error_of(client.set_listen_backlog(1)), invalid_state);

    const auto accepted = accept(server);
    EXPECT_EQ(accepted.state(), State::connected);
    EXPECT_EQ(accepted.family(), GetParam());
    EXPECT_EQ(accepted.remote_address().value(), client.local_address().value());
    EXPECT_EQ(accepted.local_address().value(), client.remote_address().value());
}

TEST_P(SandboxTcp, each_state_has_what_it_waits_for)
{
    auto from = socket();
    EXPECT_TRUE(Socket::is_ready(from.next_step())) << "to be bound";
    ASSERT_TRUE(from.bind(here()).has_value());
    EXPECT_TRUE(Socket::is_ready(from.next_step())) << "to listen";
    ASSERT_TRUE(from.listen().has_value());
    EXPECT_FALSE(Socket::is_ready(from.next_step()));
    auto client = socket();
    ASSERT_TRUE(client.start_connect(from.local_address().value()).has_value());
    ASSERT_TRUE(wait.until_ready(client.next_step().fd, client.next_step().events).has_value());
    EXPECT_TRUE(client.finish_connect().has_value());
    EXPECT_TRUE(Socket::is_ready(client.next_step())) << "to send";
    ASSERT_TRUE(wait.until_ready(from.next_step().fd, from.next_step().events).has_value());
    EXPECT_TRUE(from.accept().has_value());
}

TEST_P(SandboxTcp, data_goes_both_ways_and_ends)
{
    auto [client, server] = pair();
    std::array<std::byte, 10> room;
    EXPECT_EQ(error_of(client.receive(room)), system_error(EAGAIN));
    EXPECT_EQ(client.send(bytes_of("question")).value(), 8U);
    EXPECT_EQ(receive(server).value(), "question");
    EXPECT_EQ(server.send(bytes_of("answer")).value(), 6U);
    EXPECT_TRUE(server.shut_down(SHUT_WR).has_value());
    EXPECT_EQ(error_of(server.send(bytes_of("more"))), system_error(EPIPE));
    EXPECT_EQ(receive(client).value(), "answer");
    EXPECT_EQ(receive(client).value(), "");
    EXPECT_EQ(receive(client).value(), "");
    EXPECT_EQ(client.send(bytes_of("still")).value(), 5U);
    EXPECT_EQ(receive(server).value(), "still");
}

TEST_P(SandboxTcp, what_has_come_is_gone_when_receiving_is_shut_down)
{
    auto [client, server] = pair();
    EXPECT_EQ(client.send(bytes_of("unread")).value(), 6U);
    ASSERT_TRUE(wait.until_ready(server.readable().fd, POLLIN).has_value());
    EXPECT_TRUE(server.shut_down(SHUT_RD).has_value());
    EXPECT_EQ(receive(server).value(), "");
    EXPECT_EQ(server.send(bytes_of("answer")).value(), 6U);
    EXPECT_EQ(receive(client).value(), "answer");
}

TEST_P(SandboxTcp, a_full_connection_would_block)
{
    auto [client, server] = pair();
    const std::vector<std::byte> block(1 << 20);
    std::size_t sent = 0;
    auto outcome = client.send(block);
    while (outcome) {
        sent += *outcome;
        outcome = client.send(block);
    }
    EXPECT_EQ(outcome.error(), system_error(EAGAIN));
    std::vector<std::byte> room(1 << 20);
    while (sent > 0)
        sent -= wait_until_done(wait, server.readable(), [&] { return server.receive(room); }).value();
    EXPECT_TRUE(wait_until_done(wait, client.writable(), [&] { return client.send(block); }).has_value());
}

TEST_P(SandboxTcp, a_reset_connection_is_closed)
{
    auto [client, server] = pair();
    {
        const linger at_once = {.l_onoff = 1, .l_linger = 0};
        ASSERT_EQ(::setsockopt(client.readable().fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
        const auto gone = std::move(client);
    }
    EXPECT_EQ(error_of(receive(server)), system_error(ECONNRESET));
    EXPECT_EQ(server.state(), State::closed);
    EXPECT_EQ(error_of(server.send(bytes_of("x"))), invalid_state);
    EXPECT_EQ(error_of(server.local_address()), invalid_state);
    EXPECT_EQ(error_of(server.option(socket_option::hop_limit)), invalid_state);
    EXPECT_EQ(error_of(server.shut_down(SHUT_WR)), invalid_state);
}

TEST_P(SandboxTcp, a_refused_connection_closes_the_socket)
{
    std::uint16_t port = 0;
    {
        const auto from = listener();
        port = from.local_address()->port;
    }
    auto client = socket();
    EXPECT_EQ(error_of(connect(client, here(port))), system_error(ECONNREFUSED));
    EXPECT_EQ(client.state(), State::closed);
    EXPECT_EQ(error_of(connect(client, here(port))), invalid_state);
    EXPECT_EQ(error_of(client.bind(here())), invalid_state);
}

TEST_P(SandboxTcp, addresses_that_are_no_one_host_are_refused)
{
    const bool is_v4 = GetParam() == Family::ipv4;
    auto client = socket();
    const auto refused = [&](const SocketAddress& address, int error) {
        EXPECT_EQ(error_of(client.start_connect(address)), system_error(error)) << address.text();
        EXPECT_EQ(client.state(), State::unbound);
    };
    refused(loopback(is_v4 ? Family::ipv6 : Family::ipv4, 80), EAFNOSUPPORT);
    refused(SocketAddress::unspecified(GetParam()), EINVAL);
    refused(here(0), EINVAL);
    refused(socket_address(GetParam(), is_v4 ? "0.0.0.0" : "::", 80), EINVAL);
    refused(socket_address(GetParam(), is_v4 ? "224.0.0.1" : "ff02::1", 80), EINVAL);
    refused(socket_address(GetParam(), is_v4 ? "255.255.255.255" : "::ffff:127.0.0.1", 80), EINVAL);
    EXPECT_EQ(error_of(client.bind(socket_address(GetParam(), is_v4 ? "224.0.0.1" : "ff02::1"))), system_error(EINVAL));
    EXPECT_EQ(error_of(client.bind(loopback(is_v4 ? Family::ipv6 : Family::ipv4))), system_error(EAFNOSUPPORT));
    if (!is_v4)
        EXPECT_EQ(error_of(client.bind(socket_address(Family::ipv6, "::ffff:127.0.0.1"))), system_error(EINVAL));
    EXPECT_TRUE(client.bind(here()).has_value());
}

TEST_P(SandboxTcp, what_is_not_granted_is_denied)
{
    const auto from = listener();
    Network nothing(std::make_shared<NetworkGrant>());
    auto stranger = TcpSocket::create(nothing, GetParam()).value();
    EXPECT_EQ(error_of(stranger.start_connect(from.local_address().value())), system_error(EACCES));
    EXPECT_EQ(error_of(stranger.bind(here())), system_error(EACCES));
    EXPECT_EQ(error_of(stranger.listen()), system_error(EACCES));
    EXPECT_EQ(stranger.state(), State::unbound);
    EXPECT_TRUE(stranger.bind(SocketAddress::unspecified(GetParam())).has_value()) << "as every client is bound";
    EXPECT_EQ(error_of(stranger.listen()), system_error(EACCES)) << "but nobody may listen there";
    EXPECT_EQ(error_of(stranger.start_connect(from.local_address().value())), system_error(EACCES));
    EXPECT_EQ(stranger.state(), State::bound);
}

TEST_P(SandboxTcp, a_port_is_listened_on_once)
{
    const auto first = listener();
    auto second = socket();
    EXPECT_EQ(error_of(second.bind(first.local_address().value())), system_error(EADDRINUSE));
    EXPECT_TRUE(second.bind(here()).has_value()) << "bind may be attempted again";
}

TEST_P(SandboxTcp, a_port_can_be_listened_on_again_at_once)
{
    std::uint16_t port = 0;
    {
        auto from = listener();
        port = from.local_address()->port;
        auto client = socket();
        ASSERT_TRUE(connect(client, here(port)).has_value());
        { // the side that ends first is left in TIME_WAIT
            const auto server = accept(from);
        }
        EXPECT_EQ(receive(client).value(), "");
    }
    auto again = socket();
    EXPECT_TRUE(again.bind(here(port)).has_value());
    EXPECT_TRUE(again.listen().has_value());
}

TEST_P(SandboxTcp, options_are_clamped_rounded_and_inherited)
{
    constexpr std::uint64_t second = 1'000'000'000;
    struct Row {
        const SocketOption& option;
        std::uint64_t set, got;
    };
    const Row rows[] = {
        {socket_option::keep_alive, 1, 1},
        {socket_option::keep_alive_idle_ns, 1, second},
        {socket_option::keep_alive_idle_ns, 123 * second, 123 * second},
        {socket_option::keep_alive_interval_ns, UINT64_MAX, 32'767 * second},
        {socket_option::keep_alive_interval_ns, 42 * second, 42 * second},
        {socket_option::keep_alive_count, UINT64_MAX, 127},
        {socket_option::keep_alive_count, 7, 7},
        {socket_option::hop_limit, 255, 255},
        {socket_option::hop_limit, 42, 42},
        {socket_option::receive_buffer_bytes, 0x10000, 0x10000},
        {socket_option::send_buffer_bytes, 0x8000, 0x8000},
    };
    auto from = socket();
    for (const auto& [option, set, got] : rows) {
        EXPECT_TRUE(from.set_option(option, set).has_value()) << set;
        EXPECT_EQ(from.option(option).value(), got);
        if (option.least > 0)
            EXPECT_EQ(error_of(from.set_option(option, 0)), system_error(EINVAL));
    }
    EXPECT_TRUE(from.set_option(socket_option::send_buffer_bytes, UINT64_MAX).has_value());
    EXPECT_TRUE(from.set_option(socket_option::send_buffer_bytes, 0x8000).has_value());
    ASSERT_TRUE(from.bind(here()).has_value());
    ASSERT_TRUE(from.listen().has_value());
    auto client = socket();
    ASSERT_TRUE(connect(client, from.local_address().value()).has_value());
    const auto server = accept(from);
    for (const auto* option :
         {&socket_option::keep_alive, &socket_option::keep_alive_idle_ns, &socket_option::keep_alive_interval_ns,
          &socket_option::keep_alive_count, &socket_option::hop_limit, &socket_option::receive_buffer_bytes,
          &socket_option::send_buffer_bytes})
        EXPECT_EQ(server.option(*option).value(), from.option(*option).value());
}

TEST_P(SandboxTcp, the_backlog_is_a_hint)
{
    auto from = socket();
    EXPECT_EQ(error_of(from.set_listen_backlog(0)), system_error(EINVAL));
    EXPECT_TRUE(from.set_listen_backlog(UINT64_MAX).has_value());
    ASSERT_TRUE(from.bind(here()).has_value());
    ASSERT_TRUE(from.listen().has_value());
    EXPECT_TRUE(from.set_listen_backlog(1).has_value());
}

TEST_P(SandboxTcp, sockets_are_counted)
{
    auto grant = *loopback_grant();
    grant.max_sockets = 3;
    Network small(std::make_shared<NetworkGrant>(std::move(grant)));
    auto from = TcpSocket::create(small, GetParam()).value();
    ASSERT_TRUE(from.bind(here()).has_value());
    ASSERT_TRUE(from.listen().has_value());
    auto client = TcpSocket::create(small, GetParam()).value();
    ASSERT_TRUE(connect(client, from.local_address().value()).has_value());
    {
        const auto third = TcpSocket::create(small, GetParam()).value();
        EXPECT_EQ(error_of(TcpSocket::create(small, GetParam())), system_error(EMFILE));
        EXPECT_EQ(error_of(from.accept()), system_error(EMFILE));
    }
    EXPECT_EQ(accept(from).state(), State::connected);
    EXPECT_EQ(small.places_taken(), 2U);
}

TEST_P(SandboxTcp, waiting_can_be_interrupted)
{
    auto from = listener();
    const auto handle = store.interrupt_handle();
    std::thread interrupter([&] { handle.interrupt(); });
    const auto accepted = wait_until_done(wait, from.readable(), [&] { return from.accept(); });
    interrupter.join();
    EXPECT_EQ(error_of(accepted), SystemError::guest_trapped);
    EXPECT_EQ(wait.trap, wasm::Trap::interrupted);
}

INSTANTIATE_TEST_SUITE_P(families, SandboxTcp, testing::Values(Family::ipv4, Family::ipv6), family_name);

TEST(sandbox_tcp, ipv6_sockets_are_for_ipv6_only)
{
    NetworkGrant grant;
    grant.listen.push_back(parse_local_endpoint("[::]").value());
    Network network(std::make_shared<NetworkGrant>(std::move(grant)));
    const auto socket = TcpSocket::create(network, Family::ipv6).value();
    int only = 0;
    socklen_t size = sizeof only;
    constexpr int level_ipv6 = 41, v6_only = 26; // IPPROTO_IPV6, IPV6_V6ONLY
    ASSERT_EQ(::getsockopt(socket.readable().fd, level_ipv6, v6_only, &only, &size), 0);
    EXPECT_EQ(only, 1);
}

} // namespace trellis::sandbox
