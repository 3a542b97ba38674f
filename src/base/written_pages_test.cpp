#include "base/written_pages.hpp"

#include "base/shared_pages.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>
#include <sys/wait.h>
#include <unistd.h>

namespace trellis {
namespace {

constexpr std::uint64_t page = os_page_bytes;

class written_pages : public testing::TestWithParam<WrittenPages::Source> {
protected:
    /// Numbers of the pages, from the range's first on.
    [[nodiscard]] std::vector<std::uint64_t> found(const Pages& range) const
    {
        const WrittenPages written(range.base(), range.size(), GetParam());
        EXPECT_EQ(written.known_end(), range.base() + range.size());
        std::vector<std::uint64_t> numbers;
        for (const auto& run : written.runs())
            for (auto* at = run.begin; at < run.begin + run.length; at += page)
                numbers.push_back(static_cast<std::uint64_t>(at - range.base()) / page);
        return numbers;
    }

    static Pages usable(std::uint64_t pages)
    {
        auto range = *Pages::reserve(pages * page);
        EXPECT_TRUE(range.make_usable(0, pages * page));
        return range;
    }
};

TEST_P(written_pages, are_those_that_were_written)
{
    auto range = usable(2000);
    EXPECT_EQ(found(range), std::vector<std::uint64_t>{});
    for (const std::uint64_t at : {0, 1, 2, 700, 1999})
        range.base()[at * page + at] = std::byte(1);
    EXPECT_EQ(found(range), (std::vector<std::uint64_t>{0, 1, 2, 700, 1999}));
    range.discard(page, 3 * page);
    EXPECT_EQ(found(range), (std::vector<std::uint64_t>{0, 700, 1999}));
}

TEST_P(written_pages, of_a_copy_are_those_that_are_its_own)
{
    const std::vector<std::uint8_t> text(3 * page, 'x');
    const auto shared = *SharedPages::make(5 * page, std::array{SharedPages::Part{page, text}});
    auto range = usable(8);
    ASSERT_TRUE(range.copy_on_write(2 * page, shared));
    const auto* bytes = range.base();
    EXPECT_EQ(bytes[2 * page], std::byte(0));
    EXPECT_EQ(bytes[3 * page], std::byte('x'));
    EXPECT_EQ(found(range), std::vector<std::uint64_t>{}) << "they were only read";
    range.base()[4 * page] = range.base()[7 * page] = std::byte('y');
    EXPECT_EQ(found(range), (std::vector<std::uint64_t>{4, 7}));
    EXPECT_EQ(shared.data()[2 * page], std::byte('x'));
    ASSERT_TRUE(range.end_copy(2 * page, shared.size()));
    EXPECT_EQ(bytes[3 * page], std::byte(0));
}

TEST_P(written_pages, too_many_are_known_up_to_somewhere)
{
    auto range = usable(1000);
    std::memset(range.base(), 1, range.size());
    const WrittenPages written(range.base(), range.size(), GetParam());
    ASSERT_EQ(written.runs().size(), 1u);
    EXPECT_EQ(written.runs()[0].begin, range.base());
    EXPECT_EQ(written.runs()[0].length, WrittenPages::most_pages * page);
    EXPECT_EQ(written.known_end(), range.base() + WrittenPages::most_pages * page);
}

TEST_P(written_pages, single_ones_too)
{
    auto range = usable(1000);
    for (std::uint64_t at = 1; at < 1000; at += 2)
        range.base()[at * page] = std::byte(1);
    const WrittenPages written(range.base(), range.size(), GetParam());
    EXPECT_EQ(written.runs().size(), WrittenPages::most_pages);
    const auto* const last_end = written.runs().back().begin + page;
    EXPECT_TRUE(written.known_end() == last_end || written.known_end() == last_end + page);
}

TEST_P(written_pages, nothing_of_nothing)
{
    const auto range = usable(1);
    const WrittenPages written(range.base(), 0, GetParam());
    EXPECT_TRUE(written.runs().empty());
    EXPECT_EQ(written.known_end(), range.base());
}

TEST_P(written_pages, a_forked_child_asks_about_itself)
{
    auto range = usable(10);
    EXPECT_EQ(found(range).size(), 0u);
    const auto child = fork();
    if (child == 0) {
        range.base()[3 * page] = std::byte(1);
        _exit(found(range) == std::vector<std::uint64_t>{3} ? 42 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 42);
}

INSTANTIATE_TEST_SUITE_P(sources, written_pages,
                         testing::Values(WrittenPages::Source::scan, WrittenPages::Source::entries),
                         [](const auto& source) {
                             return source.param == WrittenPages::Source::scan ? "scan" : "entries";
                         });

} // namespace
} // namespace trellis
