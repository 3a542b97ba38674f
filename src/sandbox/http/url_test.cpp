#include "sandbox/http/url.hpp"

#include <gtest/gtest.h>

namespace trellis::sandbox {
namespace {

TEST(sandbox_http_url, parts_are_found)
{
    struct Case {
        const char *url, *origin, *target;
    };
    for (const auto& [text, origin, target] : {
             Case{"http://example.com", "http://example.com", "/"},
             Case{"https://example.com/", "https://example.com", "/"},
             Case{"HTTPS://Example.COM/A?b=C#d", "https://example.com", "/A?b=C"},
             Case{"http://example.com:80/", "http://example.com", "/"},
             Case{"https://example.com:80/", "https://example.com:80", "/"},
             Case{"http://example.com:/x", "http://example.com", "/x"},
             Case{"http://example.com?q", "http://example.com", "/?q"},
             Case{"http://example.com#f/../x", "http://example.com", "/"},
             Case{"http://example.com./", "http://example.com", "/"},
             Case{"http://a_b-c.example:8080/", "http://a_b-c.example:8080", "/"},
             Case{"http://192.0.2.1:81/", "http://192.0.2.1:81", "/"},
             Case{"http://[2001:DB8::1]:81/", "http://[2001:db8::1]:81", "/"},
             Case{"http://[::ffff:192.0.2.1]/", "http://192.0.2.1", "/"},
             Case{"http://example.com/a b\xc3\xa9\"<>{}|^`", "http://example.com",
                  "/a%20b%C3%A9%22%3C%3E%7B%7D%7C%5E%60"},
             Case{"http://example.com/a%20b;c=d&e/../f", "http://example.com", "/a%20b;c=d&e/../f"},
             Case{"http://example.com\\@evil.example/", "http://example.com", "/%5C@evil.example/"},
             Case{"http://example.com/@evil.example", "http://example.com", "/@evil.example"},
             Case{"http://example.com?@evil.example", "http://example.com", "/?@evil.example"},
         }) {
        const auto url = parse_url(text);
        ASSERT_TRUE(url) << text << ": " << url.error().message;
        EXPECT_EQ(url->origin.text(), origin) << text;
        EXPECT_EQ(url->target, target) << text;
    }
}

TEST(sandbox_http_url, what_could_mean_two_things_is_refused)
{
    for (const std::string_view text : {
             "",
             "example.com",
             "//example.com/",
             "ftp://example.com/",
             "file:///etc/passwd",
             "http:/example.com",
             "http:example.com",
             " http://example.com",
             "http://",
             "http:///x",
             "http://:80/",
             "http://user@example.com/",
             "http://user:password@example.com/",
             "http://allowed.example@evil.example/",
             "http://example.com:0/",
             "http://example.com:65536/",
             "http://example.com:80x/",
             "http://example.com:-1/",
             "http://example.com:+1/",
             "http://exa mple.com/",
             "http://ex%61mple.com/",
             "http://ex\xc3\xa4mple.com/",
             "http://a..b/",
             "http://.a/",
             "http://./",
             "http://127.1/",
             "http://2130706433/",
             "http://0x7f000001/",
             "http://0x7f.1/",
             "http://a.0x1/",
             "http://0177.0.0.1/",
             "http://1.2.3.4.5/",
             "http://example.1/",
             "http://[::1/",
             "http://[::1]x/",
             "http://[]/",
             "http://[127.0.0.1]/",
             "http://[fe80::1%25eth0]/",
             "http://::1/",
             "http://example.com]:80/",
             "http://example.com/\r\nHost: evil",
             "http://example.com/\x01",
             "http://example.com\n/",
             "http://[",
             "http://[x",
         })
        EXPECT_FALSE(parse_url(text)) << text;
    EXPECT_FALSE(parse_url(std::string_view("http://example.com\0.evil/", 25)));
    EXPECT_FALSE(parse_url("http://" + std::string(254, 'a')));
    EXPECT_FALSE(parse_url("http://example.com/" + std::string(16 * 1024, 'a')));
}

TEST(sandbox_http_url, the_authority_is_that_of_the_host_field)
{
    EXPECT_EQ(parse_url("http://example.com:80/")->origin.authority(), "example.com");
    EXPECT_EQ(parse_url("https://example.com:80/")->origin.authority(), "example.com:80");
    EXPECT_EQ(parse_url("http://[::1]:8080/")->origin.authority(), "[::1]:8080");
}

} // namespace
} // namespace trellis::sandbox
