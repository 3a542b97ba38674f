// --strict-wagi: the original's behaviour where the usual one is repaired (docs/reference/wagi.md).
#include "serve/server.hpp"

#include <gtest/gtest.h>

namespace trellis::testing {
namespace {

using namespace std::string_literals;

std::string printing(std::string_view text)
{
    return "/act/print?" + percent_encoded(text);
}

class serve_strict_wagi : public ::testing::Test {
protected:
    const Server server_{module_entry("/limited/...", "timeout = \"100ms\"\nmax_body = 10") +
                             module_entry("/get", "methods = [\"GET\"]") + module_entry("/act/..."),
                         {"--strict-wagi", "--hostname", "default.test:99"}};
};

TEST_F(serve_strict_wagi, failures_are_500_without_a_body)
{
    for (const auto* const target :
         {"/act/trap", "/act/half?100", "/act/half?100000", "/act/exit?1", "/limited/spin", "/limited/nap?9000"}) {
        const auto response = server_.get(target);
        EXPECT_EQ(response.status, 500) << target;
        EXPECT_TRUE(response.whole) << target;
        EXPECT_EQ(response.body, "") << target;
        EXPECT_EQ(response.field("content-type"), "") << target;
    }
}

TEST_F(serve_strict_wagi, exit_is_an_end_like_any_other_by_default)
{
    const Server usual(module_entry("/..."));
    const auto response = usual.post("/exit?1", "body");
    EXPECT_EQ(response.status, 200) << response.text;
    EXPECT_EQ(response.body, "body");
    EXPECT_EQ(server_.get("/act/exit?1").status, 500);
    EXPECT_EQ(server_.get("/act/exit?0").status, 200); // the end of main, not the exit
}

TEST_F(serve_strict_wagi, what_the_server_refuses_has_no_body)
{
    for (const auto& [response, status] :
         {std::pair(server_.get("/nothing"), 404u), std::pair(server_.post("/get", ""), 405u),
          std::pair(server_.post("/limited/cat", "eleven byte"), 413u)}) {
        EXPECT_EQ(response.status, status);
        EXPECT_EQ(response.body, "");
    }
}

TEST_F(serve_strict_wagi, answers_that_are_none_are_explained)
{
    for (const auto& target : {printing("x: y\n\nbody"), printing("content-type: a\n"), "/act/silent"s}) {
        const auto response = server_.get(target);
        EXPECT_EQ(response.status, 500) << target;
        EXPECT_NE(response.body.find("content-type"), std::string::npos) << response.text;
    }
}

TEST_F(serve_strict_wagi, status_that_is_no_number_is_502_with_the_modules_body)
{
    const auto response = server_.get(printing("status: x\ncontent-type: a/b\n\nbody"));
    EXPECT_EQ(response.status, 502);
    EXPECT_EQ(response.field("content-type"), "a/b");
    EXPECT_EQ(response.body, "body");
}

TEST_F(serve_strict_wagi, lines_that_are_no_headers_are_passed_over)
{
    const auto response = server_.get(printing("no colon\nA B: c\ncontent-type: a\rb\r\n\r\nbody\r\n"));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.field("content-type"), "ab");
    EXPECT_EQ(response.body, "body\r\n");
}

TEST_F(serve_strict_wagi, health_is_two_letters)
{
    const auto response = server_.get("/healthz");
    EXPECT_EQ(response.text.substr(response.text.find("\r\n\r\n")), "\r\n\r\nOK");
    EXPECT_EQ(response.field("content-type"), "");
    EXPECT_EQ(Server(module_entry("/...")).get("/healthz").body, "OK");
}

TEST_F(serve_strict_wagi, body_is_there_before_the_module_starts)
{
    Client client(server_.port());
    client.send(request("POST", "/act/env", "Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n");
    usleep(50'000);
    client.send("4\r\ndefg\r\n0\r\n\r\n");
    const auto response = client.read_response();
    EXPECT_NE(response.body.find("\nCONTENT_LENGTH=7\n"), std::string::npos) << response.text;
    EXPECT_EQ(server_.post("/act/cat", "hello").body, "hello");
    const std::string long_body(1'000'000, 'x');
    EXPECT_EQ(server_.post("/act/cat", long_body).body, long_body);
    EXPECT_EQ(server_.post("/act/scatter", long_body).body, long_body);
}

TEST_F(serve_strict_wagi, answer_has_its_length)
{
    const auto response = server_.get("/act/pour?100000");
    EXPECT_EQ(response.field("content-length"), "100000");
    EXPECT_EQ(response.field("transfer-encoding"), "");
}

TEST_F(serve_strict_wagi, host_without_a_port_has_the_configured_one)
{
    Client client(server_.port());
    client.send("GET /act/env HTTP/1.1\r\nHost: a.test\r\n\r\n");
    const auto body = client.read_response().body;
    EXPECT_NE(body.find("\nSERVER_NAME=a.test\n"), std::string::npos) << body;
    EXPECT_NE(body.find("\nSERVER_PORT=99\n"), std::string::npos) << body;
}

} // namespace
} // namespace trellis::testing
