// Guests, the client and a server on this machine, over real sockets.
#include "sandbox/http/outbound.hpp"

#include "net/http/test_server.hpp"
#include "sandbox/http/test_http_guest.hpp"

namespace trellis::sandbox {
namespace {

using net::EventLoop;
using net::IpAddress;
using net::http::Client;
using net::http::ClientSupport;
using net::http::Exchange;
using net::http::TestServer;

/// The name of this machine in tests leads where no guest may go, all others nowhere.
Result<std::vector<IpAddress>> look_up(const std::string& name)
{
    if (name == "localhost" || name == "inside.example")
        return std::vector{*IpAddress::parse("127.0.0.1")};
    return fail(ErrorCode::not_found, "no such name");
}

void answer(Exchange& exchange)
{
    const std::string& target = exchange.request().target;
    if (target == "/redirect") {
        net::http::ResponseHead head = {.status = 302};
        head.fields.add("Location", "/elsewhere");
        exchange.start(std::move(head));
    } else if (target == "/large") {
        exchange.start({});
        const std::string part(64 * 1024, 'x');
        for (int i = 0; i < 64; ++i)
            if (!exchange.write(std::as_bytes(std::span(part))))
                return;
    } else {
        net::http::echo(exchange);
    }
}

class sandbox_http_outbound : public testing::Test { // NOLINT: named like the other tests
protected:
    TestServer server{answer};
    std::shared_ptr<HttpPolicy> policy = std::make_shared<HttpPolicy>();
    ClientSupport support{look_up};
    EventLoop loop;
    std::unique_ptr<Client> client = Client::make(loop, support);

    [[nodiscard]] std::string url(const std::string& host, const std::string& target = "/") const
    {
        return format("http://{}:{}{}", host, server.listener.port(), target);
    }
    void allow(const std::string& host) { policy->allowed = AllowList::parse({url(host)}).value(); }
    /// With one guest, on a fiber.
    void with_guest(const std::function<void(HttpGuest&)>& body)
    {
        ASSERT_TRUE(loop.spawn([&] {
            HttpGuest guest(policy, {.client = *client});
            body(guest);
        }));
        loop.run();
        EXPECT_EQ(loop.fibers(), 0U);
    }
};

TEST_F(sandbox_http_outbound, a_guest_asks_and_is_answered)
{
    allow("localhost");
    with_guest([&](HttpGuest& guest) {
        ASSERT_EQ(guest.req(url("localhost", "/a b?c"), "POST", "x-one:1\n", "hello"), HttpError::success);
        EXPECT_EQ(guest.status(), 200);
        EXPECT_EQ(guest.read_all(guest.handle()), "POST /a%20b?c hello\n");
        EXPECT_EQ(guest.header(guest.handle(), "content-length"), "20");
    });
}

TEST_F(sandbox_http_outbound, names_that_lead_inside_are_refused_though_they_are_listed)
{
    allow("inside.example");
    with_guest([&](HttpGuest& guest) {
        EXPECT_EQ(guest.req(url("inside.example")), HttpError::destination_not_allowed);
        EXPECT_EQ(guest.req(url("127.0.0.1")), HttpError::destination_not_allowed) << "not listed";
    });
    EXPECT_EQ(server.server.connections(), 0U);
    policy->allowed = AllowList::parse({url("inside.example"), url("127.0.0.1")}).value();
    with_guest([&](HttpGuest& guest) {
        EXPECT_EQ(guest.req(url("inside.example")), HttpError::success) << "its address is listed, too";
        EXPECT_EQ(guest.req(url("127.0.0.1")), HttpError::success);
        EXPECT_EQ(guest.req(url("localhost")), HttpError::destination_not_allowed) << "not listed";
    });
}

TEST_F(sandbox_http_outbound, redirects_are_not_followed)
{
    allow("localhost");
    with_guest([&](HttpGuest& guest) {
        ASSERT_EQ(guest.req(url("localhost", "/redirect")), HttpError::success);
        EXPECT_EQ(guest.status(), 302);
        EXPECT_EQ(guest.header(guest.handle(), "location"), "/elsewhere");
    });
}

TEST_F(sandbox_http_outbound, large_bodies_come_in_pieces_and_end_at_the_bound)
{
    allow("localhost");
    with_guest([&](HttpGuest& guest) {
        ASSERT_EQ(guest.req(url("localhost", "/large")), HttpError::success);
        EXPECT_EQ(guest.read_all(guest.handle()).size(), 4U << 20);
        policy->response_bytes = 1 << 20;
        ASSERT_EQ(guest.req(url("localhost", "/large")), HttpError::success);
        const std::string read = guest.read_all(guest.handle());
        EXPECT_TRUE(read.ends_with("x<11>"));
        EXPECT_LE(read.size(), (1U << 20) + 4);
    });
}

TEST_F(sandbox_http_outbound, nobody_there_is_a_request_error)
{
    policy->allowed = AllowList::parse({"http://localhost:1", "http://unknown.example"}).value();
    with_guest([&](HttpGuest& guest) {
        EXPECT_EQ(guest.req("http://localhost:1/"), HttpError::request_error);
        EXPECT_EQ(guest.req("http://unknown.example/"), HttpError::request_error);
    });
}

TEST(sandbox_http_fibers, a_guest_that_waits_holds_up_nobody)
{
    EventLoop loop;
    net::Pause first_has_come(loop), second_is_done(loop);
    // On the guests' own loop: were the thread blocked, nobody would ever answer.
    net::http::Server server(loop, {}, [&](Exchange& exchange) {
        if (exchange.request().target == "/first") {
            first_has_come.wake();
            second_is_done.wait();
        }
        net::http::echo(exchange);
    });
    auto listener = std::move(net::http::Listener::open("127.0.0.1:0").value());
    server.accept_from(listener);
    const auto url = format("http://127.0.0.1:{}", listener.port());
    const auto policy = std::make_shared<HttpPolicy>();
    policy->allowed = AllowList::parse({url}).value();
    ClientSupport support;
    const auto client = Client::make(loop, support);
    std::string order;
    ASSERT_TRUE(loop.spawn([&] {
        HttpGuest guest(policy, {.client = *client});
        EXPECT_EQ(guest.req(url + "/first"), HttpError::success);
        order += guest.read_all(guest.handle());
        server.drain();
    }));
    ASSERT_TRUE(loop.spawn([&] {
        first_has_come.wait();
        HttpGuest guest(policy, {.client = *client});
        EXPECT_EQ(guest.req(url + "/second"), HttpError::success);
        order += guest.read_all(guest.handle());
        second_is_done.wake();
    }));
    loop.run();
    EXPECT_EQ(order, "GET /second \nGET /first \n");
}

} // namespace
} // namespace trellis::sandbox
