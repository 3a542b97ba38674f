#include "wasm/component/wit/version.hpp"

#include <gtest/gtest.h>

using namespace trellis::wasm::component::wit;

TEST(wit_version, text_is_kept)
{
    for (const auto* text : {"0.0.0", "1.2.3", "1.0.1--", "1.0.1-a+a", "1.0.0-11ab", "1.0.0-a1.1-a", "1.0.0+01"})
        EXPECT_EQ(Version::parse(text).value().text(), text);
}

TEST(wit_version, what_is_no_version_is_refused)
{
    for (const auto* text : {"", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.x", "1.2.3-", "1.2.3+", "1.2.3-01", "1.2.3-a..b",
                             "1.2.3-a.", "1.2.18446744073709551616", "1.2.-3", "1.2.3-ä"})
        EXPECT_FALSE(Version::parse(text)) << text;
}

TEST(wit_version, order_is_that_of_semver)
{
    const char* ascending[] = {"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta",
                               "1.0.0-beta",  "1.0.0-beta.2",  "1.0.0-beta.11",
                               "1.0.0-rc.1",  "1.0.0",         "1.0.1",
                               "1.1.0",       "2.0.0",         "10.0.0"};
    for (std::size_t i = 0; i < std::size(ascending); ++i)
        for (std::size_t j = 0; j < std::size(ascending); ++j)
            EXPECT_EQ(precedence(*Version::parse(ascending[i]), *Version::parse(ascending[j])), i <=> j);
    EXPECT_EQ(precedence(*Version::parse("1.0.0+a"), *Version::parse("1.0.0+b")), std::strong_ordering::equal);
}

TEST(wit_version, compatible_versions_share_their_first_number_that_is_not_zero)
{
    EXPECT_EQ(Version::parse("1.4.0")->compatibility(), "1");
    EXPECT_EQ(Version::parse("0.2.9")->compatibility(), "0.2");
    EXPECT_EQ(Version::parse("0.0.3")->compatibility(), "0.0.3");
    EXPECT_EQ(Version::parse("0.3.0-rc.1")->compatibility(), "0.3.0-rc.1");
}
