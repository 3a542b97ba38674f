#include "net/ip_address.hpp"

#include <gtest/gtest.h>

namespace trellis::net {
namespace {

TEST(net_ip_address, text_is_read_in_one_way_only)
{
    for (const char* text : {"192.0.2.1", "2001:db8::1", "::", "::1", "fe80::1:2", "0.0.0.0"})
        EXPECT_EQ(IpAddress::parse(text).value().text(), text);
    EXPECT_EQ(IpAddress::parse("::ffff:192.0.2.1").value(), IpAddress::parse("192.0.2.1").value());
    EXPECT_EQ(IpAddress::parse("::FFFF:c000:201").value().text(), "192.0.2.1");
    EXPECT_EQ(IpAddress::parse("2001:DB8:0:0:0:0:0:1").value().text(), "2001:db8::1");
    for (const char* text :
         {"", "127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "01.2.3.4", "1.2.3.4.", "1.2.3.256", " 1.2.3.4",
          "1.2.3.4 ", "[::1]", "::1%lo", "fe80::1%1", "1::2::3", "localhost",
          "1111:2222:3333:4444:5555:6666:7777:8888:9999", "00000000000000000000000000000000000000000000000000001"})
        EXPECT_FALSE(IpAddress::parse(text).has_value()) << text;
    EXPECT_FALSE(IpAddress::parse(std::string_view("127.0.0.1\0", 10)).has_value());
}

TEST(net_ip_address, public_ones_are_public)
{
    for (const char* text : {"1.1.1.1",          "8.8.8.8",         "9.255.255.255",        "11.0.0.0",
                             "100.63.255.255",   "100.128.0.0",     "126.255.255.255",      "128.0.0.0",
                             "169.253.255.255",  "169.255.0.0",     "172.15.255.255",       "172.32.0.0",
                             "192.0.1.0",        "192.167.255.255", "192.169.0.0",          "198.17.255.255",
                             "198.20.0.0",       "223.255.255.255", "2606:4700:4700::1111", "2001:200::1",
                             "2a00:1450::1",     "2000::1",         "3fff:1000::1",         "::ffff:8.8.8.8",
                             "64:ff9b::8.8.8.8", "2002:808:808::1"})
        EXPECT_TRUE(IpAddress::parse(text).value().is_public()) << text;
}

TEST(net_ip_address, those_inside_are_not_in_whatever_form)
{
    for (const char* v4 :
         {"0.0.0.0",         "0.1.2.3",         "10.0.0.0",        "10.255.255.255", "100.64.0.0",
          "100.127.255.255", "127.0.0.1",       "127.255.255.255", "169.254.0.1",    "169.254.169.254",
          "172.16.0.0",      "172.31.255.255",  "192.0.0.1",       "192.0.2.1",      "192.88.99.1",
          "192.168.0.1",     "192.168.255.255", "198.18.0.1",      "198.19.255.255", "198.51.100.1",
          "203.0.113.1",     "224.0.0.1",       "239.255.255.255", "240.0.0.1",      "255.255.255.255"}) {
        EXPECT_FALSE(IpAddress::parse(v4).value().is_public()) << v4;
        for (const char* prefix : {"::ffff:", "64:ff9b::", "::"})
            EXPECT_FALSE(IpAddress::parse(std::string(prefix) + v4).value().is_public()) << prefix << v4;
    }
    for (const char* text : {"::",
                             "::1",
                             "::8.8.8.8",
                             "64:ff9b:1::1",
                             "64:ff9b::1:808:808",
                             "100::1",
                             "2001::1",
                             "2001:1ff:ffff::",
                             "2001:db8::1",
                             "2002:7f00:1::",
                             "2002:a00:1::1",
                             "3fff::1",
                             "3fff:fff::1",
                             "4000::1",
                             "5f00::1",
                             "fc00::1",
                             "fdff:ffff::1",
                             "fe80::1",
                             "febf::1",
                             "fec0::1",
                             "ff02::1",
                             "ffff::1"})
        EXPECT_FALSE(IpAddress::parse(text).value().is_public()) << text;
}

TEST(net_ip_address, loopback_is_known_in_both_families)
{
    for (const char* text : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"})
        EXPECT_TRUE(IpAddress::parse(text).value().is_loopback()) << text;
    for (const char* text : {"128.0.0.1", "::", "::2", "10.0.0.1", "64:ff9b::127.0.0.1"})
        EXPECT_FALSE(IpAddress::parse(text).value().is_loopback()) << text;
}

TEST(net_ip_address, of_many_and_of_none)
{
    for (const char* text : {"224.0.0.1", "239.255.255.255", "255.255.255.255", "ff02::1", "ffff::"})
        EXPECT_TRUE(IpAddress::parse(text)->is_of_many()) << text;
    for (const char* text : {"223.255.255.255", "240.0.0.0", "255.255.255.254", "127.0.0.1", "::", "::1", "fe00::"})
        EXPECT_FALSE(IpAddress::parse(text)->is_of_many()) << text;
    EXPECT_TRUE(IpAddress::parse("0.0.0.0")->is_unspecified());
    EXPECT_TRUE(IpAddress::parse("::")->is_unspecified());
    EXPECT_FALSE(IpAddress::parse("::1")->is_unspecified());
    EXPECT_FALSE(IpAddress::parse("0.0.0.1")->is_unspecified());
}

struct RangeCase {
    const char *range, *address;
    bool contained;
};

TEST(net_ip_range, contains_what_begins_with_its_bits)
{
    constexpr RangeCase cases[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"192.0.2.128/25", "192.0.2.255", true},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.7", "192.0.2.7", true},
        {"192.0.2.7", "192.0.2.6", false},
        {"192.0.2.7/32", "192.0.2.7", true},
        {"0.0.0.0/0", "255.255.255.255", true},
        {"0.0.0.0/0", "::1", false},
        {"::/0", "::1", true},
        {"::/0", "127.0.0.1", false},
        {"fd00::/8", "fdff::1", true},
        {"fd00::/8", "fe00::", false},
        {"2001:db8::/127", "2001:db8::1", true},
        {"2001:db8::/127", "2001:db8::2", false},
    };
    for (const auto& [range, address, contained] : cases)
        EXPECT_EQ(IpRange::parse(range).value().contains(*IpAddress::parse(address)), contained)
            << range << ' ' << address;
}

TEST(net_ip_range, text_has_one_meaning)
{
    for (const char* text : {"10.0.0.0/8", "fd00::/8", "192.0.2.7", "::1", "0.0.0.0/0", "::/0"})
        EXPECT_EQ(IpRange::parse(text).value().text(), text);
    for (const char* text :
         {"", "/", "/8", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/ 8", "10/8",
          "fd00::1/8", "::/129", "::ffff:10.0.0.0/104", "::ffff:10.0.0.1", "example.com/8"})
        EXPECT_FALSE(IpRange::parse(text).has_value()) << text;
}

} // namespace
} // namespace trellis::net
