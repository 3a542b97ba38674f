// Our sides against OpenSSL itself with settings that we don't have: older versions, other protocols, tickets.
#include "net/tls/test_certificates.hpp"
#include "net/tls/tls.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

namespace trellis::net::tls {
namespace {

template <auto function>
struct FreedBy {
    void operator()(auto* pointer) const { function(pointer); }
};
using RawContext = std::unique_ptr<SSL_CTX, FreedBy<SSL_CTX_free>>;
using RawTicket = std::unique_ptr<SSL_SESSION, FreedBy<SSL_SESSION_free>>;

RawContext raw_context(const SSL_METHOD* method, int version)
{
    RawContext context(SSL_CTX_new(method));
    SSL_CTX_set_min_proto_version(context.get(), version);
    SSL_CTX_set_max_proto_version(context.get(), version);
    SSL_CTX_set_security_level(context.get(), version < TLS1_2_VERSION ? 0 : 2);
    return context;
}

/// One side, moved by hand.
class RawSession {
public:
    explicit RawSession(SSL_CTX* context) : ssl_(SSL_new(context))
    {
        SSL_set_bio(get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        SSL_is_server(get()) != 0 ? SSL_set_accept_state(get()) : SSL_set_connect_state(get());
    }
    [[nodiscard]] SSL* get() const { return ssl_.get(); }

    /// Moves bytes between the two until neither has any; reads what comes. The first error of ours.
    std::optional<Error> talk(Session& ours)
    {
        std::optional<Error> error;
        for (bool moved = true; moved;) {
            char buffer[1000];
            std::size_t count = 0;
            if (SSL_read_ex(get(), buffer, sizeof buffer, &count) == 1)
                received_.append(buffer, count);
            moved = from_ours(ours);
            std::byte wire[5000];
            while (BIO_read_ex(SSL_get_wbio(get()), wire, sizeof wire, &count) == 1) {
                moved = true;
                if (const auto received = ours.receive(std::span(wire, count)); !received && !error)
                    error = received.error();
            }
        }
        return error;
    }
    [[nodiscard]] const std::string& received() const { return received_; }
    [[nodiscard]] bool handshake_done() const { return SSL_is_init_finished(get()) == 1; }

private:
    bool from_ours(Session& ours)
    {
        const auto wire = ours.take_wire();
        std::size_t count = 0;
        if (!wire.empty())
            BIO_write_ex(SSL_get_rbio(get()), wire.data(), wire.size(), &count);
        return count > 0;
    }
    std::unique_ptr<SSL, FreedBy<SSL_free>> ssl_;
    std::string received_;
};

class net_tls_protocol : public testing::Test { // NOLINT: named like the other tests
protected:
    TestCertificates files;
    TestIdentity authority{{.names = ""}};
    TestIdentity identity{{.issuer = &authority}};
    std::string authorities = files.certificate("authority.pem", authority);
    std::string certificate = files.certificate("server.pem", identity);
    std::string key = files.key("server.key", identity);
    std::unique_ptr<ServerContext> server = ServerContext::make(certificate, key).value();
    std::unique_ptr<ClientContext> client = ClientContext::make(authorities).value();

    [[nodiscard]] RawContext raw_server(int version) const
    {
        auto context = raw_context(TLS_server_method(), version);
        SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str());
        SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM);
        return context;
    }
};

std::string read_some(Session& session)
{
    char buffer[100];
    const auto count = session.read(std::as_writable_bytes(std::span(buffer))).value();
    return {buffer, count};
}

TEST_F(net_tls_protocol, the_server_speaks_1_2_and_1_3)
{
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const auto context = raw_context(TLS_client_method(), version);
        RawSession raw(context.get());
        const auto ours = server->accept().value();
        EXPECT_FALSE(raw.talk(*ours).has_value());
        ASSERT_TRUE(raw.handshake_done() && ours->handshake_done());
        EXPECT_EQ(ours->version(), SSL_get_version(raw.get()));
        SSL_write(raw.get(), "ping", 4);
        EXPECT_FALSE(raw.talk(*ours).has_value());
        EXPECT_EQ(read_some(*ours), "ping");
        ASSERT_TRUE(ours->write(std::as_bytes(std::span("pong", 4))));
        EXPECT_FALSE(raw.talk(*ours).has_value());
        EXPECT_EQ(raw.received(), "pong");
    }
}

TEST_F(net_tls_protocol, the_client_speaks_1_2_and_1_3)
{
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const auto context = raw_server(version);
        RawSession raw(context.get());
        const auto ours = client->connect("localhost").value();
        EXPECT_FALSE(raw.talk(*ours).has_value());
        ASSERT_TRUE(raw.handshake_done() && ours->handshake_done());
        EXPECT_EQ(ours->version(), SSL_get_version(raw.get()));
        ASSERT_TRUE(ours->write(std::as_bytes(std::span("ping", 4))));
        EXPECT_FALSE(raw.talk(*ours).has_value());
        EXPECT_EQ(raw.received(), "ping");
        SSL_write(raw.get(), "pong", 4);
        SSL_shutdown(raw.get());
        EXPECT_FALSE(raw.talk(*ours).has_value());
        EXPECT_EQ(read_some(*ours), "pong");
        EXPECT_EQ(read_some(*ours), "");
        EXPECT_TRUE(ours->peer_closed());
    }
}

