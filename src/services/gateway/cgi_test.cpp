#include "services/gateway/cgi.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace trellis::gateway {
namespace {

using namespace std::string_literals;
using Words = std::vector<std::string>;

/// A request as the tests below vary it.
struct Asked {
    std::string pattern = "/path/...";
    std::string method = "POST";
    std::string target = "/path/test%3brun?foo=bar";
    std::vector<std::pair<std::string, std::string>> fields = {{"Host", "example.com:3000"}};
    std::optional<std::uint64_t> length = 1234;
    unsigned minor_version = 1;
    net::http::Peer peer = {.address = "192.0.2.1", .port = 4711};
    ServerIdentity identity = {.default_host = "localhost:3000"};
    Variables operators = {};
};

Variables variables(const Asked& asked)
{
    net::http::RequestHead head;
    head.method = asked.method;
    head.target = asked.target;
    head.minor_version = asked.minor_version;
    for (const auto& [name, value] : asked.fields)
        head.fields.add(name, value);
    const RouteTable table({{.pattern = asked.pattern, .module = 0, .entrypoint = "_start"}});
    const auto target = split_target(head.target);
    return variables_of(head, asked.length, asked.peer, *table.find(target.path, asked.method, ""), target,
                        asked.identity, asked.operators);
}

/// Its value; "(unset)", or "(twice)" where guests would see the first of two.
std::string value(const Variables& variables, std::string_view name)
{
    const auto count = std::ranges::count(variables, name, &std::pair<std::string, std::string>::first);
    if (count != 1)
        return count == 0 ? "(unset)" : "(twice)";
    return std::ranges::find(variables, name, &std::pair<std::string, std::string>::first)->second;
}

std::string value(const Asked& asked, std::string_view name)
{
    return value(variables(asked), name);
}

TEST(gateway_cgi, every_variable_is_set)
{
    Asked asked;
    asked.fields = {{"Host", "example.com:3000"},
                    {"Content-Type", "text/html"},
                    {"X-Test-Header", "hello"},
                    {"User-agent", "test"}};
    const auto all = variables(asked);
    for (const auto& [name, expected] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
             {"AUTH_TYPE", ""},
             {"REMOTE_USER", ""},
             {"CONTENT_LENGTH", "1234"},
             {"CONTENT_TYPE", "text/html"},
             {"GATEWAY_INTERFACE", "CGI/1.1"},
             {"X_FULL_URL", "http://example.com:3000/path/test%3brun?foo=bar"},
             {"X_MATCHED_ROUTE", "/path/..."},
             {"SCRIPT_NAME", "/path"},
             {"PATH_INFO", "/test;run"},
             {"X_RAW_PATH_INFO", "/test%3brun"},
             {"PATH_TRANSLATED", "/test;run"},
             {"QUERY_STRING", "foo=bar"},
             {"REQUEST_METHOD", "POST"},
             {"SERVER_PROTOCOL", "HTTP/1.1"},
             {"REMOTE_ADDR", "192.0.2.1"},
             {"REMOTE_HOST", "192.0.2.1"},
             {"SERVER_NAME", "example.com"},
             {"SERVER_PORT", "3000"},
             {"SERVER_SOFTWARE", "WAGI/1"},
             {"HTTP_HOST", "example.com:3000"},
             {"HTTP_CONTENT_TYPE", "text/html"},
             {"HTTP_X_TEST_HEADER", "hello"},
             {"HTTP_USER_AGENT", "test"},
         })
        EXPECT_EQ(value(all, name), expected) << name;
    EXPECT_EQ(all.size(), 23u);
}

TEST(gateway_cgi, a_request_without_anything_has_them_too)
{
    Asked asked = {.pattern = "/", .method = "GET", .target = "/", .fields = {}, .length = 0, .minor_version = 0};
    const auto all = variables(asked);
    EXPECT_EQ(all.size(), 19u);
    EXPECT_EQ(value(all, "CONTENT_LENGTH"), "0");
    EXPECT_EQ(value(all, "SERVER_PROTOCOL"), "HTTP/1.0");
    for (const auto* const empty : {"CONTENT_TYPE", "QUERY_STRING", "PATH_INFO", "X_RAW_PATH_INFO", "PATH_TRANSLATED"})
        EXPECT_EQ(value(all, empty), "") << empty;
}

TEST(gateway_cgi, length_of_a_body_in_chunks_is_not_known)
{
    EXPECT_EQ(value({.length = std::nullopt}, "CONTENT_LENGTH"), "");
}

