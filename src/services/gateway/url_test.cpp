#include "services/gateway/url.hpp"
#include "services/gateway/words.hpp"

#include <gtest/gtest.h>

namespace trellis::gateway {
namespace {

using namespace std::string_view_literals;
using Words = std::vector<std::string_view>;

TEST(gateway_url, escapes_become_bytes)
{
    EXPECT_EQ(url_decoded(""), "");
    EXPECT_EQ(url_decoded("/a%2Fb%2fc%20d"), "/a/b/c d");
    EXPECT_EQ(url_decoded("%41%7e%7F"), "A~\x7f");
    EXPECT_EQ(url_decoded("%e2%82%ac"), "\xe2\x82\xac");
    EXPECT_EQ(url_decoded("%2525"), "%25"); // once
    EXPECT_EQ(url_decoded("a+b"), "a+b");   // a plus is a space in forms only
}

TEST(gateway_url, what_is_no_escape_stays)
{
    for (const auto text :
         {"%"sv, "%4"sv, "%zz"sv, "%4g"sv, "%g4"sv, "%%"sv, "%-1"sv, "%+1"sv, "% 1"sv, "%0x"sv, "a%"sv})
        EXPECT_EQ(url_decoded(text), text);
    EXPECT_EQ(url_decoded("%%41"), "%A");
    EXPECT_EQ(url_decoded("%4%41"), "%4A");
}

TEST(gateway_url, nul_stays_an_escape)
{
    EXPECT_EQ(url_decoded("/a%00b"), "/a%00b");
}

TEST(gateway_url, what_is_not_utf8_is_replaced_once_for_each_sequence)
{
    const std::string mark = "\xef\xbf\xbd";
    EXPECT_EQ(url_decoded("a%ffb"), "a" + mark + "b");
    EXPECT_EQ(url_decoded("%c3"), mark);
    EXPECT_EQ(url_decoded("%c3("), mark + "(");
    EXPECT_EQ(url_decoded("%e2%82"), mark); // one that broke off
    EXPECT_EQ(url_decoded("%e2%82%41"), mark + "A");
    EXPECT_EQ(url_decoded("%f0%9f%98"), mark);
    EXPECT_EQ(url_decoded("%f0%9f%41"), mark + "A");
    EXPECT_EQ(url_decoded("%c0%80"), mark + mark); // longer than need be
    EXPECT_EQ(url_decoded("%e0%80%80"), mark + mark + mark);
    EXPECT_EQ(url_decoded("%ed%a0%80"), mark + mark + mark);           // half of a surrogate pair
    EXPECT_EQ(url_decoded("%f4%90%80%80"), mark + mark + mark + mark); // beyond the last character
    EXPECT_EQ(url_decoded("%f8%88%80%80%80"), mark + mark + mark + mark + mark);
    EXPECT_EQ(url_decoded("%80%ed%9f%bf"), mark + "\xed\x9f\xbf");
}

TEST(gateway_words, stand_between_white_space)
{
    EXPECT_EQ(words_of(""), Words());
    EXPECT_EQ(words_of(" \t\r\n\v\f"), Words());
    EXPECT_EQ(words_of("a"), Words({"a"}));
    EXPECT_EQ(words_of("  ruby  index.rb\t/path "), Words({"ruby", "index.rb", "/path"}));
    EXPECT_EQ(words_of("a\xc2\xa0"
                       "b\xe3\x80\x80"
                       "c\xe2\x80\x83"
                       "d\xc2\x85"),
              Words({"a", "b", "c", "d"}));
    EXPECT_EQ(words_of("\xe2\x80\x8b\xc2\xa1"), Words({"\xe2\x80\x8b\xc2\xa1"})); // none of it is a space
    EXPECT_EQ(words_of("\xe2\x80"), Words({"\xe2\x80"}));
    EXPECT_EQ(words_of("a\0b"sv), Words({"a\0b"sv}));
}

} // namespace
} // namespace trellis::gateway