TEST_F(net_tls_protocol, older_versions_are_refused_by_both_sides)
{
    const auto client_context = raw_context(TLS_client_method(), TLS1_1_VERSION);
    RawSession raw_client(client_context.get());
    const auto error = raw_client.talk(*server->accept().value());
    ASSERT_TRUE(error.has_value());
    EXPECT_NE(error->message.find("unsupported protocol"), std::string::npos) << error->message;

    const auto server_context = raw_server(TLS1_1_VERSION);
    RawSession raw(server_context.get());
    const auto ours = client->connect("localhost").value();
    EXPECT_TRUE(raw.talk(*ours).has_value());
    EXPECT_FALSE(raw.handshake_done() || ours->handshake_done());
}

TEST_F(net_tls_protocol, ciphers_without_authenticated_encryption_are_refused)
{
    const auto context = raw_context(TLS_client_method(), TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(context.get(), "ECDHE-ECDSA-AES128-SHA256");
    RawSession raw(context.get());
    EXPECT_TRUE(raw.talk(*server->accept().value()).has_value());
    EXPECT_FALSE(raw.handshake_done());
}

TEST_F(net_tls_protocol, the_server_picks_http_1_1_or_refuses)
{
    const auto context = raw_context(TLS_client_method(), TLS1_3_VERSION);
    const auto protocol = [&](std::string_view offered) -> std::string {
        RawSession raw(context.get());
        SSL_set_alpn_protos(raw.get(), reinterpret_cast<const unsigned char*>(offered.data()),
                            static_cast<unsigned>(offered.size()));
        if (const auto error = raw.talk(*server->accept().value()))
            return error->message;
        const unsigned char* chosen = nullptr;
        unsigned length = 0;
        SSL_get0_alpn_selected(raw.get(), &chosen, &length);
        return {reinterpret_cast<const char*>(chosen), length};
    };
    EXPECT_EQ(protocol("\x02h2\x08http/1.1"), "http/1.1");
    EXPECT_EQ(protocol(""), "");
    EXPECT_NE(protocol("\x02h2").find("no application protocol"), std::string::npos);
}

TEST_F(net_tls_protocol, the_client_offers_http_1_1_and_names_the_host)
{
    const auto context = raw_server(TLS1_3_VERSION);
    for (const std::string host : {"localhost", "127.0.0.1"}) {
        std::string offered;
        SSL_CTX_set_alpn_select_cb(
            context.get(),
            [](SSL*, const unsigned char**, unsigned char*, const unsigned char* names, unsigned length, void* to) {
                static_cast<std::string*>(to)->assign(reinterpret_cast<const char*>(names), length);
                return SSL_TLSEXT_ERR_NOACK;
            },
            &offered);
        RawSession raw(context.get());
        EXPECT_FALSE(raw.talk(*client->connect(host).value()).has_value());
        EXPECT_EQ(offered, "\x08http/1.1");
        const char* name = SSL_get_servername(raw.get(), TLSEXT_NAMETYPE_host_name);
        EXPECT_EQ(name == nullptr ? "" : std::string(name), host == "localhost" ? host : "")
            << "addresses are no names";
    }
}

TEST_F(net_tls_protocol, sessions_are_resumed_by_ticket)
{
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const auto context = raw_context(TLS_client_method(), version);
        RawSession first(context.get());
        EXPECT_FALSE(first.talk(*server->accept().value()).has_value());
        EXPECT_FALSE(SSL_session_reused(first.get()));
        const RawTicket ticket(SSL_get1_session(first.get()));
        ASSERT_TRUE(SSL_SESSION_has_ticket(ticket.get()));
        SSL_shutdown(first.get());
        RawSession second(context.get());
        SSL_set_session(second.get(), ticket.get());
        EXPECT_FALSE(second.talk(*server->accept().value()).has_value());
        EXPECT_TRUE(SSL_session_reused(second.get()));
    }
}

TEST_F(net_tls_protocol, nobody_negotiates_again)
{
    const auto context = raw_context(TLS_client_method(), TLS1_2_VERSION);
    RawSession raw(context.get());
    const auto ours = server->accept().value();
    EXPECT_FALSE(raw.talk(*ours).has_value());
    SSL_renegotiate(raw.get());
    SSL_do_handshake(raw.get());
    EXPECT_FALSE(raw.talk(*ours).has_value());
    EXPECT_EQ(read_some(*ours), "");
    raw.talk(*ours);
    EXPECT_FALSE(raw.handshake_done()) << "it waits for an answer in vain, or was told that there is none";
}

} // namespace
} // namespace trellis::net::tls
