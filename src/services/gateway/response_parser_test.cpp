#include "services/gateway/cgi.hpp"

#include <gtest/gtest.h>

namespace trellis::gateway {
namespace {

using namespace std::string_literals;

/// "status reason|name=value|...|body", or "failure status: message".
std::string parsed(std::string_view output, bool strict = false, std::size_t first_piece = std::string_view::npos)
{
    ResponseParser parser(strict);
    std::string body;
    for (const auto piece : {output.substr(0, first_piece), output.substr(std::min(first_piece, output.size()))}) {
        const auto used = parser.complete() ? Result<std::size_t>(0) : parser.consume(piece);
        if (!used)
            return std::to_string(parser.failure_status()) + ": " + used.error().message;
        body += piece.substr(*used);
    }
    if (!parser.complete())
        return std::to_string(parser.failure_status()) + ": " + parser.incomplete().message;
    const auto head = parser.take();
    std::string text = std::to_string(head.status) + " " + head.reason;
    if (head.content_length)
        text += "|length=" + std::to_string(*head.content_length);
    for (const auto& field : head.fields.all())
        text += "|" + field.name + "=" + field.value;
    return text + "|" + body;
}

std::string strictly(std::string_view output)
{
    return parsed(output, true);
}

TEST(gateway_response, head_and_body)
{
    EXPECT_EQ(parsed("content-type: text/plain\n\nbody\n\nmore"), "200 |content-type=text/plain|body\n\nmore");
    EXPECT_EQ(parsed("Content-Type:text/plain\r\n\r\n\r\nbody\r\n"), "200 |Content-Type=text/plain|\r\nbody\r\n");
    EXPECT_EQ(parsed("content-type:  \t a;b \t\n\n"), "200 |content-type=a;b|");
    EXPECT_EQ(parsed("content-type:\n\n"), "200 |content-type=|");
    EXPECT_EQ(parsed("content-type: a:b\n\n"), "200 |content-type=a:b|");
    EXPECT_EQ(parsed("content-type: a\nX-Other: \xc3\xa9\n\n\0x"s + "\xff"),
              "200 |content-type=a|X-Other=\xc3\xa9|"s + "\0x"s + "\xff");
}

TEST(gateway_response, status_is_the_code_before_the_first_space)
{
    EXPECT_EQ(parsed("status: 404\n\n"), "404 |");
    EXPECT_EQ(parsed("STATUS: 404 Not Here\n\n"), "404 Not Here|");
    EXPECT_EQ(parsed("status: 200\nstatus: 201\n\n"), "201 |");
    EXPECT_EQ(parsed("status: 599\n\n"), "599 |");
}

TEST(gateway_response, status_that_is_no_number_is_a_bad_gateway)
{
    for (const auto* const bad : {"", "x", "20", "2000", "0200", "-20", "+20", "2 00", "200x", "0x1", "600", "99",
                                  "199", "100", "101", "200\t", "99999999999999999999"}) {
        const auto text = parsed("status: "s + bad + "\n\nbody");
        if (std::string_view(bad) == "200\t") // what stands around a value doesn't count
            EXPECT_EQ(text, "200 |body");
        else
            EXPECT_TRUE(text.starts_with("502: status \"")) << bad << ": " << text;
    }
}

TEST(gateway_response, location_alone_redirects)
{
    EXPECT_EQ(parsed("location: /a\n\n"), "302 |location=/a|");
    EXPECT_EQ(parsed("location: /a\ncontent-type: a\n\n"), "302 |location=/a|content-type=a|");
    for (const bool strict : {false, true}) {
        EXPECT_EQ(parsed("location: /a\nstatus: 301\n\n", strict), "301 |location=/a|");
        EXPECT_EQ(parsed("status: 301\nlocation: /a\n\n", strict), "301 |location=/a|");
    }
}

TEST(gateway_response, one_of_three_fields_must_be_there)
{
    for (const bool strict : {false, true}) {
        EXPECT_EQ(parsed("x: y\n\nbody", strict), "500: the answer has neither content-type nor location nor status");
        for (const auto* const output : {"", "content-type: a", "content-type: a\n", "content-type: a\r", "body alone"})
            EXPECT_EQ(parsed(output, strict), "500: the module ended before the empty line that ends its headers")
                << output;
    }
    EXPECT_EQ(parsed("\n\nbody"), "500: the answer has neither content-type nor location nor status");
    EXPECT_EQ(strictly("\n\nbody"), "500: the answer has neither content-type nor location nor status");
}

TEST(gateway_response, errors_tell_an_unfit_answer_from_a_broken_one)
{
    const auto code = [](std::string_view output) {
        ResponseParser parser(true);
        const auto used = parser.consume(output);
        return used ? parser.incomplete().code : used.error().code;
    };
    EXPECT_EQ(code("x: y\n\n"), ErrorCode::invalid);
    EXPECT_EQ(code("content-type: a"), ErrorCode::invalid);
    EXPECT_EQ(code("content-type: a\1\n\n"), ErrorCode::malformed);
    EXPECT_EQ(code("x: " + std::string(70'000, 'y')), ErrorCode::limit);
}

TEST(gateway_response, repeated_fields_stay_in_order_or_collapse)
{
    constexpr std::string_view output = "Set-Cookie: a\ncontent-type: t\nset-cookie: b\n\n";
    EXPECT_EQ(parsed(output), "200 |Set-Cookie=a|content-type=t|set-cookie=b|");
    EXPECT_EQ(strictly(output), "200 |content-type=t|set-cookie=b|");
}

TEST(gateway_response, fields_of_the_connection_are_the_servers_own)
{
    constexpr std::string_view hop = "Transfer-Encoding: gzip\nConnection: x\nKeep-Alive: 1\nUpgrade: h2c\nTrailer: a\n"
                                     "TE: b\nProxy-Connection: c\nProxy-Authenticate: d\ncontent-type: t\n\n";
    EXPECT_EQ(parsed(hop), "200 |content-type=t|");
    EXPECT_EQ(strictly(hop), "200 |content-type=t|");
    EXPECT_EQ(parsed("content-type: t\ncontent-length: 3\n\nabc"), "200 |length=3|content-type=t|abc");
    EXPECT_EQ(parsed("content-type: t\ncontent-length: +3\n\nabc"), "200 |content-type=t|abc");
    EXPECT_EQ(parsed("transfer-encoding: chunked\n\n"),
              "500: the answer has neither content-type nor location nor status");
}

TEST(gateway_response, nothing_can_be_injected)
{
    for (const auto& bad : {"content-type: a\rX: b\n\n"s, "content-type: a\0b\n\n"s, "content-type: a\x7f\n\n"s,
                            "content-type: a\x1b[m\n\n"s, "location: /\rb\n\n"s, "status: 200 O\rK\n\n"s}) {
        EXPECT_EQ(parsed(bad), "500: the value of a header holds characters that none may hold") << bad;
        EXPECT_EQ(strictly(bad).find('\r'), std::string::npos) << bad;
    }
    for (const auto& bad : {"X Y: b\n\n"s, ": b\n\n"s, "X\xff: b\n\n"s, "X\rY: b\n\n"s, "X\0: b\n\n"s, "(a): b\n\n"s})
        EXPECT_EQ(parsed("content-type: a\n" + bad), "500: the name of a header holds characters that none may hold");
    EXPECT_TRUE(parsed("content-type: a\nno colon\n\n").starts_with("500: \"no colon\" is no header line"));
    EXPECT_TRUE(parsed("content-type: a\n folded\n\n").starts_with("500: \" folded\" is no header line"));
    EXPECT_LT(parsed(std::string(60'000, 'a') + "\n\n").size(), 300u); // a message stays short
}

TEST(gateway_response, strictly_what_wagi_forgives_is_forgiven)
{
    EXPECT_EQ(strictly("\ncontent-type: a\n\nbody"), "200 |content-type=a|body"); // a first line that is empty
    EXPECT_EQ(strictly("\r\ncontent-type: a\n\r\nb\r"), "200 |content-type=a|b\r");
    EXPECT_EQ(strictly("con\rtent-type: a\rb\r\r\n\r\nc\r\n"), "200 |content-type=ab|c\r\n");
    EXPECT_EQ(strictly("no colon\nX Y: b\n: c\ncontent-type: a\n\n"), "200 |content-type=a|");
    EXPECT_EQ(strictly("status: x\ncontent-type: a\n\nbody"), "502 |content-type=a|body");
    EXPECT_EQ(strictly("status: 200x\n\nbody"), "502 |body");
    EXPECT_EQ(strictly("status: 999 Reason\n\nbody"), "999 |body");
    EXPECT_TRUE(strictly("status: 101\n\nbody").starts_with("500: ")); // that is no end of an exchange
    EXPECT_EQ(strictly("content-type: a\nb: \xff\n\n"), "500: a header is not UTF-8");
}

TEST(gateway_response, heads_have_a_limit)
{
    const std::string field = "content-type: " + std::string(60'000, 'a') + "\n";
    EXPECT_TRUE(parsed(field + "\nbody").starts_with("200 "));
    EXPECT_EQ(parsed(field + field + "\n"), "500: the head of the answer is larger than 65536 bytes");
    EXPECT_EQ(parsed(std::string(66'000, 'x')), "500: the head of the answer is larger than 65536 bytes");
    EXPECT_EQ(parsed("content-type: a\n\n" + std::string(100'000, 'x')).size(),
              100'000 + "200 |content-type=a|"s.size());
}

TEST(gateway_response, pieces_do_not_matter)
{
    for (const auto& output : {"Status: 201 Made\r\ncontent-type: a/b\r\nX: y\r\nX: z\r\n\r\nbody\r\n\r\n"s,
                               "location: /a\n\n"s, "content-type: a\rb\n\n"s, "status: x\n\nbody"s, "x: y\n\n"s,
                               "content-type: a\n"s, "\ncontent-type: a\n\n\n"s})
        for (const bool strict : {false, true})
            for (std::size_t cut = 0; cut <= output.size(); ++cut)
                EXPECT_EQ(parsed(output, strict, cut), parsed(output, strict)) << output << cut;
}

TEST(gateway_response, byte_by_byte)
{
    ResponseParser parser;
    constexpr std::string_view head = "status: 204\r\na: b\r\n\r\n";
    for (std::size_t i = 0; i < head.size(); ++i) {
        EXPECT_FALSE(parser.complete());
        EXPECT_EQ(parser.consume(head.substr(i, 1)).value_or(99), 1u);
    }
    ASSERT_TRUE(parser.complete());
    EXPECT_EQ(parser.consume("body").value_or(99), 0u);
    EXPECT_EQ(parser.take().status, 204u);
}

} // namespace
} // namespace trellis::gateway
