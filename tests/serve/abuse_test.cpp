// What a hostile client can send, leave out or not read: each is answered or cut, and the next client notices nothing.
#include "serve/server.hpp"

#include <gtest/gtest.h>

namespace trellis::testing {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

const std::string act = module_entry("/...");
const std::vector<std::string> impatient = {"--head-timeout", "100ms",          "--transfer-timeout",
                                            "100ms",          "--idle-timeout", "100ms"};

void expect_well(const Server& server)
{
    EXPECT_EQ(server.post("/cat", "still there").body, "still there");
}

/// Refused before anything is asked, with that status, and nothing behind it.
void expect_refused(const Server& server, std::string_view text, unsigned status)
{
    Client client(server.port());
    client.send(text);
    const auto response = client.read_response();
    EXPECT_EQ(response.status, status) << text << response.text;
    EXPECT_TRUE(response.whole) << text << response.text;
    EXPECT_EQ(response.field("connection"), "close") << text;
    EXPECT_NE(response.body, "") << text;
    EXPECT_TRUE(client.ended()) << text;
}

TEST(serve_abuse, heads_that_two_readers_could_understand_differently)
{
    const Server server(act);
    constexpr auto begin = "GET /cat HTTP/1.1\r\nHost: x\r\n";
    struct Case {
        std::string_view rest;
        unsigned status;
    };
    for (const auto& [rest, status] : {
             Case{"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400},
             Case{"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400},
             Case{"Content-Length: 3, 3\r\n\r\nabc", 400},
             Case{"Content-Length: -3\r\n\r\nabc", 400},
             Case{"Content-Length: +3\r\n\r\nabc", 400},
             Case{"Content-Length: 0x3\r\n\r\nabc", 400},
             Case{"Content-Length:\r\n\r\nabc", 400},
             Case{"Content-Length: 18446744073709551616\r\n\r\nabc", 400},
             Case{"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
             Case{"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400},
             Case{"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 501},
             Case{"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501},
             Case{"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 400},
             Case{"Transfer-Encoding:\x0b"
                  "chunked\r\n\r\n0\r\n\r\n",
                  400},
             Case{"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400},
             Case{"A: b\rc\r\n\r\n", 400},
             Case{"A: b\nC: d\r\n\r\n", 400},
             Case{"A: b\r\n folded\r\n\r\n", 400},
             Case{"A: b\r\n\tfolded\r\n\r\n", 400},
             Case{"A: \0\r\n\r\n"sv, 400},
             Case{"\0: b\r\n\r\n"sv, 400},
             Case{"A: \x01\r\n\r\n", 400},
             Case{"A: \x7f\r\n\r\n", 400},
             Case{"no colon\r\n\r\n", 400},
             Case{": no name\r\n\r\n", 400},
             Case{"A\xc3\xa9: b\r\n\r\n", 400},
             Case{"Host: y\r\n\r\n", 400},
         })
        expect_refused(server, begin + std::string(rest), status);
    expect_well(server);
}

TEST(serve_abuse, request_lines_that_are_none)
{
    const Server server(act);
    struct Case {
        std::string_view text;
        unsigned status;
    };
    for (const auto& [text, status] : {
             Case{"GET /cat\r\n\r\n", 400}, Case{"GET /cat HTTP/1.1\nHost: x\n\n", 400},
             Case{"GET /cat HTTP/1.1\r\n\r\n", 400}, // no host
             Case{"GET /cat HTTP/0.9\r\nHost: x\r\n\r\n", 505}, Case{"GET /cat HTTP/2.0\r\nHost: x\r\n\r\n", 505},
             Case{"GET /cat HTTP/1.10\r\nHost: x\r\n\r\n", 400}, Case{"GET  /cat HTTP/1.1\r\nHost: x\r\n\r\n", 400},
             Case{"GET /c at HTTP/1.1\r\nHost: x\r\n\r\n", 400}, Case{"GET cat HTTP/1.1\r\nHost: x\r\n\r\n", 400},
             Case{"GET /c\0t HTTP/1.1\r\nHost: x\r\n\r\n"sv, 400}, Case{"G\x80T /cat HTTP/1.1\r\nHost: x\r\n\r\n", 400},
             Case{"GET http://y/cat HTTP/1.1\r\nHost: x\r\n\r\n", 400},
             Case{"GET /cat HTTP/1.1\r\nHost: x/y\r\n\r\n", 400},
             Case{"CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n", 501}, Case{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
             Case{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"sv, 400}, // TLS where none is spoken
         })
        expect_refused(server, text, status);
    expect_well(server);
}

TEST(serve_abuse, odd_chunks)
{
    const Server server(act);
    for (const auto chunks : {
             "-1\r\na\r\n0\r\n\r\n"sv,
             "+1\r\na\r\n0\r\n\r\n"sv,
             "0x1\r\na\r\n0\r\n\r\n"sv,
             " 1\r\na\r\n0\r\n\r\n"sv,
             "1 \r\na\r\n0\r\n\r\n"sv,
             "1\na\r\n0\r\n\r\n"sv,
             "1\r\na\n0\r\n\r\n"sv,
             "1\r\nab\r\n0\r\n\r\n"sv,
             "1\r\na\r0\r\n\r\n"sv,
             "g\r\n"sv,
             "\r\n"sv,
             ";x\r\na\r\n0\r\n\r\n"sv,
             "1;\x01\r\na\r\n0\r\n\r\n"sv,
             "1;x\ny\r\na\r\n0\r\n\r\n"sv,
             "ffffffffffffffff\r\na"sv,
             "10000000000000001\r\na"sv,
             "1\r\na\r\n0\r\n folded: t\r\n\r\n"sv,
             "1\r\na\r\n0\r\nT: \0\r\n\r\n"sv,
             "1\r\na\r\n0\r\nT: t\n\r\n"sv,
         }) {
        // The body is read to its end before the answer begins, so that there is one to refuse.
        expect_refused(
            server, "POST /count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(chunks), 400);
    }
    expect_well(server);
}

TEST(serve_abuse, unusual_chunks_that_are_right)
{
    const Server server(act);
    for (const auto chunks : {
             "3;a=b;c=\"d\"\r\nabc\r\n0;last\r\n\r\n"sv,
             "0003\r\nabc\r\n000\r\n\r\n"sv,
             "1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\nTrailer: t\r\nAnother: u\r\n\r\n"sv,
         }) {
        const auto response =
            server.raw("POST /cat HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(chunks));
        EXPECT_EQ(response.body, "abc") << chunks << response.text;
    }
}

TEST(serve_abuse, heads_without_measure)
{
    const Server server(act, {"--max-head", "4KiB"});
    expect_refused(server, "GET /" + std::string(5000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", 414);
    expect_refused(server, std::string(5000, 'G'), 414);
    expect_refused(server, request("GET", "/cat", "A: " + std::string(5000, 'a') + "\r\n"), 431);
    std::string fields;
    for (int i = 0; i < 150; ++i)
        fields += "A:\r\n";
    expect_refused(server, request("GET", "/cat", fields), 431);
    std::string endless = "GET /cat HTTP/1.1\r\n";
    while (endless.size() < 100'000)
        endless += "Endless: field\r\n";
    expect_refused(server, endless, 431);
    expect_well(server);
}

TEST(serve_abuse, bodies_without_measure)
{
    const Server server(module_entry("/...", "max_body = \"1KiB\""));
    EXPECT_EQ(server.post("/count", std::string(1024, 'a')).body, "read 1024\n");
    for (const std::string_view action : {"/count", "/nap?0"}) {
        Client client(server.port());
        client.send(request("POST", action, "Content-Length: 1025\r\n"));
        const auto response = client.read_response();
        EXPECT_EQ(response.status, 413) << response.text;
        EXPECT_NE(response.body.find("too large"), std::string::npos) << response.text;
    }
    // Where nobody says how long it is: refused as soon as it is too long, though it never ends.
    Client client(server.port());
    client.send(request("POST", "/count", "Transfer-Encoding: chunked\r\n"));
    client.send("400\r\n" + std::string(1024, 'a') + "\r\n1\r\nb\r\n");
    EXPECT_EQ(client.read_response().status, 413);
    expect_well(server);
}

TEST(serve_abuse, continue_is_not_said_to_a_body_that_is_too_long)
{
    const Server server(module_entry("/...", "max_body = 10"));
    Client client(server.port());
    client.send(request("POST", "/count", "Expect: 100-continue\r\nContent-Length: 11\r\n"));
    EXPECT_EQ(client.read_response().status, 413);
    EXPECT_TRUE(client.ended()); // whether the body still comes is not known
    Client other(server.port());
    other.send(request("POST", "/count", "Expect: 100-continue\r\nContent-Length: 2\r\n"));
    EXPECT_EQ(other.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    other.send("ok" + request("POST", "/cat", "Expect: 100-continue\r\nContent-Length: 2\r\n"));
    EXPECT_EQ(other.read_response().body, "read 2\n");
    // Also where the module begins its answer before it reads.
    EXPECT_EQ(other.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    other.send("ok" + request("GET", "/healthz"));
    EXPECT_EQ(other.read_response().body, "ok");
    EXPECT_EQ(other.read_response().body, "OK");
}

TEST(serve_abuse, clients_that_send_slowly)
{
    const Server server(act, impatient);
    Client silent(server.port()), head(server.port()), drop_by_drop(server.port()), body(server.port()),
        chunk(server.port());
    head.send("GET /cat HTTP/1.1\r\nHos");
    body.send(request("POST", "/count", "Content-Length: 5\r\n") + "ab");
    chunk.send(request("POST", "/count", "Transfer-Encoding: chunked\r\n") + "5\r\nab");
    EXPECT_TRUE(silent.ended());
    EXPECT_EQ(head.read_response().status, 408);
    EXPECT_EQ(body.read_response().status, 408);
    EXPECT_EQ(chunk.read_response().status, 408);
    // Every byte is in time, the head is not.
    drop_by_drop.send("GET /cat HTTP/1.1\r\n");
    while (drop_by_drop.send("A"))
        usleep(10'000);
    expect_well(server);
}

TEST(serve_abuse, body_that_drips_does_not_outlast_the_module)
{
    const Server server(module_entry("/...", "timeout = \"150ms\""));
    Client client(server.port());
    client.send(request("POST", "/count", "Content-Length: 1000000\r\n"));
    for (int i = 0; i < 100 && client.send("a"); ++i)
        usleep(5'000);
    EXPECT_EQ(client.read_response().status, 408);
    expect_well(server);
}

TEST(serve_abuse, client_that_never_reads)
{
    const Server server(act, {"--transfer-timeout", "100ms"});
    Client client(server.port(), 4096);
    client.send(request("GET", "/pour?100000000"));
    EXPECT_TRUE(eventually([&] { return server.get("/healthz").status == 200; }));
    usleep(400'000); // longer than it is waited for
    const auto answer = client.read_all();
    EXPECT_LT(answer.size(), 50'000'000u);
    EXPECT_FALSE(client.timed_out()); // cut, and not just silent
    EXPECT_EQ(server.errors().find("poured"), std::string::npos) << "the guest went on";
    expect_well(server);
}

TEST(serve_abuse, many_requests_of_a_client_that_never_reads)
{
    const Server server(act, {"--transfer-timeout", "100ms"});
    Client client(server.port(), 4096);
    std::string many;
    for (int i = 0; i < 1000; ++i)
        many += request("GET", "/pour?10000");
    client.send_some(many);
    usleep(400'000);
    client.read_all();
    EXPECT_FALSE(client.timed_out());
    expect_well(server);
}

TEST(serve_abuse, client_that_disappears_takes_its_guest_along)
{
    const Server server(module_entry("/...", "max_concurrency = 1\ntimeout = \"60s\"\nqueue_timeout = \"60s\""));
    for (const auto& target : {"/spin"s, "/nap?50000"s, "/cat"s, "/pour?1000000000"s}) {
        Client client(server.port());
        client.send(request("POST", target, target == "/cat" ? "Content-Length: 5\r\n" : ""));
        usleep(30'000);
        // So its place is free again, long before its time is over.
        client.reset();
        expect_well(server);
        Client quiet(server.port());
        quiet.send(request("GET", target));
        usleep(30'000);
        quiet.close();
        expect_well(server);
    }
    Client waiting(server.port());
    waiting.send(request("GET", "/spin"));
    usleep(30'000);
    Client in_line(server.port());
    in_line.send(request("GET", "/spin"));
    usleep(30'000);
    in_line.reset();
    waiting.reset();
    expect_well(server);
}

TEST(serve_abuse, more_connections_than_there_may_be_wait)
{
    const Server server(act, {"--max-connections", "3"});
    std::vector<std::unique_ptr<Client>> idle;
    for (int i = 0; i < 3; ++i) {
        idle.push_back(std::make_unique<Client>(server.port()));
        idle.back()->send(request("GET", "/healthz"));
        EXPECT_EQ(idle.back()->read_response().status, 200);
    }
    Client fourth(server.port());
    fourth.send(request("GET", "/healthz"));
    idle.pop_back();
    EXPECT_EQ(fourth.read_response().status, 200);
}

TEST(serve_abuse, more_connections_than_descriptors)
{
    const Server server(act, {}, {"/usr/bin/prlimit", "--nofile=40"});
    expect_well(server);
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 100; ++i) {
        clients.push_back(std::make_unique<Client>(server.port()));
        clients.back()->send(request("GET", "/healthz", "Connection: close\r\n"));
    }
    // Whoever was answered makes room for the next.
    for (const auto& one : clients)
        EXPECT_EQ(one->read_response().body, "OK");
    for (const auto& one : clients)
        one->close();
    expect_well(server);
}

TEST(serve_abuse, guests_cannot_inject_into_the_answer)
{
    const Server server(act);
    struct Case {
        std::string_view printed;
        unsigned status;
    };
    for (const auto& [printed, status] : {
             Case{"content-type: a\rX: b\n\nbody", 500},
             Case{"content-type: a\0b\n\nbody"sv, 500},
             Case{"content-type: a\nX\rY: b\n\nbody", 500},
             Case{"content-type: a\nX Y: b\n\nbody", 500},
             Case{"content-type: a\n: b\n\nbody", 500},
             Case{"content-type: a\nX\xff: b\n\nbody", 500},
             Case{"content-type: a\nno colon\n\nbody", 500},
             Case{"status: 200 O\rK\n\nbody", 500},
             Case{"status: 200 O\x01K\n\nbody", 500},
             Case{"status: 99\n\nbody", 502},
             Case{"status: 1000\n\nbody", 502},
             Case{"status: 200OK\n\nbody", 502},
             Case{"status: 101\n\nbody", 502},
             Case{"status: -200\n\nbody", 502},
         }) {
        const auto response = server.get("/print?" + percent_encoded(printed));
        EXPECT_EQ(response.status, status) << printed << response.text;
        EXPECT_TRUE(response.whole);
        EXPECT_EQ(response.field("x"), "") << response.text;
    }
    // Fields of the framing are the server's own.
    const auto framed =
        server.get("/print?" + percent_encoded("content-type: a\nTransfer-Encoding: gzip\nConnection: x\n"
                                               "Keep-Alive: 1\nUpgrade: h2c\nTrailer: a\n\nbody"));
    EXPECT_EQ(framed.status, 200);
    EXPECT_EQ(framed.body, "body");
    for (const auto* const name : {"transfer-encoding", "connection", "keep-alive", "upgrade", "trailer"})
        EXPECT_EQ(framed.field(name), "") << framed.text;
}

TEST(serve_abuse, length_that_a_guest_gets_wrong_does_not_confuse_the_client)
{
    const Server server(act);
    Client longer(server.port());
    longer.send(request("GET", "/print?" + percent_encoded("content-type: a\ncontent-length: 3\n\nabcdef")) +
                request("GET", "/healthz"));
    EXPECT_EQ(longer.read_response().body, "abc");
    EXPECT_EQ(longer.read_response().body, "OK");
    Client shorter(server.port());
    shorter.send(request("GET", "/print?" + percent_encoded("content-type: a\ncontent-length: 30\n\nabcdef")) +
                 request("GET", "/healthz"));
    const auto cut = shorter.read_response();
    EXPECT_FALSE(cut.whole);
    EXPECT_EQ(cut.body, "abcdef");
    EXPECT_TRUE(shorter.ended());
}

TEST(serve_abuse, heads_of_guests_without_measure)
{
    const Server server(act);
    std::string head = "content-type: a\n";
    while (head.size() < 10'000)
        head += "x-field: " + std::string(100, 'y') + "\n";
    EXPECT_EQ(server.get("/print?" + percent_encoded(head.substr(0, 9'000) + "\n\nbody")).body, "body");
    const auto endless = server.get("/chatter");
    EXPECT_EQ(endless.status, 500);
    EXPECT_TRUE(server.said("larger than 65536 bytes")) << server.errors();
}

} // namespace
} // namespace trellis::testing