TEST(gateway_cgi, urls_keep_their_query_as_it_came)
{
    EXPECT_EQ(value({.target = "/path"}, "X_FULL_URL"), "http://example.com:3000/path");
    EXPECT_EQ(value({.target = "/path?"}, "X_FULL_URL"), "http://example.com:3000/path?");
    EXPECT_EQ(value({.target = "/path?a?b%20#c"}, "X_FULL_URL"), "http://example.com:3000/path?a?b%20");
    EXPECT_EQ(value({.target = "/path?a?b%20#c"}, "QUERY_STRING"), "a?b%20");
    EXPECT_EQ(value({.target = "/path#a?b"}, "QUERY_STRING"), "");
    const net::http::Peer secure = {.address = "::1", .secure = true};
    EXPECT_EQ(value({.target = "/path", .peer = secure}, "X_FULL_URL"), "https://example.com:3000/path");
}

std::string server(Asked asked, std::string_view host, const std::string& default_host, bool strict)
{
    asked.fields.clear();
    if (host != "-")
        asked.fields = {{"Host", std::string(host)}};
    asked.identity = {default_host, strict};
    return value(asked, "SERVER_NAME") + "|" + value(asked, "SERVER_PORT");
}

TEST(gateway_cgi, server_is_the_host_field_or_the_configured_host)
{
    for (const bool strict : {false, true}) {
        EXPECT_EQ(server({}, "a.test:31337", "b.test:1234", strict), "a.test|31337");
        EXPECT_EQ(server({}, "-", "b.test:1234", strict), "b.test|1234");
        EXPECT_EQ(server({}, "", "b.test:1234", strict), "b.test|1234");
        EXPECT_EQ(server({}, "-", "b.test", strict), "b.test|80");
        EXPECT_EQ(server({}, "a.test", "b.test", strict), "a.test|80");
    }
}

TEST(gateway_cgi, a_host_without_a_port_has_the_one_of_its_scheme)
{
    EXPECT_EQ(server({}, "a.test", "b.test:1234", false), "a.test|80");
    EXPECT_EQ(server({}, "a.test:", "b.test:1234", false), "a.test|80");
    const net::http::Peer secure = {.address = "192.0.2.1", .secure = true};
    EXPECT_EQ(server({.peer = secure}, "a.test", "b.test:1234", false), "a.test|443");
    EXPECT_EQ(server({}, "[::1]:81", "", false), "[::1]|81");
    EXPECT_EQ(server({}, "[::1]", "", false), "[::1]|80");
}

TEST(gateway_cgi, strictly_a_host_without_a_port_has_the_configured_one)
{
    EXPECT_EQ(server({}, "a.test", "b.test:1234", true), "a.test|1234");
    EXPECT_EQ(server({}, "a.test:", "b.test:1234", true), "a.test|1234");
    EXPECT_EQ(server({}, ":99", "b.test:1234", true), "b.test|99");
    EXPECT_EQ(server({}, "-", "", true), "localhost|80");
    EXPECT_EQ(server({}, "a\xc3\xa9.test:99", "b.test:1234", true), "b.test|1234"); // is no text for it
    const net::http::Peer secure = {.address = "192.0.2.1", .secure = true};
    EXPECT_EQ(server({.peer = secure}, "a.test", "b.test", true), "a.test|80");
}

TEST(gateway_cgi, credentials_and_what_belongs_to_the_connection_are_hidden)
{
    Asked asked;
    asked.fields = {{"AUTHORIZATION", "secret"}, {"connection", "close"}, {"Proxy", "evil"}, {"Accept", "*/*"}};
    for (const bool strict : {false, true}) {
        asked.identity.strict = strict;
        EXPECT_EQ(value(asked, "HTTP_AUTHORIZATION"), "(unset)");
        EXPECT_EQ(value(asked, "HTTP_CONNECTION"), "(unset)");
        EXPECT_EQ(value(asked, "HTTP_ACCEPT"), "*/*");
        EXPECT_EQ(value(asked, "HTTP_PROXY"), strict ? "evil" : "(unset)");
    }
}

TEST(gateway_cgi, names_are_capitals_with_underscores)
{
    Asked asked;
    asked.fields = {{"x-aB.c!9", "1"}};
    EXPECT_EQ(value(asked, "HTTP_X_AB.C!9"), "1");
}

