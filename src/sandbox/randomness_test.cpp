#include "sandbox/randomness.hpp"

#include <bit>
#include <cstring>
#include <gtest/gtest.h>
#include <set>

namespace trellis::sandbox {
namespace {

TEST(sandbox_insecure_random, a_seed_decides)
{
    InsecureRandom first({1, 2});
    InsecureRandom again({1, 2});
    InsecureRandom other({1, 3});
    std::set<std::uint64_t> numbers;
    for (int i = 0; i < 1000; ++i) {
        const auto number = first.next();
        EXPECT_EQ(again.next(), number);
        EXPECT_NE(other.next(), number);
        numbers.insert(number);
    }
    EXPECT_EQ(numbers.size(), 1000U);
    EXPECT_FALSE(numbers.contains(first.seed_for_hashing()[0]));
    EXPECT_EQ(first.seed_for_hashing(), again.seed_for_hashing());
    EXPECT_NE(first.seed_for_hashing(), other.seed_for_hashing());
}

TEST(sandbox_insecure_random, bytes_are_those_of_the_numbers)
{
    InsecureRandom numbers({0, 0});
    InsecureRandom bytes({0, 0});
    std::array<std::byte, 19> filled = {};
    bytes.fill(filled);
    for (std::size_t at = 0; at < 16; at += 8) {
        std::uint64_t number;
        std::memcpy(&number, filled.data() + at, sizeof number);
        EXPECT_EQ(number, numbers.next());
    }
    const auto last = numbers.next();
    EXPECT_EQ(std::memcmp(filled.data() + 16, &last, 3), 0);
    EXPECT_EQ(bytes.next(), numbers.next());
    bytes.fill({});
    EXPECT_EQ(bytes.next(), numbers.next());
}

TEST(sandbox_insecure_random, half_of_all_bits_are_set)
{
    InsecureRandom random({0, 0});
    int bits = 0;
    for (int i = 0; i < 10'000; ++i)
        bits += std::popcount(random.next());
    EXPECT_NEAR(bits, 320'000, 2'000); // five standard deviations; the seed is fixed
}

TEST(sandbox_insecure_random, the_system_gives_each_another_seed)
{
    EXPECT_NE(InsecureRandom::make()->seed_for_hashing(), InsecureRandom::make()->seed_for_hashing());
}

} // namespace
} // namespace trellis::sandbox
