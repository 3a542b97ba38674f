#include "net/http/server.hpp"

#include "net/http/test_server.hpp"

#include <array>

namespace trellis::net::http {
namespace {

std::string ask(const TestServer& server, std::string_view request)
{
    TestClient client(server.listener.port());
    client.send(request);
    client.end();
    return client.read_all();
}

} // namespace

TEST(net_http_server, answers_with_length_and_stays_open)
{
    TestServer server(echo);
    TestClient client(server.listener.port());
    for (int i = 0; i < 3; ++i) {
        client.send("GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n");
        const auto answer = client.read_until("GET /a?b \n");
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
        EXPECT_NE(answer.find("\r\nContent-Length: 10\r\n"), std::string::npos) << answer;
        EXPECT_NE(answer.find("\r\nDate: "), std::string::npos) << answer;
    }
}

TEST(net_http_server, pipelined_requests_are_answered_in_order)
{
    TestServer server(echo);
    const auto answer = ask(server, "POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                                    "POST /2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                                    "4;x=y\r\nWiki\r\n5\r\npedia\r\n0\r\nTrailer: t\r\n\r\n"
                                    "GET /3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const auto one = answer.find("POST /1 abc\n"), two = answer.find("POST /2 Wikipedia\n"),
               three = answer.find("GET /3 \n");
    EXPECT_NE(three, std::string::npos) << answer;
    EXPECT_LT(one, two);
    EXPECT_LT(two, three);
}

TEST(net_http_server, ambiguous_requests_are_refused)
{
    struct Case {
        std::string_view request;
        unsigned status;
    };
    using namespace std::string_view_literals;
    const Case cases[] = {
        {"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", 400},
        {"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na", 400},
        {"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\na", 400},
        {"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na", 400},
        {"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\na", 400},
        {"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
        {"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"GET / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", 400},
        {"GET / HTTP/1.1\nHost: x\n\n", 400},
        {"GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n"sv, 400},
        {"GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n", 400},
        {"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        {"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        {"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505},
        {"GET / HTTP/1.2\r\nHost: x\r\n\r\n", 400},
        {"G@T / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        {"GET http://y/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        {"CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n", 501},
    };
    TestServer server(echo);
    for (const auto& one : cases) {
        const auto answer = ask(server, one.request);
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + std::to_string(one.status))) << one.request << answer;
        EXPECT_NE(answer.find("Connection: close"), std::string::npos);
        EXPECT_EQ(server.refused, one.status);
    }
}

TEST(net_http_server, odd_chunks_are_refused)
{
    TestServer server(echo);
    for (const auto* const chunks :
         {"0x4\r\nWiki\r\n0\r\n\r\n", " 4\r\nWiki\r\n0\r\n\r\n", "4\nWiki\r\n0\r\n\r\n", "4\r\nWikix\r\n0\r\n\r\n",
          "\r\n\r\n", "-4\r\nWiki\r\n0\r\n\r\n", "1000000000000000000\r\nWiki", "4 \r\nWiki\r\n0\r\n\r\n",
          "4\r\nWiki\r\n0\r\n folded\r\n\r\n", "4;a\nb\r\nWiki\r\n0\r\n\r\n"}) {
        const auto answer =
            ask(server, std::string("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n") + chunks);
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << chunks << answer;
        EXPECT_NE(answer.find("Connection: close"), std::string::npos) << answer;
    }
}

TEST(net_http_server, long_heads_and_bodies_are_refused)
{
    TestServer server(echo, {.head_bytes = 1000, .fields = 3, .body_bytes = 10});
    const std::string rest = " HTTP/1.1\r\nHost: x\r\n\r\n";
    EXPECT_TRUE(ask(server, "GET /" + std::string(2000, 'a') + rest).starts_with("HTTP/1.1 414 "));
    EXPECT_TRUE(
        ask(server, "GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(2000, 'a') + rest).starts_with("HTTP/1.1 431 "));
    EXPECT_TRUE(ask(server, "GET / HTTP/1.1\r\nHost: x\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n").starts_with("HTTP/1.1 431 "));
    EXPECT_TRUE(ask(server, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n").starts_with("HTTP/1.1 413 "));
}

TEST(net_http_server, slow_heads_bodies_and_idle_clients_are_cut)
{
    using std::chrono::milliseconds;
    TestServer server(
        echo, {.head_timeout = milliseconds(20), .idle_timeout = milliseconds(20), .body_timeout = milliseconds(20)});
    TestClient head(server.listener.port()), idle(server.listener.port()), body(server.listener.port());
    head.send("GET / HTT");
    body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
    EXPECT_TRUE(head.read_all().starts_with("HTTP/1.1 408 "));
    EXPECT_EQ(idle.read_all(), "");
    EXPECT_TRUE(body.read_all().starts_with("HTTP/1.1 400 ")); // as this handler has it
}

TEST(net_http_server, continue_is_sent_when_the_body_is_read)
{
    TestServer server(echo);
    TestClient client(server.listener.port());
    client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("ok");
    EXPECT_NE(client.read_until("POST / ok\n").find("200 OK"), std::string::npos);
}

TEST(net_http_server, old_clients_are_served)
{
    TestServer server(echo);
    const auto answer = ask(server, "GET /old HTTP/1.0\r\n\r\n");
    EXPECT_NE(answer.find("GET /old \n"), std::string::npos) << answer;
    EXPECT_NE(answer.find("Connection: close"), std::string::npos) << answer;
}

TEST(net_http_server, responses_stream_before_their_end)
{
    TestServer server([](Exchange& exchange) {
        exchange.start({});
        (void)exchange.write(std::as_bytes(std::span("one", 3)));
        (void)exchange.flush();
        std::array<std::byte, 10> bytes;
        (void)exchange.read(bytes); // the client answers to what it has seen
        (void)exchange.write(std::as_bytes(std::span("two", 3)));
    });
    TestClient client(server.listener.port());
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n");
    EXPECT_NE(client.read_until("one").find("Transfer-Encoding: chunked"), std::string::npos);
    client.send("x");
    EXPECT_EQ(client.read_until("0\r\n\r\n"), "\r\n3\r\ntwo\r\n0\r\n\r\n");
}

TEST(net_http_server, client_that_never_reads_is_cut)
{
    std::atomic<bool> failed = false;
    TestServer server(
        [&](Exchange& exchange) {
            exchange.start({});
            const std::vector<std::byte> block(65536);
            while (exchange.write(block)) {
            }
            failed = true;
        },
        {.write_timeout = std::chrono::milliseconds(50)});
    TestClient client(server.listener.port());
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    while (!failed)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

TEST(net_http_server, who_has_closed_is_gone_and_who_only_ended_its_side_is_not)
{
    std::atomic<int> begun = 0, told = 0;
    EventLoop* loop = nullptr;
    TestServer server([&](Exchange& exchange) {
        Pause over(*loop);
        exchange.when_gone([&] {
            ++told;
            over.wake();
        });
        ++begun;
        over.wait(std::chrono::steady_clock::now() +
                  std::chrono::milliseconds(exchange.request().target == "/short" ? 50 : 20'000));
        EXPECT_EQ(exchange.is_gone(), exchange.request().target != "/short");
        exchange.when_gone({});
        exchange.start({.status = 204});
    });
    loop = &server.loop;
    TestClient stays(server.listener.port()), ends(server.listener.port()), closes(server.listener.port());
    stays.send("GET /short HTTP/1.1\r\nHost: x\r\n\r\n");
    ends.send("GET /short HTTP/1.1\r\nHost: x\r\n\r\n");
    ends.end();
    closes.send("GET /long HTTP/1.1\r\nHost: x\r\n\r\n");
    while (begun < 3)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    closes.close();
    while (told == 0) {
        server.loop.post([&] { server.server.look_for_gone_clients(); });
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_TRUE(stays.read_until("\r\n\r\n").starts_with("HTTP/1.1 204 "));
    const auto answer = ends.read_all();
    EXPECT_NE(answer.find("HTTP/1.1 204 "), std::string::npos) << answer;
    EXPECT_EQ(told, 1);
}

TEST(net_http_server, draining_lets_requests_finish)
{
    std::atomic<bool> begun = false;
    TestServer server([&](Exchange& exchange) {
        begun = true;
        echo(exchange);
    });
    TestClient idle(server.listener.port()), busy(server.listener.port());
    busy.send("POST /late HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n");
    while (!begun)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    server.loop.post([&] { server.server.drain(); });
    EXPECT_EQ(idle.read_all(), "");
    busy.send("ok");
    const auto answer = busy.read_all();
    EXPECT_NE(answer.find("POST /late ok\n"), std::string::npos);
    EXPECT_NE(answer.find("Connection: close"), std::string::npos);
    server.thread.join(); // the loop has nothing left to do
}

TEST(net_http_server, trailers_of_requests_are_there_behind_the_body)
{
    std::string seen;
    TestServer server([&](Exchange& exchange) {
        EXPECT_TRUE(exchange.trailers().all().empty());
        echo(exchange);
        for (const auto& [name, value] : exchange.trailers().all())
            seen += name + "=" + value + ";";
    });
    const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n";
    const auto answer = ask(server, head + "X-Sum: 1 \r\nContent-Length: 9\r\nhost: y\r\nx-sum:2\r\n\r\n" + head +
                                        "\r\n" + "GET /3 HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_NE(answer.find("GET /3 \n"), std::string::npos) << answer;
    server.stop();
    EXPECT_EQ(seen, "X-Sum=1;x-sum=2;") << "and none of them is the next request's";
}

TEST(net_http_server, odd_trailers_make_the_body_malformed)
{
    for (const std::string trailer : {"x y: 1\r\n", "x : 1\r\n", "x\r\n", "x: \x01\r\n", " x: 1\r\n"}) {
        TestServer server(echo);
        const auto answer =
            ask(server, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + trailer + "\r\n");
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << trailer << answer;
    }
    TestServer server(echo, {.fields = 3});
    const auto ask_with = [&](const std::string& trailers) {
        return ask(server, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + trailers + "\r\n");
    };
    EXPECT_TRUE(ask_with("a: 1\r\nb: 2\r\nc: 3\r\n").starts_with("HTTP/1.1 200 "));
    EXPECT_TRUE(ask_with("a: 1\r\nb: 2\r\nc: 3\r\nd: 4\r\n").starts_with("HTTP/1.1 400 "));
    EXPECT_TRUE(ask_with("a: " + std::string(20'000, 'x') + "\r\n").starts_with("HTTP/1.1 400 "));
}

TEST(net_http_server, trailers_of_responses_stand_behind_chunks)
{
    TestServer server([](Exchange& exchange) {
        ResponseHead head;
        if (exchange.request().target == "/length")
            head.content_length = 2;
        exchange.start(head);
        (void)exchange.write(std::as_bytes(std::span("ok", 2)));
        if (exchange.request().target == "/flushed")
            (void)exchange.flush();
        Fields trailers;
        trailers.add("X-Sum", "1");
        trailers.add("Content-Length", "7");
        exchange.set_trailers(trailers);
    });
    const auto body_of = [&](const std::string& line) {
        const auto answer = ask(server, line + "\r\nHost: x\r\nConnection: close\r\n\r\n");
        return answer.substr(answer.find("\r\n\r\n") + 4);
    };
    EXPECT_EQ(body_of("GET / HTTP/1.1"), "2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n");
    EXPECT_EQ(body_of("GET /flushed HTTP/1.1"), "2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n");
    EXPECT_EQ(body_of("GET /length HTTP/1.1"), "ok");
    EXPECT_EQ(body_of("GET / HTTP/1.0"), "ok");
    EXPECT_EQ(body_of("GET /flushed HTTP/1.0"), "ok");
    EXPECT_EQ(body_of("HEAD / HTTP/1.1"), "");
}

} // namespace trellis::net::http
