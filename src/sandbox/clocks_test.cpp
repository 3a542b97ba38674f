#include "sandbox/clocks.hpp"

#include <cstdlib>
#include <gtest/gtest.h>

namespace trellis::sandbox {
namespace {

TEST(sandbox_clocks, both_forms_of_a_time_are_of_the_same_clock)
{
    for (const auto clock : {Clock::realtime, Clock::monotonic}) {
        const auto before = time_ns(clock).value();
        const auto now = nanoseconds(time_of(clock).value());
        const auto after = time_ns(clock).value();
        if (clock == Clock::monotonic) {
            EXPECT_LE(before, now);
            EXPECT_LE(now, after);
        }
        EXPECT_GT(now, 0U);
        EXPECT_GE(resolution_ns(clock).value(), 1U);
    }
    EXPECT_NE(time_of(Clock::realtime)->tv_sec, time_of(Clock::monotonic)->tv_sec);
}

TEST(sandbox_time_zone, utc_is_what_a_guest_has_without_a_grant)
{
    EXPECT_EQ(TimeZone::utc().name(), "UTC");
    EXPECT_EQ(TimeZone::utc().offset_ns(1'700'000'000), 0);
}

/// In a process of its own, whose variable TZ is `zone`.
[[noreturn]] void exit_with_zone(const char* zone, const char* name, std::int64_t offset_s)
{
    ::setenv("TZ", zone, 1);
    const auto host = TimeZone::of_host();
    const bool as_expected =
        host.name().value_or("") == name && host.offset_ns(1'700'000'000) == offset_s * 1'000'000'000;
    std::_Exit(as_expected ? 0 : 1);
}

TEST(sandbox_time_zone, the_hosts_is_what_its_variable_says)
{
    EXPECT_EXIT(exit_with_zone("XYZ-05:30", "", 19'800), testing::ExitedWithCode(0), "") << "a rule has no name";
    EXPECT_EXIT(exit_with_zone("ABC8", "", -28'800), testing::ExitedWithCode(0), "");
    EXPECT_EXIT(exit_with_zone("UTC", "UTC", 0), testing::ExitedWithCode(0), "");
    EXPECT_EXIT(exit_with_zone(":/usr/share/zoneinfo/Etc/UTC", "Etc/UTC", 0), testing::ExitedWithCode(0), "");
}

TEST(sandbox_time_zone, moments_beyond_the_calendar_have_no_offset)
{
    EXPECT_FALSE(TimeZone::of_host().offset_ns(INT64_MAX).has_value());
    EXPECT_FALSE(TimeZone::of_host().offset_ns(INT64_MIN).has_value());
}

} // namespace
} // namespace trellis::sandbox
