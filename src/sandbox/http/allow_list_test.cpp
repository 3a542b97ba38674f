#include "sandbox/http/allow_list.hpp"

#include <gtest/gtest.h>

namespace trellis::sandbox {
namespace {

AllowList list_of(const std::vector<std::string>& entries)
{
    return AllowList::parse(entries).value();
}

bool allows(const AllowList& list, std::string_view url)
{
    return list.allows(parse_url(url)->origin);
}

bool leads(const AllowList& list, std::string_view url, std::string_view address)
{
    return list.allows_address(parse_url(url)->origin, *net::IpAddress::parse(address));
}

TEST(sandbox_http_allow_list, an_empty_one_allows_nothing)
{
    EXPECT_FALSE(allows({}, "http://example.com/"));
    EXPECT_FALSE(allows({}, "http://localhost/"));
}

TEST(sandbox_http_allow_list, scheme_host_and_port_are_compared)
{
    const auto list = list_of({"https://api.example.com", "http://example.com:8080/"});
    EXPECT_TRUE(allows(list, "https://api.example.com/any/path?query"));
    EXPECT_TRUE(allows(list, "https://API.example.com:443/"));
    EXPECT_TRUE(allows(list, "http://example.com:8080/"));
    for (const char* url :
         {"http://api.example.com/", "https://api.example.com:8443/", "https://example.com/",
          "https://x.api.example.com/", "https://api.example.com.evil.example/", "http://example.com/",
          "https://example.com:8080/", "https://evil.example/?https://api.example.com"})
        EXPECT_FALSE(allows(list, url)) << url;
}

TEST(sandbox_http_allow_list, names_lead_to_the_public_internet_only)
{
    const auto list = list_of({"http://example.com"});
    EXPECT_TRUE(leads(list, "http://example.com/", "8.8.8.8"));
    for (const char* inside : {"127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1"})
        EXPECT_FALSE(leads(list, "http://example.com/", inside)) << inside;
}

TEST(sandbox_http_allow_list, a_listed_address_may_be_inside)
{
    const auto list = list_of({"http://10.0.0.7:8080", "http://[fd00::7]", "http://db.example:8080"});
    EXPECT_TRUE(leads(list, "http://10.0.0.7:8080/", "10.0.0.7"));
    EXPECT_TRUE(leads(list, "http://[fd00::7]/", "fd00::7"));
    EXPECT_TRUE(leads(list, "http://db.example:8080/", "10.0.0.7")) << "the list names that very address and port";
    EXPECT_FALSE(leads(list, "http://db.example:8080/", "10.0.0.8"));
    EXPECT_FALSE(leads(list, "http://db.example:9090/", "10.0.0.7"));
    EXPECT_FALSE(leads(list, "https://db.example:8080/", "10.0.0.7"));
}

TEST(sandbox_http_allow_list, localhost_means_this_machine_where_it_is_listed)
{
    const auto list = list_of({"http://localhost:3000"});
    EXPECT_TRUE(leads(list, "http://localhost:3000/", "127.0.0.1"));
    EXPECT_TRUE(leads(list, "http://localhost:3000/", "::1"));
    EXPECT_FALSE(leads(list, "http://localhost:3000/", "10.0.0.1"));
    EXPECT_FALSE(leads(list, "http://localhost:3001/", "127.0.0.1"));
    EXPECT_FALSE(leads(list, "http://evil.example:3000/", "127.0.0.1"));
    EXPECT_FALSE(allows(list, "http://127.0.0.1:3000/")) << "another name";
}

TEST(sandbox_http_allow_list, all_hosts_are_all_of_the_public_internet)
{
    const auto list = list_of({"insecure:allow-all"});
    EXPECT_TRUE(allows(list, "https://example.com:123/"));
    EXPECT_TRUE(leads(list, "https://example.com:123/", "8.8.8.8"));
    EXPECT_FALSE(leads(list, "http://localhost/", "127.0.0.1"));
    EXPECT_FALSE(leads(list, "http://127.0.0.1/", "127.0.0.1"));
    EXPECT_FALSE(leads(list, "http://169.254.169.254/", "169.254.169.254"));
}

TEST(sandbox_http_allow_list, entries_that_could_not_be_meant_are_named)
{
    for (const char* entry : {"example.com", "*", "https://*.example.com", "ftp://example.com",
                              "https://example.com/path", "https://example.com?x", "https://example.com#x", ""}) {
        const auto list = AllowList::parse({"https://fine.example", entry});
        ASSERT_FALSE(list) << entry;
        EXPECT_EQ(list.error().code, ErrorCode::usage);
        EXPECT_NE(list.error().message.find(entry), std::string::npos) << list.error().message;
    }
}

} // namespace
} // namespace trellis::sandbox
