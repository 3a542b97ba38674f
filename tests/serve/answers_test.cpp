// What a client gets for what a module does: versions and methods of HTTP, streaming, repeated fields, and failures
// with their reason.
#include "serve/server.hpp"

#include <gtest/gtest.h>

namespace trellis::testing {
namespace {

using namespace std::string_literals;

const std::string act = module_entry("/...");

std::string printing(std::string_view text)
{
    return "/print?" + percent_encoded(text);
}

TEST(serve_answers, old_clients)
{
    const Server server(act);
    Client closing(server.port());
    closing.send("GET /print?" + percent_encoded("content-type: a/b\n\nbody") + " HTTP/1.0\r\n\r\n");
    auto response = closing.read_response();
    EXPECT_EQ(response.body, "body");
    EXPECT_EQ(response.field("connection"), "close");
    EXPECT_TRUE(closing.ended());
    // A long answer has no length, and no chunks either: its end is the connection's.
    Client streaming(server.port());
    streaming.send("GET /pour?100000 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    response = streaming.read_response();
    EXPECT_EQ(response.field("transfer-encoding") + response.field("content-length"), "");
    EXPECT_EQ(response.body.size(), 100'000u);
    Client staying(server.port());
    for (int i = 0; i < 2; ++i) {
        staying.send("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        response = staying.read_response();
        EXPECT_EQ(response.field("connection"), "keep-alive");
    }
}

TEST(serve_answers, head_has_the_fields_and_no_body)
{
    const Server server(act);
    Client client(server.port());
    for (const auto* const target : {"/print?%73tatus%3a%20200%0a%0abody", "/pour?100000", "/healthz", "/nothing"}) {
        client.send(request("HEAD", target) + request("GET", "/healthz"));
        EXPECT_NE(client.read_response(true).status, 0u) << target;
        EXPECT_EQ(client.read_response().body, "OK") << target; // so nothing stood in between
    }
    client.send(request("HEAD", printing("content-type: a\n\nbody")));
    EXPECT_EQ(client.read_response(true).field("content-length"), "4");
}

TEST(serve_answers, statuses_without_a_body)
{
    const Server server(act);
    for (const auto* const status : {"204", "304"}) {
        Client client(server.port());
        client.send(request("GET", printing("status: "s + status + "\n\nbody")) + request("GET", "/healthz"));
        const auto response = client.read_response();
        EXPECT_EQ(std::to_string(response.status), status);
        EXPECT_EQ(response.field("content-length") + response.field("transfer-encoding"), "");
        EXPECT_EQ(client.read_response().body, "OK");
    }
    // What a 304 stands for may have a length, if the module says so.
    const auto known = server.get(printing("status: 304\ncontent-length: 12\n\n"));
    EXPECT_EQ(known.field("content-length"), "12");
}

TEST(serve_answers, pipelined_requests_in_order)
{
    const Server server(act);
    Client client(server.port());
    std::string many;
    for (int i = 0; i < 100; ++i)
        many += request("POST", "/cat", "", "request " + std::to_string(i)) + "\r\n"; // an empty line is forgiven
    client.send(many + request("GET", "/healthz", "Connection: close\r\n") + request("GET", "/after"));
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(client.read_response().body, "request " + std::to_string(i));
    EXPECT_EQ(client.read_response().body, "OK");
    EXPECT_TRUE(client.ended());
}

TEST(serve_answers, body_that_nobody_reads_is_no_request)
{
    const Server server(act);
    Client client(server.port());
    client.send(request("POST", "/nap?0", "", "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n") +
                request("GET", "/healthz"));
    EXPECT_EQ(client.read_response().body, "slept\n");
    EXPECT_EQ(client.read_response().body, "OK");
    // A long one isn't waited for.
    Client rude(server.port());
    rude.send(request("POST", "/nap?0", "Content-Length: 60000000\r\n") + std::string(1'000'000, 'x'));
    EXPECT_EQ(rude.read_response().body, "slept\n");
    EXPECT_TRUE(rude.ended());
}

TEST(serve_answers, first_bytes_come_before_the_module_ends)
{
    const Server server(module_entry("/...", "timeout = \"60s\""));
    Client client(server.port());
    client.send(request("POST", "/cat", "Transfer-Encoding: chunked\r\n"));
    for (const std::string word : {"one", "two", "three"}) {
        client.send("5\r\n" + (word + "     ").substr(0, 5) + "\r\n");
        EXPECT_NE(client.read_until(word).find(word), std::string::npos); // while the request's body goes on
    }
    client.send("0\r\n\r\n");
    EXPECT_TRUE(client.read_until("0\r\n\r\n").ends_with("0\r\n\r\n"));
    // Also what is written before it sleeps, or before it computes for long.
    for (const auto* const target : {"/speak_and_nap", "/speak_and_spin"}) {
        Client other(server.port());
        other.send(request("GET", target));
        EXPECT_NE(other.read_until("spoken").find("200 OK"), std::string::npos);
        other.reset();
    }
}

TEST(serve_answers, client_that_sends_fast_waits_for_the_module)
{
    const Server server(module_entry("/...", "timeout = \"60s\""));
    Client client(server.port());
    const std::string body(64'000'000, 'x');
    client.send(request("POST", "/nap?1000", "Content-Length: 64000000\r\n"));
    std::size_t sent = 0;
    for (int i = 0; i < 100; ++i) {
        sent += client.send_some(std::string_view(body).substr(sent));
        usleep(2'000);
    }
    EXPECT_LT(sent, 32'000'000u); // what the system keeps in between
    EXPECT_EQ(client.read_response().body, "slept\n");
}

TEST(serve_answers, module_that_writes_fast_waits_for_the_client)
{
    const Server server(act);
    Client client(server.port(), 4096);
    client.send(request("GET", "/pour?64000000"));
    usleep(300'000);
    EXPECT_EQ(server.errors().find("poured"), std::string::npos);
    const auto response = client.read_response();
    EXPECT_TRUE(response.whole);
    EXPECT_EQ(response.body.size(), 64'000'000u);
    EXPECT_TRUE(server.said("poured"));
}

TEST(serve_answers, client_that_ends_its_side_gets_its_answer)
{
    const Server server(act);
    Client client(server.port());
    client.send(request("GET", "/nap?400")); // longer than it takes to notice
    client.end();
    std::string interim;
    while ((interim = client.read_until("\r\n\r\n")).starts_with("HTTP/1.1 100 ")) {
    }
    EXPECT_TRUE(interim.starts_with("HTTP/1.1 200 ")) << interim;
    EXPECT_EQ(client.read_all(), "slept\n");
}

TEST(serve_answers, reading_with_an_empty_part_is_no_end)
{
    const Server server(act);
    EXPECT_EQ(server.post("/scatter", std::string(1000, 'x')).body, std::string(1000, 'x'));
}

TEST(serve_answers, repeated_fields_stay_in_order)
{
    const Server server(act);
    const auto response = server.get(
        printing("Set-Cookie: a=1\ncontent-type: text/plain\nset-cookie: b=2\nX: 3\nSet-Cookie: a=4\n\nbody"));
    EXPECT_EQ(response.field("set-cookie"), "a=1|b=2|a=4");
    const auto asked = server.get("/env", "A: 1\r\nCookie: x=1\r\nB: 2\r\nA: 3\r\nCookie: y=2\r\na: 4\r\n");
    EXPECT_NE(asked.body.find("\nHTTP_A=1, 3, 4\n"), std::string::npos) << asked.body;
    EXPECT_NE(asked.body.find("\nHTTP_COOKIE=x=1; y=2\n"), std::string::npos) << asked.body;
    const Server strict(act, {"--strict-wagi"});
    EXPECT_EQ(strict.get(printing("Set-Cookie: a=1\nstatus: 200\nset-cookie: b=2\n\nbody")).field("set-cookie"), "b=2");
}

TEST(serve_answers, failures_have_a_status_and_a_reason)
{
    const Server server(module_entry("/fuel/...", "fuel = 100000") +
                        module_entry("/big/...", "max_memory = \"64KiB\"") +
                        module_entry("/...", "timeout = \"200ms\"\nmax_memory = \"8MiB\""));
    struct Case {
        std::string target;
        unsigned status;
        std::string_view reason;
    };
    for (const auto& [target, status, reason] : {
             Case{"/trap", 502, "the module trapped: unreachable"},
             Case{"/spin", 504, "the module took too long"},
             Case{"/nap?100000", 504, "the module took too long"},
             Case{"/fuel/spin", 502, "the module used more fuel than it may"},
             Case{"/big/env", 503, "no room for another instance of the module"},
             Case{"/silent", 500, "the module ended before the empty line that ends its headers"},
             Case{printing("x: y\n\n"), 500, "the module's answer is no response"},
             Case{printing("status: x\n\n"), 502, "the module's answer is no response"},
         }) {
        const auto response = server.get(target);
        EXPECT_EQ(response.status, status) << target << response.text;
        EXPECT_NE(response.body.find(reason), std::string::npos) << target << response.text;
        EXPECT_TRUE(response.field("content-type").starts_with("text/plain")) << target;
        // Neither paths nor names of functions are for clients.
        EXPECT_EQ(response.text.find("act"), std::string::npos) << response.text;
        EXPECT_EQ(response.text.find("0x"), std::string::npos) << response.text;
    }
    EXPECT_TRUE(server.said("unreachable"));
    EXPECT_EQ(server.get("/grow?100").body.substr(0, 4), "MiB "); // malloc fails, the module goes on
    EXPECT_LT(std::stoi(server.get("/grow?100").body.substr(4)), 8);
    const Server strict(module_entry("/..."), {"--strict-wagi"});
    const auto silent = strict.get("/trap");
    EXPECT_EQ(silent.body, "") << silent.text;
}

TEST(serve_answers, answer_that_began_and_failed_is_not_whole)
{
    const Server server(act);
    const auto response = server.get("/half?100000");
    EXPECT_EQ(response.status, 200u);
    EXPECT_FALSE(response.whole);
    // A short one hasn't left yet, so the client learns what happened.
    EXPECT_EQ(server.get("/half?100").status, 502u);
    EXPECT_EQ(server.get("/healthz").status, 200u);
}

TEST(serve_answers, each_module_has_its_own_environment)
{
    const Server server(module_entry("/a/...", "environment = {WHO = \"a\", REQUEST_METHOD = \"NONE\"}") +
                            module_entry("/b/..."),
                        {"--env", "WHO=all", "--env", "STAGE=test"});
    const auto one = server.get("/a/env").body, other = server.get("/b/env").body;
    EXPECT_NE(one.find("\nWHO=a\n"), std::string::npos) << one;
    EXPECT_NE(one.find("\nSTAGE=test\n"), std::string::npos) << one;
    EXPECT_NE(one.find("\nREQUEST_METHOD=GET\n"), std::string::npos) << one;
    EXPECT_NE(other.find("\nWHO=all\n"), std::string::npos) << other;
}

TEST(serve_answers, requests_over_the_concurrency_wait_their_turn)
{
    const Server server(module_entry("/...", "max_concurrency = 1\nqueue_timeout = \"60s\""));
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 5; ++i) {
        clients.push_back(std::make_unique<Client>(server.port()));
        clients.back()->send(request("GET", "/nap?50"));
    }
    for (const auto& one : clients)
        EXPECT_EQ(one->read_response().body, "slept\n");

    const Server busy(module_entry("/...", "max_concurrency = 1\nqueue_timeout = \"50ms\""));
    Client first(busy.port());
    first.send(request("POST", "/cat", "Transfer-Encoding: chunked\r\n") + "1\r\na\r\n");
    first.read_until("a\r\n");
    const auto refused = busy.get("/env");
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(refused.field("retry-after"), "1");
    EXPECT_NE(refused.body.find("busy"), std::string::npos);
    first.send("0\r\n\r\n");
    EXPECT_TRUE(first.read_until("0\r\n\r\n").ends_with("0\r\n\r\n"));
    EXPECT_EQ(busy.get("/nap?0").status, 200);
}

TEST(serve_answers, an_endless_loop_leaves_time_for_others)
{
    const Server server(module_entry("/loop/...", "timeout = \"60s\"") + module_entry("/..."));
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 64; ++i) {
        clients.push_back(std::make_unique<Client>(server.port()));
        clients.back()->send(request("GET", "/loop/spin"));
    }
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(server.post("/cat", "hello").body, "hello");
    for (const auto& one : clients)
        one->reset();
}

} // namespace
} // namespace trellis::testing
