// Guests that share the thread of an event loop: what one of them waits for on the network keeps none of the others.
#include "sandbox/network/name_lookup.hpp"
#include "sandbox/network/tcp_socket.hpp"
#include "sandbox/network/test_network.hpp"
#include "sandbox/network/udp_socket.hpp"
#include "sandbox/worker.hpp"

namespace trellis::sandbox {

namespace {

class SandboxNetworkOnALoop : public testing::Test {
protected:
    /// A guest on a fiber of its own.
    void add(std::function<void(Network&, Wait&)> body)
    {
        ASSERT_TRUE(loop.spawn([this, body = std::move(body)] {
            wasm::Store store(registry, no_guest);
            Turns turns(worker, store, nullptr, {});
            Network network(loopback_grant_with_names());
            Wait wait = {.store = store, .waiter = turns};
            body(network, wait);
            ++finished;
        }));
    }
    static std::shared_ptr<const NetworkGrant> loopback_grant_with_names()
    {
        auto grant = *loopback_grant();
        grant.lookup.push_back(NamePattern::parse("localhost").value());
        return std::make_shared<NetworkGrant>(std::move(grant));
    }

    std::shared_ptr<wasm::TypeRegistry> registry = std::make_shared<wasm::TypeRegistry>();
    net::Resolver resolver{
        [](const std::string&) -> net::Resolver::Answer { return std::vector{loopback(Family::ipv4).address}; }};
    net::EventLoop loop;
    Worker worker{loop};
    int finished = 0;
};

} // namespace

TEST_F(SandboxNetworkOnALoop, one_guest_asks_and_another_answers)
{
    std::uint16_t port = 0;
    std::string answer;
    add([&](Network& network, Wait& wait) {
        auto from = TcpSocket::create(network, Family::ipv4).value();
        ASSERT_TRUE(from.bind(loopback(Family::ipv4)).has_value());
        ASSERT_TRUE(from.listen().has_value());
        port = from.local_address()->port;
        auto server = wait_until_done(wait, from.readable(), [&] { return from.accept(); }).value();
        std::array<std::byte, 10> room;
        const auto count = wait_until_done(wait, server.readable(), [&] { return server.receive(room); }).value();
        EXPECT_EQ(server.send(std::span(room).first(count)).value(), count);
    });
    add([&](Network& network, Wait& wait) {
        auto lookup = NameLookup::start(network, resolver, "localhost").value();
        ASSERT_TRUE(wait.until_ready(lookup.readable().fd, POLLIN).has_value());
        const auto address = lookup.addresses().value().front();
        auto client = TcpSocket::create(network, Family::ipv4).value();
        ASSERT_TRUE(client.start_connect({.family = Family::ipv4, .address = address, .port = port}).has_value());
        ASSERT_TRUE(wait_until_done(wait, client.writable(), [&] { return client.finish_connect(); }).has_value());
        EXPECT_EQ(client.send(bytes_of("echo")).value(), 4U);
        std::array<std::byte, 10> room;
        const auto count = wait_until_done(wait, client.readable(), [&] { return client.receive(room); }).value();
        answer.assign(reinterpret_cast<const char*>(room.data()), count);
    });
    loop.run();
    EXPECT_EQ(finished, 2);
    EXPECT_EQ(answer, "echo");
}

TEST_F(SandboxNetworkOnALoop, datagrams_wake_who_waits_for_them)
{
    std::uint16_t port = 0;
    std::size_t received = 0;
    add([&](Network& network, Wait& wait) {
        auto server = UdpSocket::create(network, Family::ipv4).value();
        ASSERT_TRUE(server.bind(loopback(Family::ipv4)).has_value());
        port = server.local_address()->port;
        std::array<std::byte, 10> room;
        received = wait_until_done(wait, server.readable(), [&] { return server.receive(room); }).value().bytes;
    });
    add([&](Network& network, Wait&) {
        auto client = UdpSocket::create(network, Family::ipv4).value();
        EXPECT_TRUE(client.send(bytes_of("wake"), loopback(Family::ipv4, port)).has_value());
    });
    loop.run();
    EXPECT_EQ(finished, 2);
    EXPECT_EQ(received, 4U);
}

TEST_F(SandboxNetworkOnALoop, a_guest_that_waits_is_interrupted)
{
    SystemError error = {};
    add([&](Network& network, Wait& wait) {
        auto socket = UdpSocket::create(network, Family::ipv4).value();
        ASSERT_TRUE(socket.bind(loopback(Family::ipv4)).has_value());
        std::array<std::byte, 10> room;
        error = error_of(wait_until_done(wait, socket.readable(), [&] { return socket.receive(room); }));
    });
    add([&](Network&, Wait&) { worker.interrupt_all(); });
    loop.run();
    EXPECT_EQ(finished, 2);
    EXPECT_EQ(error, SystemError::guest_trapped);
}

} // namespace trellis::sandbox
