// Guests that ask other servers: only those that were granted, by name and by address.
#include "serve/server.hpp"

#include <csignal>
#include <gtest/gtest.h>

namespace trellis::testing {
namespace {

constexpr int not_allowed = 7, request_failed = 11; ///< of wasi_experimental_http

class serve_outbound : public ::testing::Test {
protected:
    [[nodiscard]] std::string at(const std::string& host) const
    {
        return "http://" + host + ":" + std::to_string(target_.port());
    }
    static std::string granting(const std::string& hosts, const std::string& more = "")
    {
        return module_entry("/ask", "allowed_hosts = [" + hosts + "]\n" + more, TRELLIS_SERVE_GUESTS "/ask.wasm");
    }
    static std::string failed(int error) { return "error " + std::to_string(error) + "\n"; }
    static std::string quoted(const std::string& text) { return '"' + text + '"'; }

    Server target_{module_entry("/...")};
};

TEST_F(serve_outbound, granted_hosts_answer)
{
    const Server server(granting(quoted(at("127.0.0.1"))));
    const auto answer = server.get("/ask?" + at("127.0.0.1") + "/healthz");
    EXPECT_EQ(answer.body, "error 0\nstatus 200\nOK") << server.errors();
    EXPECT_EQ(server.get("/ask?" + at("127.0.0.1") + "/trap").body.substr(0, 19), "error 0\nstatus 502\n");
}

TEST_F(serve_outbound, others_do_not)
{
    const Server server(granting(quoted(at("127.0.0.1"))));
    for (const std::string& url :
         {at("127.0.0.2") + "/healthz", at("localhost") + "/healthz", at("127.0.0.1.example.com") + "/",
          at("127.0.0.1@127.0.0.2") + "/", std::string("http://127.0.0.1:1/"), std::string("https://127.0.0.1/")}) {
        const auto answer = server.get("/ask?" + url);
        EXPECT_NE(answer.body.substr(0, 8), "error 0\n") << url << answer.text;
    }
    EXPECT_EQ(server.get("/ask?" + at("127.0.0.2") + "/healthz").body, failed(not_allowed));
    const Server nobody(granting(""));
    EXPECT_EQ(nobody.get("/ask?" + at("127.0.0.1") + "/healthz").body, failed(not_allowed));
}

TEST_F(serve_outbound, names_do_not_lead_inside)
{
    // This machine's own name, where it has one, leads to an address that was not granted.
    char name[256] = {};
    ::gethostname(name, sizeof name - 1);
    const Server server(granting(quoted(at(name)) + ", \"insecure:allow-all\""));
    for (const std::string& host :
         {std::string(name), std::string("localhost"), std::string("127.1"), std::string("0x7f000001"),
          std::string("127.0.0.1"), std::string("[::1]"), std::string("0.0.0.0"), std::string("[::ffff:127.0.0.1]"),
          std::string("169.254.169.254"), std::string("10.0.0.1")}) {
        const auto answer = server.get("/ask?" + at(host) + "/healthz");
        EXPECT_TRUE(answer.body.starts_with("error ")) << host << answer.text;
        EXPECT_NE(answer.body.substr(0, 8), "error 0\n") << host << answer.text;
    }
    EXPECT_TRUE(server.said("leads to 127.0.0.1, which is inside and not among the allowed hosts")) << server.errors();

    const Server granted(granting(quoted(at("localhost"))));
    EXPECT_EQ(granted.get("/ask?" + at("localhost") + "/healthz").body, "error 0\nstatus 200\nOK") << granted.errors();
}

TEST_F(serve_outbound, requests_end_with_their_client_and_with_the_server)
{
    Server server(granting(quoted(at("127.0.0.1")), "max_concurrency = 1\ntimeout = \"60s\"\nqueue_timeout = \"60s\""));
    Client leaving(server.port());
    leaving.send(request("GET", "/ask?" + at("127.0.0.1") + "/nap?25000"));
    usleep(50'000);
    leaving.reset();
    EXPECT_EQ(server.get("/ask?" + at("127.0.0.1") + "/healthz").body, "error 0\nstatus 200\nOK");
    Client waiting(server.port());
    waiting.send(request("GET", "/ask?" + at("127.0.0.1") + "/nap?25000"));
    usleep(50'000);
    server.signal(SIGTERM);
    EXPECT_TRUE(server.said("stopping: "));
    server.signal(SIGTERM);
    const auto before = std::chrono::steady_clock::now();
    EXPECT_EQ(server.exit_code(), 0);
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(15));
}

TEST_F(serve_outbound, failures_are_in_the_log_and_end_with_the_module)
{
    const Server server(granting(quoted(at("127.0.0.1")) + ", \"http://127.0.0.1:1\"", "timeout = \"200ms\""));
    EXPECT_EQ(server.get("/ask?http://127.0.0.1:1/").body, failed(request_failed));
    EXPECT_TRUE(server.said("ask.wasm"));
    EXPECT_TRUE(server.said("127.0.0.1:1"));
    const auto late = server.get("/ask?" + at("127.0.0.1") + "/nap?20000");
    EXPECT_TRUE(late.status == 504 || late.body == failed(request_failed)) << late.text;
}

} // namespace
} // namespace trellis::testing
