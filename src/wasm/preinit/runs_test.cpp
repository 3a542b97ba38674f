#include "wasm/preinit/runs.hpp"

#include <gtest/gtest.h>

namespace trellis::wasm {
namespace {

std::vector<Run> runs_in(std::initializer_list<std::pair<std::size_t, std::size_t>> ones, std::size_t size,
                         std::size_t most)
{
    std::vector<std::uint8_t> memory(size);
    for (const auto& [at, length] : ones)
        std::fill_n(memory.begin() + static_cast<std::ptrdiff_t>(at), length, std::uint8_t(1));
    return runs_of_data(memory, most);
}

using Expected = std::vector<Run>;

TEST(preinit_runs, zeroes_give_nothing)
{
    EXPECT_EQ(runs_in({}, 65536, 10), Expected{});
    EXPECT_EQ(runs_in({}, 0, 10), Expected{});
}

TEST(preinit_runs, begin_and_end_are_exact)
{
    for (std::size_t at = 0; at < 20; ++at)
        for (std::size_t length = 1; length < 20; ++length)
            EXPECT_EQ(runs_in({{at, length}}, at + length + at % 3, 10), (Expected{{at, at + length}}));
}

TEST(preinit_runs, small_gaps_are_joined)
{
    EXPECT_EQ(runs_in({{100, 1}, {133, 1}}, 1000, 10), (Expected{{100, 134}}));
    EXPECT_EQ(runs_in({{100, 1}, {134, 1}}, 1000, 10), (Expected{{100, 101}, {134, 135}}));
}

TEST(preinit_runs, beyond_the_most_the_smallest_gaps_go_first)
{
    // gaps of 100, 200, 100, 50, 300
    const auto ones = {std::pair<std::size_t, std::size_t>(0, 1), {101, 1}, {302, 1}, {403, 1}, {454, 1}, {755, 1}};
    EXPECT_EQ(runs_in(ones, 1000, 6).size(), 6u);
    EXPECT_EQ(runs_in(ones, 1000, 5), (Expected{{0, 1}, {101, 102}, {302, 303}, {403, 455}, {755, 756}}));
    EXPECT_EQ(runs_in(ones, 1000, 4), (Expected{{0, 102}, {302, 303}, {403, 455}, {755, 756}}));
    EXPECT_EQ(runs_in(ones, 1000, 3), (Expected{{0, 102}, {302, 455}, {755, 756}}));
    EXPECT_EQ(runs_in(ones, 1000, 1), (Expected{{0, 756}}));
}

TEST(preinit_runs, a_memory_full_of_gaps_stays_bounded)
{
    std::vector<std::uint8_t> memory(4 << 20);
    for (std::size_t i = 0; i < memory.size(); i += 64)
        memory[i] = 1;
    const auto runs = runs_of_data(memory, 100);
    EXPECT_EQ(runs.size(), 100u);
    EXPECT_EQ(runs.front().begin, 0u);
    EXPECT_EQ(runs.back().end, memory.size() - 63);
    for (std::size_t i = 1; i < runs.size(); ++i)
        EXPECT_GE(runs[i].begin, runs[i - 1].end + 63);
}

} // namespace
} // namespace trellis::wasm