TEST(gateway_cgi, a_field_with_underscores_does_not_pass_for_another)
{
    Asked asked;
    asked.fields = {{"X_Real_IP", "evil"}, {"X-Real-IP", "good"}, {"x_real-ip", "evil"}, {"A_B", "alone"}};
    EXPECT_EQ(value(asked, "HTTP_X_REAL_IP"), "good");
    EXPECT_EQ(value(asked, "HTTP_A_B"), "alone");
    asked.identity.strict = true;
    EXPECT_EQ(value(asked, "HTTP_X_REAL_IP"), "evil");
}

TEST(gateway_cgi, repeated_fields_are_joined)
{
    Asked asked;
    asked.fields = {{"A", "1"}, {"Cookie", "x=1"}, {"a", "2"}, {"cookie", "y=2"}};
    EXPECT_EQ(value(asked, "HTTP_A"), "1, 2");
    EXPECT_EQ(value(asked, "HTTP_COOKIE"), "x=1; y=2");
    asked.identity.strict = true;
    EXPECT_EQ(value(asked, "HTTP_A"), "2");
    EXPECT_EQ(value(asked, "HTTP_COOKIE"), "y=2");
}

TEST(gateway_cgi, values_that_are_no_text_are_marked)
{
    Asked asked;
    asked.fields = {{"A", "\xff"}, {"B", "\xc3\xa9"}, {"C", "a\tb"}, {"Content-Type", "\xff"}};
    EXPECT_EQ(value(asked, "HTTP_A"), "CORRUPT VALUE");
    EXPECT_EQ(value(asked, "HTTP_B"), "\xc3\xa9");
    EXPECT_EQ(value(asked, "HTTP_C"), "a\tb");
    EXPECT_EQ(value(asked, "HTTP_CONTENT_TYPE"), "CORRUPT VALUE");
    EXPECT_EQ(value(asked, "CONTENT_TYPE"), "");
    asked.identity.strict = true;
    EXPECT_EQ(value(asked, "HTTP_B"), "CORRUPT VALUE"); // it knows only ASCII
    EXPECT_EQ(value(asked, "HTTP_C"), "a\tb");
}

TEST(gateway_cgi, the_request_overrides_the_operators_variables)
{
    Asked asked;
    asked.operators = {{"REQUEST_METHOD", "NONE"}, {"HTTP_A", "theirs"}, {"HTTP_B", "theirs"}, {"MINE", "1"}};
    asked.fields = {{"A", "1"}, {"a", "2"}};
    for (const bool strict : {false, true}) {
        asked.identity.strict = strict;
        const auto all = variables(asked);
        EXPECT_EQ(value(all, "REQUEST_METHOD"), "POST");
        EXPECT_EQ(value(all, "HTTP_A"), strict ? "2" : "1, 2");
        EXPECT_EQ(value(all, "HTTP_B"), "theirs");
        EXPECT_EQ(value(all, "MINE"), "1");
    }
}

Words arguments(std::string_view target, const std::optional<std::string>& argv_template = std::nullopt)
{
    return arguments_of(argv_template, split_target(target));
}

TEST(gateway_cgi, arguments_are_the_path_and_the_pieces_of_the_query)
{
    EXPECT_EQ(arguments("/a/b"), Words({"/a/b"}));
    EXPECT_EQ(arguments("/a%20b?c=d&e&f=%26+g"), Words({"/a%20b", "c=d", "e", "f=%26+g"}));
    EXPECT_EQ(arguments("/a?"), Words({"/a", ""}));
    EXPECT_EQ(arguments("/a?&b&&"), Words({"/a", "", "b", "", ""}));
}

TEST(gateway_cgi, arguments_from_a_template)
{
    EXPECT_EQ(arguments("/a?b=1&c", "ruby index.rb ${SCRIPT_NAME} ${ARGS}"),
              Words({"ruby", "index.rb", "/a", "b=1", "c"}));
    EXPECT_EQ(arguments("/a", "x ${ARGS}"), Words({"x"}));
    EXPECT_EQ(arguments("/a?&&b", "x${ARGS}y"), Words({"x", "by"}));
    EXPECT_EQ(arguments("/a", " \t "), Words());
    EXPECT_EQ(arguments("/a", "${ARGS ${args} $ARGS ${SCRIPT_NAME}${SCRIPT_NAME}"),
              Words({"${ARGS", "${args}", "$ARGS", "/a/a"}));
}

TEST(gateway_cgi, templates_do_not_look_into_what_clients_send)
{
    EXPECT_EQ(arguments("/${ARGS}?${SCRIPT_NAME}&${ARGS}", "${SCRIPT_NAME} ${ARGS}"),
              Words({"/${ARGS}", "${SCRIPT_NAME}", "${ARGS}"}));
}

} // namespace
} // namespace trellis::gateway
