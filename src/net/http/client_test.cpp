#include "net/http/client.hpp"

#include "net/http/test_client.hpp"
#include "net/tls/test_certificates.hpp"
#include "net/tls/tls.hpp"

#include <algorithm>
#include <condition_variable>
#include <future>
#include <gtest/gtest.h>
#include <mutex>

namespace trellis::net::http {
namespace {

/// "status body", or the error in angle brackets.
std::string ask(const std::string& answer, const std::string& method = "GET", std::size_t piece = 5000)
{
    const RawServer server(answer);
    std::string got;
    on_a_loop([&](EventLoop& loop) {
        ClientSupport support;
        const auto client = Client::make(loop, support);
        auto request = request_to(server.port());
        request.method = method;
        const auto response = client->send(request);
        got = response ? format("{} {}", (*response)->head().status, read_all(**response, piece))
                       : format("<{}>", response.error().message);
    });
    return got;
}

TEST(net_http_client, a_request_is_answered)
{
    TestServer server([](Exchange& exchange) {
        EXPECT_EQ(exchange.request().fields.find("x-test"), "yes");
        EXPECT_EQ(exchange.request().content_length, 5U);
        echo(exchange);
    });
    on_a_loop([&](EventLoop& loop) {
        ClientSupport support;
        const auto client = Client::make(loop, support);
        auto request = request_to(server.listener.port());
        request.method = "POST";
        request.target = "/a?b=c";
        request.fields.add("X-Test", "yes");
        request.body = std::as_bytes(std::span("hello", 5));
        const auto response = client->send(request);
        ASSERT_TRUE(response) << response.error().message;
        EXPECT_EQ((*response)->head().status, 200U);
        EXPECT_EQ(read_all(**response), "POST /a?b=c hello\n");
    });
}

TEST(net_http_client, the_request_is_on_the_wire_as_it_should_be)
{
    RawServer server("HTTP/1.1 204 No Content\r\n\r\n");
    on_a_loop([&](EventLoop& loop) {
        ClientSupport support;
        auto request = request_to(server.port());
        request.fields.add("Accept", "*/*");
        const auto response = Client::make(loop, support)->send(request);
        ASSERT_TRUE(response) << response.error().message;
    });
    EXPECT_EQ(
        server.received(),
        format("GET / HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAccept: */*\r\nConnection: close\r\n\r\n", server.port()));
}

TEST(net_http_client, bodies_end_in_every_way)
{
    for (const std::size_t piece : {1, 3, 5000}) {
        EXPECT_EQ(ask("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more", "GET", piece), "200 hello");
        EXPECT_EQ(
            ask("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\nx", "GET", piece),
            "200 hello");
        EXPECT_EQ(ask("HTTP/1.0 200 OK\r\n\r\nhello", "GET", piece), "200 hello");
    }
    EXPECT_EQ(ask("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD"), "200 ");
    EXPECT_EQ(ask("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"), "304 ");
    EXPECT_EQ(ask("HTTP/1.1 204\r\n\r\nhello"), "204 ");
    EXPECT_EQ(ask("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"), "302 ")
        << "a redirect is an answer";
}

TEST(net_http_client, interim_responses_are_passed_over)
{
    EXPECT_EQ(ask("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 "
                  "OK\r\nContent-Length: "
                  "2\r\n\r\nok"),
              "200 ok");
    std::string endless;
    for (int i = 0; i < 100; ++i)
        endless += "HTTP/1.1 100 Continue\r\n\r\n";
    EXPECT_EQ(ask(endless), "<there is no end of interim responses>");
    EXPECT_NE(ask("HTTP/1.1 101 Switching Protocols\r\n\r\n").find("changes the protocol"), std::string::npos);
}

TEST(net_http_client, what_is_cut_off_is_an_error)
{
    EXPECT_EQ(ask("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"), "200 hel<the connection ended inside the body>");
    EXPECT_EQ(ask("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"),
              "200 hel<the connection ended inside the body>");
    EXPECT_EQ(ask("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
              "200 hello<the connection ended inside the body>");
    EXPECT_EQ(ask("HTTP/1.1 200 OK\r\n"), "<the connection ended before the answer>");
    EXPECT_EQ(ask(""), "<the connection ended before the answer>");
}

TEST(net_http_client, odd_responses_are_malformed)
{
    for (const char* answer : {"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
                               "HTTP/2 200\r\n\r\n",
                               "HTTP/1.1 20 OK\r\n\r\n",
                               "HTTP/1.1 2000 OK\r\n\r\n",
                               "HTTP/1.1 099 OK\r\n\r\n",
                               "HTTP/1.1  200 OK\r\n\r\n",
                               "HTTP/1.1 200 O\x01K\r\n\r\n",
                               "SSH-2.0-x\r\n\r\n",
                               "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
                               "HTTP/1.1 200 OK\r\na: b\r\n folded\r\n\r\n",
                               "HTTP/1.1 200 OK\r\na : b\r\n\r\n",
                               "HTTP/1.1 200 OK\r\n: b\r\n\r\n",
                               "HTTP/1.1 200 OK\r\na: b\rc\r\n\r\n",
                               "HTTP/1.1 200 OK\r\na: \x7f\r\n\r\n",
                               "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
                               "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
                               "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                               "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
                               "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n",
                               "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
                               "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n"})
        EXPECT_TRUE(ask(answer).starts_with("<the response is malformed")) << answer << ask(answer);
    EXPECT_TRUE(ask("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n").starts_with("200 <"));
}

TEST(net_http_client, heads_are_bounded)
{
    EXPECT_NE(ask("HTTP/1.1 200 OK\r\nx: " + std::string(70'000, 'x')).find("more than 65536 bytes"),
              std::string::npos);
    std::string many = "HTTP/1.1 200 OK\r\n";
    for (int i = 0; i < 201; ++i)
        many += "x: y\r\n";
    EXPECT_NE(ask(many + "\r\n").find("more than 200 fields"), std::string::npos);
}

TEST(net_http_client, a_deadline_ends_every_wait)
{
    for (const char* answer : {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"}) {
        const RawServer server(answer, true);
        on_a_loop([&](EventLoop& loop) {
            ClientSupport support;
            const auto client = Client::make(loop, support);
            auto request = request_to(server.port());
            request.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
            const auto response = client->send(request);
            if (response)
                EXPECT_TRUE(read_all(**response).ends_with(" in time>"));
            else
                EXPECT_EQ(response.error().code, ErrorCode::io);
        });
    }
}

TEST(net_http_client, a_cancellation_ends_every_wait)
{
    for (const std::string answer : {"", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"}) {
        const RawServer server(answer, true);
        on_a_loop([&](EventLoop& loop) {
            ClientSupport support;
            const auto client = Client::make(loop, support);
            Cancellation cancellation;
            auto request = request_to(server.port());
            request.cancellation = &cancellation;
            ASSERT_TRUE(loop.spawn([&] {
                loop.sleep_until(std::chrono::steady_clock::now() + std::chrono::milliseconds(10));
                cancellation.cancel();
            }));
            const auto response = client->send(request);
            EXPECT_EQ(response.has_value(), !answer.empty());
            if (response)
                EXPECT_TRUE(read_all(**response).ends_with(">"));
            EXPECT_FALSE(client->send(request).has_value()); // and every wait from then on
        });
    }
}

TEST(net_resolver, a_cancellation_ends_the_wait)
{
    std::promise<void> end;
    Resolver resolver([&](const std::string&) -> Result<std::vector<IpAddress>> {
        end.get_future().wait();
        return fail(ErrorCode::not_found, "late");
    });
    on_a_loop([&](EventLoop& loop) {
        Cancellation cancellation;
        cancellation.cancel();
        EXPECT_FALSE(resolver.resolve(loop, "example.test", std::nullopt, &cancellation).has_value());
    });
    end.set_value();
}

TEST(net_http_client, nobody_there_is_an_error)
{
    std::uint16_t port = 0;
    {
        const auto listener = std::move(Listener::open("127.0.0.1:0").value());
        port = listener.port();
    }
    on_a_loop([&](EventLoop& loop) {
        ClientSupport support;
        const auto response = Client::make(loop, support)->send(request_to(port));
        ASSERT_FALSE(response);
        EXPECT_EQ(response.error().code, ErrorCode::io);
        EXPECT_EQ(response.error().message, "can't connect to 127.0.0.1: Connection refused");
    });
}

TEST(net_http_client, only_allowed_addresses_are_connected_to)
{
    TestServer server(echo);
    const auto loopback = *IpAddress::parse("127.0.0.1");
    on_a_loop([&](EventLoop& loop) {
        ClientSupport support([&](const std::string& name) -> Result<std::vector<IpAddress>> {
            if (name != "both.example")
                return fail(ErrorCode::not_found, "no such name");
            return std::vector{*IpAddress::parse("192.0.2.1"), loopback};
        });
        const auto client = Client::make(loop, support);
        auto request = request_to(server.listener.port());
        request.host = "both.example";
        std::vector<std::string> asked;
        request.may_connect = [&](const IpAddress& address) {
            asked.push_back(address.text());
            return address == loopback;
        };
        EXPECT_TRUE(client->send(request));
        EXPECT_EQ(asked, (std::vector<std::string>{"192.0.2.1", "127.0.0.1"}));
        request.may_connect = [](const IpAddress&) { return false; };
        const auto refused = client->send(request);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, ErrorCode::denied);
        request.host = "127.0.0.1"; // an address in text is no way around it
        EXPECT_FALSE(client->send(request));
        request.host = "other.example";
        const auto unknown = client->send(request);
        ASSERT_FALSE(unknown);
        EXPECT_EQ(unknown.error().code, ErrorCode::not_found);
    });
}

TEST(net_http_client, an_early_answer_counts_though_the_body_was_not_taken)
{
    const RawServer server("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
    on_a_loop([&](EventLoop& loop) {
        ClientSupport support;
        auto request = request_to(server.port());
        const std::string body(8 << 20, 'x');
        request.method = "POST";
        request.body = std::as_bytes(std::span(body));
        const auto client = Client::make(loop, support);
        const auto response = client->send(request);
        ASSERT_TRUE(response) << response.error().message;
        EXPECT_EQ((*response)->head().status, 413U);
    });
}

/// Echoes through TLS.
struct SecureServer {
    SecureServer()
    {
        server.accept_from(listener);
        thread = std::thread([this] { loop.run(); });
    }
    ~SecureServer()
    {
        loop.post([this] { server.cut(); });
        thread.join();
    }

    tls::TestCertificates files;
    tls::TestIdentity identity{{.names = "DNS:secure.example"}};
    std::string certificate = files.certificate("server.pem", identity);
    std::unique_ptr<tls::ServerContext> context =
        tls::ServerContext::make(certificate, files.key("server.key", identity)).value();
    EventLoop loop;
    Listener listener{std::move(Listener::open("127.0.0.1:0").value())};
    Server server{loop, ServerLimits{}, echo, {}, context.get()};
    std::thread thread;
};

TEST(net_http_client, https_is_spoken_with_whom_the_certificate_names_only)
{
    SecureServer server;
    const auto everything_is_here = [](const std::string&) -> Result<std::vector<IpAddress>> {
        return std::vector{*IpAddress::parse("127.0.0.1")};
    };
    on_a_loop([&](EventLoop& loop) {
        ClientSupport support(everything_is_here, server.certificate);
        const auto client = Client::make(loop, support);
        const std::string body(100'000, 'x');
        ClientRequest request = {.secure = true,
                                 .host = "secure.example",
                                 .port = server.listener.port(),
                                 .authority = "secure.example",
                                 .method = "PUT",
                                 .body = std::as_bytes(std::span(body))};
        const auto response = client->send(request);
        ASSERT_TRUE(response) << response.error().message;
        EXPECT_EQ(read_all(**response), "PUT / " + body + "\n");
        request.host = "other.example";
        const auto refused = client->send(request);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, ErrorCode::denied);
    });
    on_a_loop([&](EventLoop& loop) {
        ClientSupport support(everything_is_here);
        const auto refused =
            Client::make(loop, support)
                ->send({.secure = true, .host = "secure.example", .port = server.listener.port(), .authority = "x"});
        ASSERT_FALSE(refused) << "the system does not know who signed this";
        EXPECT_EQ(refused.error().code, ErrorCode::denied);
    });
}

TEST(net_http_client, plain_text_where_tls_is_expected_is_an_error)
{
    const RawServer server("HTTP/1.1 400 Bad Request\r\n\r\n");
    on_a_loop([&](EventLoop& loop) {
        ClientSupport support;
        auto request = request_to(server.port());
        request.secure = true;
        const auto response = Client::make(loop, support)->send(request);
        ASSERT_FALSE(response);
        EXPECT_EQ(response.error().code, ErrorCode::malformed);
    });
}

TEST(net_resolver, a_slow_look_up_holds_up_nobody_else)
{
    std::mutex mutex;
    std::condition_variable changed;
    bool release = false;
    Resolver resolver([&](const std::string& name) -> Result<std::vector<IpAddress>> {
        if (name == "slow.example") {
            std::unique_lock lock(mutex);
            changed.wait(lock, [&] { return release; });
        }
        return std::vector{*IpAddress::parse("192.0.2.7")};
    });
    EventLoop loop;
    int answered = 0;
    ASSERT_TRUE(loop.spawn([&] {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
        const auto slow = resolver.resolve(loop, "slow.example", deadline);
        ASSERT_FALSE(slow);
        EXPECT_EQ(slow.error().message, "the name slow.example was not resolved in time");
        ++answered;
    }));
    ASSERT_TRUE(loop.spawn([&] {
        EXPECT_EQ(resolver.resolve(loop, "fast.example", std::nullopt)->at(0).text(), "192.0.2.7");
        ++answered;
    }));
    loop.run();
    EXPECT_EQ(answered, 2) << "though the slow one has no answer yet";
    const std::lock_guard lock(mutex);
    release = true;
    changed.notify_all();
}

TEST(net_resolver, the_system_knows_this_machine)
{
    on_a_loop([](EventLoop& loop) {
        Resolver resolver;
        const auto addresses = resolver.resolve(loop, "localhost", std::nullopt);
        ASSERT_TRUE(addresses) << addresses.error().message;
        EXPECT_TRUE(std::ranges::all_of(*addresses, &IpAddress::is_loopback));
        EXPECT_FALSE(addresses->empty());
        EXPECT_FALSE(resolver.resolve(loop, "no name at all", std::nullopt));
    });
}

} // namespace
} // namespace trellis::net::http
