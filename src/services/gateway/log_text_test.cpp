#include "services/gateway/log_text.hpp"

#include <gtest/gtest.h>

namespace trellis::gateway {
namespace {

using namespace std::chrono_literals;

std::string quotable(std::string_view text)
{
    std::string to;
    append_quotable(to, text);
    return to;
}

std::string json(std::string_view text)
{
    std::string to;
    append_json(to, text);
    return to;
}

std::string readable(std::string_view text)
{
    std::string to;
    append_readable(to, text);
    return to;
}

constexpr std::string_view snowman = "\xe2\x98\x83", clef = "\xf0\x9d\x84\x9e";

TEST(gateway_log_text, quotable_escapes_quotes_controls_and_what_is_not_ascii)
{
    EXPECT_EQ(quotable("GET /a?b=c%20d"), "GET /a?b=c%20d");
    EXPECT_EQ(quotable("a\"b\\c"), R"(a\"b\\c)");
    EXPECT_EQ(quotable("\r\n\t\x1b[31m\x7f"), R"(\r\n\t\x1b[31m\x7f)");
    EXPECT_EQ(quotable(std::string_view("\0x", 2)), R"(\x00x)");
    EXPECT_EQ(quotable(snowman), R"(\xe2\x98\x83)");
}

TEST(gateway_log_text, json_is_ascii_and_marks_what_is_not_utf8)
{
    EXPECT_EQ(json("plain, with spaces"), "plain, with spaces");
    EXPECT_EQ(json("\"\\\n\x01\x7f"), R"(\"\\\n\u0001\u007f)");
    EXPECT_EQ(json(snowman), R"(\u2603)");
    EXPECT_EQ(json(clef), R"(\ud834\udd1e)");
    EXPECT_EQ(json("a\xff\xc3"), R"(a\ufffd\ufffd)");
    EXPECT_EQ(json("\xc0\xaf"), R"(\ufffd\ufffd)"); // overlong
}

TEST(gateway_log_text, readable_keeps_text_and_disarms_terminals)
{
    EXPECT_EQ(readable("caf\xc3\xa9 \xe2\x98\x83\ttab \"quoted\" \\"), "caf\xc3\xa9 \xe2\x98\x83\ttab \"quoted\" \\");
    EXPECT_EQ(readable("\x1b]0;title\x07\r"), R"(\x1b]0;title\x07\x0d)");
    EXPECT_EQ(readable("\xc2\x9b"), R"(\xc2\x9b)"); // C1: CSI
    EXPECT_EQ(readable("\xff!"), R"(\xff!)");
}

TEST(gateway_log_text, times_in_both_forms)
{
    TimeText time;
    std::string to;
    const auto when = WallClock(std::chrono::sys_seconds(971186136s)) + 7ms;
    time.append_common(to, when);
    to += '|';
    time.append_rfc3339(to, when);
    EXPECT_EQ(to, "10/Oct/2000:13:55:36 +0000|2000-10-10T13:55:36.007Z");
    to.clear();
    time.append_rfc3339(to, WallClock(std::chrono::sys_days(std::chrono::year(2024) / 2 / 29)) + 86399999ms);
    EXPECT_EQ(to, "2024-02-29T23:59:59.999Z");
}

TEST(gateway_log_text, durations_have_three_decimals)
{
    std::string to;
    append_milliseconds(to, 12345678ns);
    to += ' ';
    append_milliseconds(to, 5us);
    to += ' ';
    append_milliseconds(to, -5us);
    EXPECT_EQ(to, "12.345 0.005 0.000");
}

} // namespace
} // namespace trellis::gateway
