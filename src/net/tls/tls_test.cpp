#include "net/tls/tls.hpp"

#include "net/tls/openssl.hpp"
#include "net/tls/test_certificates.hpp"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <thread>

namespace trellis::net::tls {
namespace {

using Wishes = TestIdentity::Wishes;

std::span<const std::byte> bytes_of(std::string_view text)
{
    return std::as_bytes(std::span(text));
}

/// An authority, a server with its certificate, and a client that trusts it.
struct World {
    explicit World(const Wishes& wishes = {})
        : server_identity({.names = wishes.names,
                           .valid_from = wishes.valid_from,
                           .valid_to = wishes.valid_to,
                           .issuer = &authority}),
          authorities(files.certificate("authority.pem", authority)),
          certificate(files.certificate("server.pem", server_identity)), key(files.key("server.key", server_identity))
    {
    }
    [[nodiscard]] std::unique_ptr<ServerContext> server() const
    {
        return ServerContext::make(certificate, key).value();
    }
    [[nodiscard]] std::unique_ptr<ClientContext> client() const { return ClientContext::make(authorities).value(); }

    TestCertificates files;
    TestIdentity authority{{.names = ""}};
    TestIdentity server_identity;
    std::string authorities, certificate, key;
};

/// Moves what one side has to say to the other, in pieces.
Result<bool> move_wire(Session& from, Session& to, std::size_t piece = 100'000)
{
    const auto wire = from.take_wire();
    for (std::size_t at = 0; at < wire.size(); at += piece)
        TRELLIS_TRY(to.receive(std::span(wire).subspan(at, std::min(piece, wire.size() - at))));
    return !wire.empty();
}

/// Until neither has anything more to say. The first error of each side.
struct Handshake {
    Handshake(Session& client, Session& server, std::size_t piece = 100'000)
    {
        for (bool moved = true; moved;) {
            moved = note(move_wire(client, server, piece), at_server);
            moved = note(move_wire(server, client, piece), at_client) || moved;
        }
    }
    static bool note(const Result<bool>& moved, std::optional<Error>& error)
    {
        if (!moved && !error)
            error = moved.error();
        return moved.value_or(true); // what failed has been moved, too; there is an alert behind it
    }
    std::optional<Error> at_client, at_server;
};

/// The error that a client's connection to that host ends with; nothing for success.
std::optional<Error> client_error(const World& world, const std::string& host, ClientContext& client)
{
    const auto context = world.server();
    const auto server = context->accept().value();
    const auto session = client.connect(host).value();
    const Handshake handshake(*session, *server);
    EXPECT_EQ(session->handshake_done(), !handshake.at_client.has_value());
    return handshake.at_client;
}

struct Pair {
    explicit Pair(const World& world, std::size_t piece = 100'000)
        : server_context(world.server()), client_context(world.client()), server(server_context->accept().value()),
          client(client_context->connect("localhost").value())
    {
        const Handshake handshake(*client, *server, piece);
        EXPECT_FALSE(handshake.at_client.has_value());
        EXPECT_FALSE(handshake.at_server.has_value());
        EXPECT_TRUE(client->handshake_done() && server->handshake_done());
    }
    std::unique_ptr<ServerContext> server_context;
    std::unique_ptr<ClientContext> client_context;
    std::unique_ptr<Session> server, client;
};

/// Everything that can be read now.
std::string read_all(Session& session)
{
    std::string text;
    char buffer[777];
    while (const std::size_t count = session.read(std::as_writable_bytes(std::span(buffer))).value())
        text.append(buffer, count);
    return text;
}

std::string pattern(std::size_t size)
{
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
        text[i] = static_cast<char>(i * 7 + i / 251);
    return text;
}

TEST(net_tls, both_sides_speak_version_1_3_and_exchange_bytes)
{
    const World world;
    const Pair pair(world);
    EXPECT_EQ(pair.client->version(), "TLSv1.3");
    EXPECT_EQ(pair.server->version(), "TLSv1.3");
    ASSERT_TRUE(pair.client->write(bytes_of("ping")));
    ASSERT_TRUE(move_wire(*pair.client, *pair.server));
    EXPECT_EQ(read_all(*pair.server), "ping");
    ASSERT_TRUE(pair.server->write(bytes_of("pong")));
    ASSERT_TRUE(move_wire(*pair.server, *pair.client));
    EXPECT_EQ(read_all(*pair.client), "pong");
}

TEST(net_tls, bytes_survive_any_chunks_both_ways)
{
    const World world;
    for (const std::size_t piece : {1, 2, 7, 1000, 16'389}) {
        const Pair pair(world, piece);
        for (const std::size_t size : {0, 1, 16'383, 16'384, 16'385, 100'001}) {
            const std::string text = pattern(size);
            ASSERT_TRUE(pair.client->write(bytes_of(text)));
            ASSERT_TRUE(pair.server->write(bytes_of(text)));
            ASSERT_TRUE(move_wire(*pair.client, *pair.server, piece));
            ASSERT_TRUE(move_wire(*pair.server, *pair.client, piece));
            EXPECT_EQ(read_all(*pair.server), text);
            EXPECT_EQ(read_all(*pair.client), text);
        }
    }
}

TEST(net_tls, close_notify_is_seen_behind_the_last_byte_and_truncation_is_not)
{
    const World world;
    const Pair pair(world);
    ASSERT_TRUE(pair.client->write(bytes_of("last")));
    ASSERT_TRUE(move_wire(*pair.client, *pair.server));
    EXPECT_EQ(read_all(*pair.server), "last");
    EXPECT_FALSE(pair.server->peer_closed());
    pair.client->close();
    ASSERT_TRUE(move_wire(*pair.client, *pair.server));
    EXPECT_EQ(read_all(*pair.server), "");
    EXPECT_TRUE(pair.server->peer_closed());
    // The other direction is still open.
    ASSERT_TRUE(pair.server->write(bytes_of("answer")));
    ASSERT_TRUE(move_wire(*pair.server, *pair.client));
    EXPECT_EQ(read_all(*pair.client), "answer");
    EXPECT_FALSE(pair.client->peer_closed());
}

TEST(net_tls, a_changed_record_is_malformed_and_ends_the_session)
{
    const World world;
    const Pair pair(world);
    ASSERT_TRUE(pair.client->write(bytes_of("ping")));
    auto wire = pair.client->take_wire();
    wire.back() ^= std::byte{1};
    ASSERT_TRUE(pair.server->receive(wire));
    std::byte buffer[10];
    const auto count = pair.server->read(buffer);
    ASSERT_FALSE(count);
    EXPECT_EQ(count.error().code, ErrorCode::malformed);
    EXPECT_FALSE(pair.server->take_wire().empty()) << "the alert";
    EXPECT_FALSE(pair.server->receive(wire));
    EXPECT_FALSE(pair.server->write(wire));
    EXPECT_FALSE(pair.server->peer_closed());
}

TEST(net_tls, the_certificate_has_to_name_the_host)
{
    const World world({.names = "DNS:one.example,DNS:*.two.example,IP:192.0.2.1"});
    const auto client = world.client();
    for (const char* host : {"one.example", "ONE.example", "one.example.", "www.two.example", "192.0.2.1"})
        EXPECT_FALSE(client_error(world, host, *client).has_value()) << host;
    for (const char* host :
         {"localhost", "x.one.example", "two.example", "a.b.two.example", "192.0.2.2", "2001:db8::1"}) {
        const auto error = client_error(world, host, *client);
        ASSERT_TRUE(error.has_value()) << host;
        EXPECT_EQ(error->code, ErrorCode::denied);
        EXPECT_NE(error->message.find("mismatch"), std::string::npos) << error->message;
    }
}

TEST(net_tls, certificates_out_of_their_time_are_denied)
{
    for (const Wishes& wishes : {Wishes{.valid_from = -7200, .valid_to = -3600}, Wishes{.valid_from = 3600}}) {
        const World world(wishes);
        const auto error = client_error(world, "localhost", *world.client());
        ASSERT_TRUE(error.has_value());
        EXPECT_EQ(error->code, ErrorCode::denied);
        const char* reason = wishes.valid_to < 0 ? "expired" : "not yet valid";
        EXPECT_NE(error->message.find(reason), std::string::npos) << error->message;
    }
}

TEST(net_tls, whoever_is_not_vouched_for_is_denied)
{
    World world;
    const TestIdentity lonely({});
    world.certificate = world.files.certificate("lonely.pem", lonely);
    world.key = world.files.key("lonely.key", lonely);
    const auto by_itself = client_error(world, "localhost", *world.client());
    ASSERT_TRUE(by_itself.has_value());
    EXPECT_EQ(by_itself->code, ErrorCode::denied);
    EXPECT_NE(by_itself->message.find("self-signed"), std::string::npos) << by_itself->message;
    const World other;
    const auto by_system = client_error(other, "localhost", *ClientContext::make().value());
    ASSERT_TRUE(by_system.has_value()) << "the system's authorities don't know the test's";
    EXPECT_EQ(by_system->code, ErrorCode::denied);
}

TEST(net_tls, the_server_hears_why_the_client_leaves)
{
    const World world;
    const auto context = world.server();
    const auto client_context = world.client();
    const auto server = context->accept().value();
    const auto client = client_context->connect("elsewhere.example").value();
    const Handshake handshake(*client, *server);
    ASSERT_TRUE(handshake.at_server.has_value());
    EXPECT_EQ(handshake.at_server->code, ErrorCode::malformed);
    EXPECT_NE(handshake.at_server->message.find("alert"), std::string::npos) << handshake.at_server->message;
}

TEST(net_tls, hosts_without_a_name_are_not_connected_to)
{
    const auto client = ClientContext::make().value();
    for (const std::string& host :
         {std::string(), std::string("."), std::string("localhost\0.evil", 15), std::string(300, 'a')}) {
        const auto session = client->connect(host);
        ASSERT_FALSE(session) << host;
        EXPECT_EQ(session.error().code, ErrorCode::usage);
    }
}

ErrorCode server_error(const std::string& certificate, const std::string& key)
{
    const auto context = ServerContext::make(certificate, key);
    EXPECT_FALSE(context);
    return context ? ErrorCode::trap : context.error().code;
}

TEST(net_tls, files_of_a_server_are_checked)
{
    const World world;
    const TestIdentity other({});
    const std::string nonsense = world.files.text("nonsense", "-----BEGIN CERTIFICATE-----\nnot base64 at all\n");
    EXPECT_EQ(server_error(world.files.path("missing"), world.key), ErrorCode::not_found);
    EXPECT_EQ(server_error(world.certificate, world.files.path("missing")), ErrorCode::not_found);
    EXPECT_EQ(server_error(world.certificate, world.files.key("other.key", other)), ErrorCode::invalid);
    EXPECT_EQ(server_error(nonsense, world.key), ErrorCode::invalid);
    EXPECT_EQ(server_error(world.certificate, nonsense), ErrorCode::invalid);
    EXPECT_EQ(server_error(world.files.path("."), world.key), ErrorCode::invalid);
    const auto locked = world.files.file("locked.key", [&](BIO* to) { world.server_identity.write_key(to, "secret"); });
    EXPECT_EQ(server_error(world.certificate, locked), ErrorCode::invalid) << "nobody can be asked for the password";
    const auto client = ClientContext::make(nonsense);
    ASSERT_FALSE(client);
    EXPECT_EQ(client.error().code, ErrorCode::invalid);
}

TEST(net_tls, errors_name_the_file_and_the_reason)
{
    const World world;
    const auto key = world.files.key("other.key", TestIdentity({}));
    const auto context = ServerContext::make(world.certificate, key);
    ASSERT_FALSE(context);
    EXPECT_NE(context.error().message.find(key), std::string::npos) << context.error().message;
    EXPECT_NE(context.error().message.find("key values mismatch"), std::string::npos) << context.error().message;
}

TEST(net_tls, a_key_may_be_in_the_traditional_form)
{
    World world;
    world.key = world.files.file("old.key", [&](BIO* to) { world.server_identity.write_traditional_key(to); });
    EXPECT_FALSE(client_error(world, "localhost", *world.client()).has_value());
}

TEST(net_tls, a_chain_is_sent_whole)
{
    World world;
    const TestIdentity middle({.names = "", .issuer = &world.authority});
    const TestIdentity leaf({.issuer = &middle});
    world.key = world.files.key("leaf.key", leaf);
    world.certificate = world.files.certificate("leaf.pem", leaf);
    EXPECT_TRUE(client_error(world, "localhost", *world.client()).has_value()) << "one link is missing";
    world.certificate = world.files.file("chain.pem", [&](BIO* to) {
        leaf.write_certificate(to);
        middle.write_certificate(to);
    });
    EXPECT_FALSE(client_error(world, "localhost", *world.client()).has_value());
}

TEST(net_tls, garbage_instead_of_a_handshake_is_malformed)
{
    const World world;
    const auto context = world.server();
    for (const std::string_view garbage : {std::string_view("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                                           std::string_view("\x16\x03\x01\xff\xff xxxxxxxxxxxxxxxx"),
                                           std::string_view("\0\0\0\0\0\0\0\0\0\0\0\0", 12)}) {
        const auto server = context->accept().value();
        const auto received = server->receive(bytes_of(garbage));
        ASSERT_FALSE(received) << garbage;
        EXPECT_EQ(received.error().code, ErrorCode::malformed);
        EXPECT_FALSE(server->handshake_done());
    }
}

TEST(net_tls, a_handshake_that_is_not_whole_waits_for_more)
{
    const World world;
    const auto context = world.server();
    const auto client_context = world.client();
    const auto server = context->accept().value();
    const auto hello = client_context->connect("localhost").value()->take_wire();
    ASSERT_GT(hello.size(), 100U);
    EXPECT_TRUE(server->receive(std::span(hello).first(hello.size() - 1)));
    EXPECT_TRUE(server->take_wire().empty());
    EXPECT_EQ(server->read(std::span<std::byte>()).value(), 0U);
    EXPECT_TRUE(server->receive(std::span(hello).last(1)));
    EXPECT_FALSE(server->take_wire().empty());
    EXPECT_FALSE(server->handshake_done());
    server->close();
    EXPECT_TRUE(server->take_wire().empty()) << "there is nothing to close yet";
}

TEST(net_tls, contexts_are_shared_by_threads)
{
    const World world;
    const auto server_context = world.server();
    const auto client_context = world.client();
    std::array<std::thread, 4> threads;
    std::array<int, 4> done{};
    for (std::size_t i = 0; i < threads.size(); ++i)
        threads[i] = std::thread([&, i] {
            for (int round = 0; round < 5; ++round) {
                const auto server = server_context->accept().value();
                const auto client = client_context->connect("localhost").value();
                const Handshake handshake(*client, *server);
                done[i] += client->handshake_done() && server->handshake_done() ? 1 : 0;
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(done, (std::array<int, 4>{5, 5, 5, 5}));
}

TEST(net_tls, without_openssl_it_says_what_to_install)
{
    const auto opened = open_openssl("libcrypto.so.3", "libssl-that-is-not-there.so.3");
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::unsupported);
    EXPECT_NE(opened.error().message.find("libssl-that-is-not-there"), std::string::npos) << opened.error().message;
    EXPECT_NE(opened.error().message.find("libssl3"), std::string::npos) << opened.error().message;
}

} // namespace
} // namespace trellis::net::tls
