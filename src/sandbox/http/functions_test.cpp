#include "sandbox/http/functions.hpp"

#include "sandbox/http/test_http_guest.hpp"

#include <algorithm>

namespace trellis::sandbox {
namespace {

using net::http::ClientFault;
using net::http::ResponseHead;

/// Answers what it was told to, and keeps what it was asked.
class ScriptedClient final : public net::http::Client {
public:
    class Response final : public net::http::ClientResponse {
    public:
        Response(ResponseHead head, std::string body, int& open)
            : head_(std::move(head)), body_(std::move(body)), open_(open)
        {
            ++open_;
        }
        ~Response() override { --open_; }
        [[nodiscard]] const ResponseHead& head() const override { return head_; }
        [[nodiscard]] const net::http::Fields& trailers() const override { return trailers_; }
        net::http::ClientResult<std::size_t> read(std::span<std::byte> to) override
        {
            const std::size_t count = std::min({to.size(), body_.size(), std::size_t(1000)});
            std::memcpy(to.data(), body_.data(), count);
            body_.erase(0, count);
            return count;
        }

    private:
        ResponseHead head_;
        std::string body_;
        net::http::Fields trailers_;
        int& open_;
    };

    [[nodiscard]] net::EventLoop& loop() override { return loop_; }
    net::http::ClientResult<std::unique_ptr<net::http::ClientResponse>>
    send(const net::http::ClientRequest& request) override
    {
        ++requests;
        asked = format("{} {}://{}:{}{} of {}\n", request.method, request.secure ? "https" : "http", request.host,
                       request.port, request.target, request.authority);
        for (const auto& [name, value] : request.fields.all())
            asked += name + ": " + value + "\n";
        asked += std::string(reinterpret_cast<const char*>(request.body.data()), request.body.size());
        deadline = *request.deadline;
        if (!request.may_connect(address))
            return failed(ClientFault::address_denied, {ErrorCode::denied, "no address", {}});
        if (error)
            return failed(ClientFault::other, *error);
        return std::make_unique<Response>(head, body, open);
    }

    static std::unexpected<net::http::ClientError> failed(ClientFault fault, Error error)
    {
        return std::unexpected(net::http::ClientError(fault, std::move(error)));
    }

    net::EventLoop loop_;
    net::IpAddress address = net::IpAddress::parse("8.8.8.8").value();
    ResponseHead head;
    std::string body;
    std::optional<Error> error;

    int requests = 0;
    int open = 0;
    std::string asked;
    Instant deadline;
};

class sandbox_http : public testing::Test { // NOLINT: named like the other tests
protected:
    std::shared_ptr<HttpPolicy> policy = [] {
        auto made = std::make_shared<HttpPolicy>();
        made->allowed = AllowList::parse({"http://example.com", "https://example.com:8443"}).value();
        made->max_concurrent = 3;
        return made;
    }();
    ScriptedClient client;
    std::vector<std::string> reported;
    std::optional<HttpGuest> guest_;

