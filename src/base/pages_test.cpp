#include "base/pages.hpp"

#include <gtest/gtest.h>

namespace trellis {
namespace {

TEST(pages, usable_part_is_zero_and_keeps_what_is_written)
{
    auto pages = Pages::reserve(std::uint64_t(8) << 30);
    ASSERT_TRUE(pages);
    ASSERT_TRUE(pages->make_usable(100, 5000));
    EXPECT_EQ(pages->base()[8191], std::byte(0));
    pages->base()[8191] = std::byte(7);
    ASSERT_TRUE(pages->make_usable(8192, 1));
    EXPECT_EQ(pages->base()[8191], std::byte(7));
    EXPECT_EQ(pages->base()[8192], std::byte(0));
}

TEST(pages, discarded_pages_read_as_zero)
{
    auto pages = Pages::reserve(2 * os_page_bytes);
    ASSERT_TRUE(pages && pages->make_usable(0, 2 * os_page_bytes));
    pages->base()[0] = pages->base()[os_page_bytes] = std::byte(1);
    pages->discard(os_page_bytes, os_page_bytes);
    EXPECT_EQ(pages->base()[0], std::byte(1));
    EXPECT_EQ(pages->base()[os_page_bytes], std::byte(0));
}

TEST(pages, impossible_size_is_an_error)
{
    EXPECT_FALSE(Pages::reserve(std::uint64_t(1) << 60));
    EXPECT_FALSE(Pages::reserve(~std::uint64_t(0)));
}

TEST(pages, reserve_up_to_takes_less_where_there_is_no_room)
{
    auto pages = Pages::reserve_up_to(std::uint64_t(1) << 60, 4096);
    ASSERT_TRUE(pages);
    EXPECT_GE(pages->size(), 4096u);
    EXPECT_FALSE(Pages::reserve_up_to(std::uint64_t(1) << 60, std::uint64_t(1) << 59));
}

TEST(pages_death, reserved_part_is_not_accessible)
{
    auto pages = Pages::reserve(os_page_bytes);
    ASSERT_TRUE(pages);
    EXPECT_DEATH(*const_cast<volatile std::byte*>(pages->base()) = std::byte(1), "");
}

} // namespace
} // namespace trellis
