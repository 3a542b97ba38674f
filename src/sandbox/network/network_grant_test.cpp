#include "sandbox/network/network.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace trellis::sandbox {
namespace {

net::IpAddress address(std::string_view text)
{
    return net::IpAddress::parse(text).value();
}

SocketAddress at(std::string_view text, std::uint16_t port)
{
    return {.family = address(text).is_v4() ? Family::ipv4 : Family::ipv6, .address = address(text), .port = port};
}

struct Case {
    const char *entry, *address;
    std::uint16_t port;
    bool contained;
};

TEST(sandbox_network_grant, addresses_and_ports_are_compared)
{
    constexpr Case cases[] = {
        {"192.0.2.1:80", "192.0.2.1", 80, true},
        {"192.0.2.1:80", "192.0.2.1", 81, false},
        {"192.0.2.1:80", "192.0.2.2", 80, false},
        {"192.0.2.1", "192.0.2.1", 65'535, true},
        {"192.0.2.1:*", "192.0.2.1", 1, true},
        {"10.0.0.0/8:8000-8099", "10.9.8.7", 8000, true},
        {"10.0.0.0/8:8000-8099", "10.9.8.7", 8099, true},
        {"10.0.0.0/8:8000-8099", "10.9.8.7", 8100, false},
        {"10.0.0.0/8:8000-8099", "11.0.0.0", 8000, false},
        {"::1", "::1", 443, true},
        {"[::1]", "::1", 443, true},
        {"[::1]:443", "::1", 443, true},
        {"[::1]:443", "::1", 444, false},
        {"[fd00::/8]:443", "fd12::1", 443, true},
        {"fd00::/8", "fd12::1", 443, true},
        {"*:53", "192.0.2.1", 53, true},
        {"*:53", "::1", 53, true},
        {"*:53", "::1", 54, false},
        {"*", "::1", 54, true},
        {"0.0.0.0/0", "::1", 54, false},
        {"[::/0]", "127.0.0.1", 54, false},
        {"example.com", "192.0.2.1", 80, false},
    };
    for (const auto& [entry, text, port, contained] : cases)
        EXPECT_EQ(parse_remote_endpoint(entry).value().contains(address(text), port), contained)
            << entry << ' ' << text << ' ' << port;
}

TEST(sandbox_network_grant, written_down_it_is_the_same)
{
    constexpr std::pair<const char*, const char*> cases[] = {
        {"192.0.2.1:80", "192.0.2.1:80"},
        {"192.0.2.1", "192.0.2.1:1-65535"},
        {"fd00::/8", "[fd00::/8]:1-65535"},
        {"Example.COM.:443", "example.com:443"},
        {"*.Example.com:*", "*.example.com:1-65535"},
        {"*:1-2", "*:1-2"},
    };
    for (const auto& [entry, text] : cases) {
        EXPECT_EQ(parse_remote_endpoint(entry).value().text(), text);
        EXPECT_EQ(parse_remote_endpoint(text).value().text(), text);
    }
    EXPECT_EQ(parse_local_endpoint("127.0.0.1").value().text(), "127.0.0.1:0-65535");
}

TEST(sandbox_network_grant, names_are_compared_whole)
{
    const auto exact = NamePattern::parse("Example.com.").value();
    EXPECT_TRUE(exact.matches("example.com"));
    for (const char* other : {"www.example.com", "xexample.com", "example.com.evil.example", ""})
        EXPECT_FALSE(exact.matches(other)) << other;
    const auto below = NamePattern::parse("*.example.com").value();
    EXPECT_TRUE(below.matches("www.example.com"));
    EXPECT_TRUE(below.matches("a.b.example.com"));
    for (const char* other : {"example.com", "wwwexample.com", ".example.com", "www.example.org"})
        EXPECT_FALSE(below.matches(other)) << other;
    EXPECT_TRUE(NamePattern::parse("*").value().matches("anything.at.all"));
}

TEST(sandbox_network_grant, what_could_not_be_meant_is_named)
{
    for (const char* entry : {"",
                              ":80",
                              "192.0.2.1:",
                              "192.0.2.1:0",
                              "192.0.2.1:65536",
                              "192.0.2.1:-1",
                              "192.0.2.1:80-",
                              "192.0.2.1:90-80",
                              "192.0.2.1:+80",
                              "192.0.2.1: 80",
                              "192.0.2.1:80 ",
                              "192.0.2.1/24",
                              "192.0.2.0/33",
                              "127.1",
                              "0x7f.1",
                              "300.0.0.1",
                              "[::1",
                              "[::1]443",
                              "[::1]/8",
                              "[example.com]:80",
                              "[127.0.0.1]:80",
                              "[*]:80",
                              "::1::2",
                              "1:2:3",
                              "::ffff:127.0.0.1",
                              "[::ffff:127.0.0.1]:80",
                              "[]",
                              "[]:80",
                              "exa mple.com",
                              "ex*mple.com",
                              "*example.com",
                              "*.*.com",
                              "**",
                              "*.",
                              "www.*.com",
                              "a..b",
                              ".example.com",
                              "http://example.com",
                              "example.com/path",
                              "user@example.com",
                              "b\xc3\xbc"
                              "cher.example",
                              "*.127.0.0.1"}) {
        const auto endpoint = parse_remote_endpoint(entry);
        ASSERT_FALSE(endpoint) << entry;
        EXPECT_EQ(endpoint.error().code, ErrorCode::usage);
        EXPECT_NE(endpoint.error().message.find(entry), std::string::npos) << endpoint.error().message;
    }
}

TEST(sandbox_network_grant, listening_is_at_addresses)
{
    EXPECT_TRUE(parse_local_endpoint("127.0.0.1:0").value().contains(address("127.0.0.1"), 0));
    EXPECT_FALSE(parse_local_endpoint("127.0.0.1:0").value().contains(address("127.0.0.1"), 1));
    EXPECT_TRUE(parse_local_endpoint("127.0.0.1").value().contains(address("127.0.0.1"), 0));
    EXPECT_TRUE(parse_local_endpoint("*:8080").value().contains(address("0.0.0.0"), 8080));
    EXPECT_FALSE(parse_local_endpoint("localhost:80").has_value());
    EXPECT_FALSE(parse_local_endpoint("*.example.com:80").has_value());
}

TEST(sandbox_network, nothing_is_allowed_that_is_not_listed)
{
    const Network network(std::make_shared<NetworkGrant>());
    const auto anywhere = at("127.0.0.1", 80);
    EXPECT_FALSE(network.may_connect(anywhere));
    EXPECT_FALSE(network.may_listen(anywhere));
    EXPECT_FALSE(network.may_send(anywhere));
    EXPECT_FALSE(network.may_bind(anywhere));
    EXPECT_FALSE(network.may_look_up("localhost"));
}

TEST(sandbox_network, names_lead_where_the_look_up_led)
{
    Network network(
        std::make_shared<NetworkGrant>(NetworkGrant{.connect = {parse_remote_endpoint("example.com:443").value(),
                                                                parse_remote_endpoint("*.example.org:80").value()},
                                                    .send = {parse_remote_endpoint("ntp.example:123").value()}}));
    EXPECT_TRUE(network.may_look_up("example.com"));
    EXPECT_TRUE(network.may_look_up("www.example.org"));
    EXPECT_TRUE(network.may_look_up("ntp.example"));
    EXPECT_FALSE(network.may_look_up("evil.example"));
    EXPECT_FALSE(network.may_connect(at("8.8.8.8", 443)));
    network.learn("example.com", std::vector{address("8.8.8.8"), address("2606:4700::1111")});
    network.learn("www.example.org", std::vector{address("9.9.9.9")});
    network.learn("ntp.example", std::vector{address("8.8.4.4")});
    EXPECT_TRUE(network.may_connect(at("8.8.8.8", 443)));
    EXPECT_TRUE(network.may_connect(at("2606:4700::1111", 443)));
    EXPECT_TRUE(network.may_connect(at("9.9.9.9", 80)));
    EXPECT_TRUE(network.may_send(at("8.8.4.4", 123)));
    EXPECT_FALSE(network.may_connect(at("8.8.8.8", 80)));
    EXPECT_FALSE(network.may_connect(at("9.9.9.9", 443)));
    EXPECT_FALSE(network.may_connect(at("8.8.4.4", 443)));
    EXPECT_FALSE(network.may_send(at("8.8.8.8", 443)));
}

TEST(sandbox_network, names_do_not_lead_inside)
{
    Network network(std::make_shared<NetworkGrant>(NetworkGrant{
        .connect = {parse_remote_endpoint("*:443").value(), parse_remote_endpoint("rebound.example").value(),
                    parse_remote_endpoint("localhost:80").value()}}));
    network.learn("rebound.example",
                  std::vector{address("127.0.0.1"), address("169.254.169.254"), address("10.0.0.1"), address("::1")});
    for (const char* inside : {"127.0.0.1", "169.254.169.254", "10.0.0.1", "::1"})
        EXPECT_FALSE(network.may_connect(at(inside, 80))) << inside;
    EXPECT_TRUE(network.may_connect(at("10.0.0.1", 443))) << "listed as an address";
    network.learn("localhost", std::vector{address("127.0.0.1"), address("10.0.0.1")});
    EXPECT_TRUE(network.may_connect(at("127.0.0.1", 80)));
    EXPECT_FALSE(network.may_connect(at("10.0.0.1", 80)));
}

TEST(sandbox_network, old_look_ups_are_forgotten)
{
    Network network(
        std::make_shared<NetworkGrant>(NetworkGrant{.connect = {parse_remote_endpoint("*.example.com").value()}}));
    network.learn("first.example.com", std::vector{address("8.8.8.8")});
    for (int i = 0; i < 1024; ++i)
        network.learn("n" + std::to_string(i) + ".example.com", std::vector{address("9.9.9.9")});
    EXPECT_FALSE(network.may_connect(at("8.8.8.8", 1)));
    EXPECT_TRUE(network.may_connect(at("9.9.9.9", 1)));
}

TEST(sandbox_network, places_are_counted)
{
    Network network(std::make_shared<NetworkGrant>(NetworkGrant{.max_sockets = 2}));
    auto first = network.take_place();
    {
        auto second = network.take_place();
        EXPECT_TRUE(first && second);
        EXPECT_EQ(network.take_place().error(), system_error(EMFILE));
        const auto moved = std::move(*second);
        EXPECT_EQ(network.places_taken(), 2U);
    }
    EXPECT_EQ(network.places_taken(), 1U);
    EXPECT_TRUE(network.take_place().has_value());
}

} // namespace
} // namespace trellis::sandbox