    HttpGuest& guest()
    {
        if (!guest_)
            guest_.emplace(policy, HttpSurroundings{.client = client, .report = [this](const std::string& why) {
                                                        reported.push_back(why);
                                                    }});
        return *guest_;
    }
};

TEST_F(sandbox_http, a_request_goes_out_and_its_answer_is_read)
{
    client.head.status = 201;
    client.head.fields.add("Content-Type", "text/plain");
    client.head.fields.add("Set-Cookie", "a=1");
    client.head.fields.add("Set-Cookie", "b=2");
    client.body = "made";
    EXPECT_EQ(guest().req("https://example.com:8443/things?x=1", "POST", "Accept:*/*\nX-One: 1\n", "body"),
              HttpError::success);
    EXPECT_EQ(client.asked,
              "POST https://example.com:8443/things?x=1 of example.com:8443\nAccept: */*\nX-One: 1\nbody");
    EXPECT_EQ(guest().status(), 201);
    const auto handle = guest().handle();
    EXPECT_EQ(guest().header(handle, "content-TYPE"), "text/plain");
    EXPECT_EQ(guest().header(handle, "set-cookie"), "a=1");
    EXPECT_EQ(guest().header(handle, "absent"), "<5>");
    EXPECT_EQ(guest().headers(handle), "content-type:text/plain\nset-cookie:a=1\nset-cookie:b=2\n");
    EXPECT_EQ(guest().read(handle, 3), "mad");
    EXPECT_EQ(guest().read(handle, 0), "");
    EXPECT_EQ(guest().read(handle), "e");
    EXPECT_EQ(guest().read(handle), "");
    EXPECT_EQ(guest().call("close", {handle}), HttpError::success);
    EXPECT_EQ(client.open, 0);
    EXPECT_EQ(guest().read(handle), "<1>");
    EXPECT_EQ(guest().header(handle, "content-type"), "<1>");
    EXPECT_EQ(guest().headers(handle), "<1>");
    EXPECT_EQ(guest().call("close", {handle}), HttpError::success) << "as ever";
}

TEST_F(sandbox_http, what_is_not_allowed_is_not_asked)
{
    for (const char* url : {"http://other.example/", "https://example.com/", "http://example.com:8080/",
                            "http://www.example.com/", "http://127.0.0.1/"})
        EXPECT_EQ(guest().req(url), HttpError::destination_not_allowed) << url;
    policy->allowed = {};
    EXPECT_EQ(guest().req("http://example.com/"), HttpError::destination_not_allowed);
    EXPECT_EQ(client.requests, 0);
    EXPECT_EQ(reported.front(), "http://other.example is not among the allowed hosts");
}

TEST_F(sandbox_http, a_name_that_leads_inside_is_refused)
{
    for (const char* inside : {"127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "64:ff9b::10.0.0.1"}) {
        client.address = net::IpAddress::parse(inside).value();
        EXPECT_EQ(guest().req("http://example.com/"), HttpError::destination_not_allowed) << inside;
    }
    EXPECT_NE(reported.front().find("127.0.0.1, which is inside"), std::string::npos) << reported.front();
}

TEST_F(sandbox_http, arguments_have_errors_of_their_own)
{
    EXPECT_EQ(guest().req("example.com"), HttpError::invalid_url);
    EXPECT_EQ(guest().req("ftp://example.com/"), HttpError::invalid_url);
    EXPECT_EQ(guest().req("http://\xff/"), HttpError::utf8_error);
    for (const char* method : {"", "G T", "GET\r\n", "CONNECT", "connect"})
        EXPECT_EQ(guest().req("http://example.com/", method), HttpError::invalid_method) << method;
    for (const char* headers : {"no colon", "a:\x01", "{\"a\":\"b\"}"})
        EXPECT_EQ(guest().req("http://example.com/", "GET", headers), HttpError::invalid_encoding) << headers;
    EXPECT_EQ(guest().req("http://example.com/", "GET", "a:\xff"), HttpError::utf8_error);
    EXPECT_EQ(client.requests, 0);
    client.error = Error{ErrorCode::io, "connection refused", {}};
    EXPECT_EQ(guest().req("http://example.com/"), HttpError::request_error);
    EXPECT_EQ(reported.back(), "http://example.com: connection refused");
    client.error = Error{ErrorCode::denied, "the certificate is refused", {}};
    EXPECT_EQ(guest().req("http://example.com/"), HttpError::request_error);
}

TEST_F(sandbox_http, fields_of_the_connection_are_ours)
{
    EXPECT_EQ(guest().req("http://example.com/", "POST",
                          "Host:example.com\nConnection:close\nTransfer-Encoding:chunked\ncontent-length:4\nTE:x\n"
                          "Upgrade:x\nExpect:100-continue\nKeep:1\n",
                          "body"),
              HttpError::success);
    EXPECT_EQ(client.asked, "POST http://example.com:80/ of example.com\nKeep: 1\nbody");
    EXPECT_EQ(guest().req("http://example.com/", "POST", "Content-Length:5\n", "body"), HttpError::invalid_encoding);
    EXPECT_EQ(guest().req("http://example.com/", "GET", "Host:other.example\n"), HttpError::destination_not_allowed);
    EXPECT_EQ(guest().req("http://example.com/", "GET", "Host:example.com:8080\n"), HttpError::destination_not_allowed);
}

TEST_F(sandbox_http, responses_that_are_open_are_counted)
{
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(guest().req("http://example.com/"), HttpError::success);
    EXPECT_EQ(guest().req("http://example.com/"), HttpError::too_many_sessions);
    EXPECT_EQ(client.requests, 3);
    guest().call("close", {1});
    EXPECT_EQ(guest().req("http://example.com/"), HttpError::success);
    EXPECT_EQ(guest().handle(), 3U) << "a handle is not used again soon";
    EXPECT_EQ(guest().req("http://example.com/"), HttpError::too_many_sessions);
    EXPECT_EQ(client.open, 3);
    guest_.reset();
    EXPECT_EQ(client.open, 0) << "the guest's end closes what it left open";
}

TEST_F(sandbox_http, bodies_are_bounded)
{
    policy->response_bytes = 2500;
    client.body = std::string(3001, 'x');
    EXPECT_EQ(guest().req("http://example.com/"), HttpError::success);
    EXPECT_EQ(guest().read_all(guest().handle()), std::string(2000, 'x') + "<11>");
    EXPECT_EQ(guest().read(guest().handle()), "<11>") << "what was lost stays lost";
    client.body = std::string(2500, 'y');
    EXPECT_EQ(guest().req("http://example.com/"), HttpError::success);
    EXPECT_EQ(guest().read_all(guest().handle()), std::string(2500, 'y'));
}

TEST_F(sandbox_http, pointers_are_checked)
{
    constexpr std::uint32_t size = 65'536;
    const auto url = guest().put(0, "http://example.com/");
    guest().put(100, "GET");
    const auto req = [&](std::uint32_t url_at, std::uint32_t method_at, std::uint32_t headers_at, std::uint32_t body_at,
                         std::uint32_t status_at, std::uint32_t handle_at) {
        return guest().call("req", {url_at, url, method_at, 3, headers_at, 0, body_at, 8, status_at, handle_at});
    };
    EXPECT_EQ(req(0, 100, 0, size - 8, size - 2, size - 4), HttpError::success);
    EXPECT_EQ(req(size - 1, 100, 0, 0, 200, 204), HttpError::buffer_too_small);
    EXPECT_EQ(req(~0U, 100, 0, 0, 200, 204), HttpError::buffer_too_small);
    EXPECT_EQ(req(0, size - 2, 0, 0, 200, 204), HttpError::buffer_too_small);
    EXPECT_EQ(req(0, 100, size + 1, 0, 200, 204), HttpError::buffer_too_small);
    EXPECT_EQ(req(0, 100, 0, size - 7, 200, 204), HttpError::buffer_too_small);
    EXPECT_EQ(req(0, 100, 0, 0, size - 1, 204), HttpError::memory_access_error);
    EXPECT_EQ(req(0, 100, 0, 0, 200, size - 3), HttpError::memory_access_error);
    EXPECT_EQ(client.requests, 1);
    EXPECT_EQ(guest().call("body_read", {0, size - 1, 2, 300}), HttpError::memory_access_error);
    EXPECT_EQ(guest().call("body_read", {0, 300, 2, size}), HttpError::memory_access_error);
    EXPECT_EQ(guest().call("headers_get_all", {0, 300, ~0U, 300}), HttpError::memory_access_error);
    EXPECT_EQ(guest().call("header_get", {0, size, 1, 300, 1, 300}), HttpError::buffer_too_small);
    EXPECT_EQ(guest().call("header_get", {0, 0, 1, size, 1, 300}), HttpError::memory_access_error);
}

TEST_F(sandbox_http, values_that_do_not_fit_are_not_cut)
{
    client.head.fields.add("x", "12345");
    ASSERT_EQ(guest().req("http://example.com/"), HttpError::success);
    guest().put(0, "x");
    EXPECT_EQ(guest().call("header_get", {0, 0, 1, 300, 4, 400}), HttpError::buffer_too_small);
    EXPECT_EQ(guest().call("header_get", {0, 0, 1, 300, 5, 400}), HttpError::success);
    EXPECT_EQ(guest().call("headers_get_all", {0, 300, 7, 400}), HttpError::buffer_too_small);
    EXPECT_EQ(guest().call("headers_get_all", {0, 300, 8, 400}), HttpError::success);
    client.head.fields.add("y", "\xff");
    ASSERT_EQ(guest().req("http://example.com/"), HttpError::success);
    EXPECT_EQ(guest().headers(guest().handle()), "<12>") << "no text";
    EXPECT_EQ(guest().header(guest().handle(), "y"), "\xff");
}

TEST_F(sandbox_http, a_guest_that_exports_no_memory_is_told_so)
{
    HttpGuest hidden(policy, {.client = client}, "(memory 1)");
    EXPECT_EQ(hidden.req("http://example.com/"), HttpError::memory_not_found);
    EXPECT_EQ(hidden.call("body_read", {0, 0, 0, 0}), HttpError::memory_not_found);
}

TEST_F(sandbox_http, waiting_happens_outside_of_the_guest_and_not_behind_its_deadline)
{
    int times_outside = 0;
    const Instant deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    HttpGuest limited(policy, {.client = client, .deadline = deadline, .outside = [&](const auto& work) {
                                   ++times_outside;
                                   work();
                               }});
    client.body = "x";
    EXPECT_EQ(limited.req("http://example.com/"), HttpError::success);
    EXPECT_EQ(limited.read(limited.handle()), "x");
    EXPECT_EQ(times_outside, 2);
    EXPECT_EQ(client.deadline, deadline) << "the policy's 30 seconds are later";
    policy->timeout = std::chrono::milliseconds(1);
    EXPECT_EQ(limited.req("http://example.com/"), HttpError::success);
    EXPECT_LT(client.deadline, deadline);
}

} // namespace
} // namespace trellis::sandbox
