#include "net/http/test_client.hpp"
#include "net/tls/test_certificates.hpp"
#include "net/tls/tls.hpp"

namespace trellis::net::http {
namespace {

using std::chrono::milliseconds;

/// A body of pieces, each given when it is asked for.
ClientBody body_of(std::vector<std::string> pieces)
{
    auto left = std::make_shared<std::vector<std::string>>(std::move(pieces));
    return {.pull = [left](std::span<std::byte> to) -> Result<std::size_t> {
        if (left->empty())
            return 0;
        const std::string piece = left->front().substr(0, to.size());
        left->front().erase(0, piece.size());
        if (left->front().empty())
            left->erase(left->begin());
        std::ranges::copy(std::as_bytes(std::span(piece)), to.begin());
        return piece.size();
    }};
}

/// What the server got; the answer, or the error in angle brackets.
struct Told {
    std::string received, answer;
};
Told tell(ClientBody body, const std::string& answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
{
    RawServer server(answer, true);
    Told told;
    on_a_loop([&](EventLoop& loop) {
        ClientSupport support;
        const auto client = Client::make(loop, support);
        auto request = request_to(server.port());
        request.method = "POST";
        request.streamed = std::move(body);
        const auto response = client->send(request);
        told.answer = response ? read_all(**response) : format("<{}>", response.error().message);
        loop.sleep_until(std::chrono::steady_clock::now() + milliseconds(5)); // the rest of the request
    });
    server.stop();
    told.received = server.received();
    told.received.erase(0, told.received.find("\r\n", told.received.find("Host:")) + 2);
    return told;
}

TEST(net_http_client_streams, bodies_of_unknown_length_are_chunked)
{
    EXPECT_EQ(tell(body_of({"hello", ", world"})).received,
              "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n");
    EXPECT_EQ(tell(body_of({})).received, "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n");
}

TEST(net_http_client_streams, bodies_of_known_length_are_as_long)
{
    auto body = body_of({"hel", "lo", "and more"});
    body.length = 5;
    EXPECT_EQ(tell(body).received, "Content-Length: 5\r\nConnection: close\r\n\r\nhello");
    body = body_of({"hel"});
    body.length = 5;
    EXPECT_EQ(tell(body, "").answer, "<the request's body is shorter than announced>");
}

TEST(net_http_client_streams, trailers_are_sent_behind_chunks_without_what_may_not_be_there)
{
    auto body = body_of({"x"});
    body.trailers = [] {
        Fields fields;
        fields.add("X-Sum", "1");
        fields.add("Transfer-Encoding", "gzip");
        return fields;
    };
    EXPECT_TRUE(tell(body).received.ends_with("1\r\nx\r\n0\r\nX-Sum: 1\r\n\r\n"));
    body = body_of({"x"});
    body.length = 1;
    body.trailers = [] {
        ADD_FAILURE() << "there is no place for them";
        return Fields();
    };
    EXPECT_TRUE(tell(body).received.ends_with("\r\n\r\nx"));
}

TEST(net_http_client_streams, a_body_that_fails_cuts_the_connection)
{
    int told = 0;
    ClientBody body = {
        .pull = [](std::span<std::byte>) -> Result<std::size_t> { return fail(ErrorCode::io, "gave up"); },
        .when_sent =
            [&](const ClientError* error) {
                ASSERT_NE(error, nullptr);
                EXPECT_EQ(error->fault, ClientFault::request_body);
                ++told;
            }};
    EXPECT_EQ(tell(body, "").answer, "<gave up>");
    EXPECT_EQ(told, 1);
}

TEST(net_http_client_streams, the_answer_is_read_while_the_request_is_sent)
{
    TestServer server([](Exchange& exchange) {
        exchange.start({});
        std::array<std::byte, 1000> bytes;
        for (auto count = exchange.read(bytes); count && *count != 0; count = exchange.read(bytes)) {
            (void)exchange.write(std::span(bytes).first(*count));
            (void)exchange.flush();
        }
        exchange.set_trailers(exchange.trailers());
    });
    on_a_loop([&](EventLoop& loop) {
        ClientSupport support;
        const auto client = Client::make(loop, support);
        Pause more(loop);
        std::string given = "1"; // what may be sent; empty: wait
        bool is_over = false;
        bool is_sent = false;
        auto request = request_to(server.listener.port());
        request.streamed = ClientBody{.pull = [&](std::span<std::byte> to) -> Result<std::size_t> {
                                          while (given.empty() && !is_over)
                                              more.wait();
                                          std::ranges::copy(std::as_bytes(std::span(given)), to.begin());
                                          return std::exchange(given, {}).size();
                                      },
                                      .trailers =
                                          [] {
                                              Fields fields;
                                              fields.add("x-a", "b");
                                              return fields;
                                          },
                                      .when_sent = [&](const ClientError* error) { is_sent = error == nullptr; }};
        const auto response = client->send(request);
        ASSERT_TRUE(response) << response.error().message;
        std::array<std::byte, 100> bytes;
        for (char next = '1'; next <= '5'; ++next) {
            ASSERT_EQ((*response)->read(bytes), 1U);
            EXPECT_EQ(static_cast<char>(bytes[0]), next);
            EXPECT_FALSE(is_sent);
            given = static_cast<char>(next + 1);
            more.wake();
        }
        ASSERT_EQ((*response)->read(bytes), 1U);
        is_over = true;
        more.wake();
        EXPECT_TRUE((*response)->trailers().all().empty());
        EXPECT_EQ((*response)->read(bytes), 0U);
        EXPECT_TRUE(is_sent);
        EXPECT_EQ((*response)->trailers().find("X-A"), "b");
    });
}

TEST(net_http_client_streams, much_goes_both_ways_at_once_also_through_tls)
{
    const std::string names = "DNS:secure.example";
    tls::TestCertificates files;
    tls::TestIdentity identity{{.names = names}};
    const std::string certificate = files.certificate("server.pem", identity);
    const auto context = tls::ServerContext::make(certificate, files.key("server.key", identity)).value();
    for (tls::ServerContext* const tls : {static_cast<tls::ServerContext*>(nullptr), context.get()}) {
        constexpr std::size_t total = 8 << 20;
        std::size_t received = 0;
        EventLoop loop;
        auto listener = std::move(Listener::open("127.0.0.1:0").value());
        Server server(
            loop, {},
            [](Exchange& exchange) {
                exchange.start({});
                std::array<std::byte, 5000> bytes;
                for (auto count = exchange.read(bytes); count && *count != 0; count = exchange.read(bytes))
                    (void)exchange.write(std::span(bytes).first(*count));
            },
            {}, tls);
        server.accept_from(listener);
        ASSERT_TRUE(loop.spawn([&] {
            ClientSupport support(
                [](const std::string&) -> Result<std::vector<IpAddress>> {
                    return std::vector{*IpAddress::parse("127.0.0.1")};
                },
                certificate);
            const auto client = Client::make(loop, support);
            ClientRequest request = {
                .secure = tls != nullptr, .host = "secure.example", .port = listener.port(), .authority = "x"};
            auto left = std::make_shared<std::size_t>(total);
            request.streamed = ClientBody{.pull = [left](std::span<std::byte> to) -> Result<std::size_t> {
                const auto count = std::min(to.size(), *left);
                std::ranges::fill(to.first(count), std::byte('x'));
                *left -= count;
                return count;
            }};
            {
                const auto response = client->send(request);
                ASSERT_TRUE(response) << response.error().message;
                std::vector<std::byte> bytes(30'000);
                for (auto count = (*response)->read(bytes); count && *count != 0; count = (*response)->read(bytes))
                    received += *count;
            }
            server.drain();
        }));
        loop.run();
        EXPECT_EQ(received, total) << (tls != nullptr ? "TLS" : "plain");
    }
}

/// The fault of the head, or of the body.
std::optional<ClientFault> fault_with(const std::string& answer, ClientTimeouts timeouts,
                                      std::optional<ClientBody> body = {})
{
    const RawServer server(answer, true);
    std::optional<ClientFault> fault;
    on_a_loop([&](EventLoop& loop) {
        ClientSupport support;
        const auto client = Client::make(loop, support);
        auto request = request_to(server.port());
        request.timeouts = timeouts;
        request.streamed = std::move(body);
        const auto response = client->send(request);
        std::array<std::byte, 100> bytes;
        ClientResult<std::size_t> count = 1;
        while (response && count && *count != 0)
            count = (*response)->read(bytes);
        if (!response)
            fault = response.error().fault;
        else if (!count)
            fault = count.error().fault;
    });
    return fault;
}

TEST(net_http_client_streams, each_time_out_ends_its_wait)
{
    constexpr milliseconds soon{10};
    const std::string part = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    EXPECT_EQ(fault_with("", {.first_byte = soon}), ClientFault::read_timeout);
    EXPECT_EQ(fault_with("HTTP/1.1 200 OK\r\n", {.first_byte = soon}), ClientFault::read_timeout);
    EXPECT_EQ(fault_with(part, {.first_byte = soon}), ClientFault::read_timeout) << "the first byte is the body's";
    EXPECT_EQ(fault_with("", {.first_byte = soon}, body_of({"a", "b"})), ClientFault::read_timeout)
        << "the time begins with the end of the request, when its answer is waited for already";
    EXPECT_EQ(fault_with(part + "hel", {.between_bytes = soon}), ClientFault::read_timeout);
    EXPECT_EQ(fault_with(part + "hello", {.first_byte = soon, .between_bytes = soon}), std::nullopt);
    EXPECT_EQ(fault_with(part + "hello", {.connect = milliseconds(0)}), ClientFault::connect_timeout);
    EXPECT_EQ(fault_with(part + "hello", {.connect = std::chrono::nanoseconds::max()}), std::nullopt);
}

TEST(net_http_client_streams, errors_say_what_kind_they_are)
{
    EXPECT_EQ(fault_with("HTTP/1.1 200 OK\r\nbad\r\n\r\n", {}), ClientFault::malformed);
    EXPECT_EQ(fault_with("HTTP/1.1 200 OK\r\nx: " + std::string(70'000, 'x'), {}), ClientFault::head_size);
    const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    std::string many;
    for (int i = 0; i < 201; ++i)
        many += "x: y\r\n";
    EXPECT_EQ(fault_with(chunked + many + "\r\n", {}), ClientFault::trailer_size);
    EXPECT_EQ(fault_with(chunked + "x y: z\r\n\r\n", {}), ClientFault::malformed);
}

TEST(net_http_client_streams, an_early_answer_counts_though_the_body_goes_on)
{
    const RawServer server("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
    on_a_loop([&](EventLoop& loop) {
        ClientSupport support;
        const auto client = Client::make(loop, support);
        auto request = request_to(server.port());
        request.streamed = ClientBody{.pull = [](std::span<std::byte> to) -> Result<std::size_t> { return to.size(); }};
        const auto response = client->send(request);
        ASSERT_TRUE(response) << response.error().message;
        EXPECT_EQ((*response)->head().status, 413U);
    }); // and what is sent ends with the answer
}

} // namespace
} // namespace trellis::net::http
