#include "base/quantity.hpp"

#include <gtest/gtest.h>

namespace trellis {
namespace {

using namespace std::chrono_literals;

TEST(base_quantity, sizes)
{
    EXPECT_EQ(parse_size("65536"), std::uint64_t(65536));
    EXPECT_EQ(parse_size("64KiB"), std::uint64_t(65536));
    EXPECT_EQ(parse_size("1.5MiB"), std::uint64_t(1572864));
    EXPECT_EQ(parse_size("2GB"), std::uint64_t(2'000'000'000));
    for (const char* bad : {"", "0", "-1", "MiB", "1 MiB", "1mib", "1e3", "99999999999GiB", "nan"})
        EXPECT_FALSE(parse_size(bad).has_value()) << bad;
}

TEST(base_quantity, durations)
{
    EXPECT_EQ(parse_duration("500ms"), 500ms);
    EXPECT_EQ(parse_duration("1.5s"), 1500ms);
    EXPECT_EQ(parse_duration("2"), 2s);
    EXPECT_EQ(parse_duration("2m"), 2min);
    for (const char* bad : {"", "0", "s", "-1s", "1d"})
        EXPECT_FALSE(parse_duration(bad).has_value()) << bad;
}

TEST(base_quantity, counts)
{
    EXPECT_EQ(parse_count("18446744073709551615"), ~std::uint64_t(0));
    EXPECT_EQ(parse_count("0"), std::uint64_t(0));
    for (const char* bad : {"", "-1", "1.5", "18446744073709551616", "1k"})
        EXPECT_FALSE(parse_count(bad).has_value()) << bad;
}

} // namespace
} // namespace trellis
