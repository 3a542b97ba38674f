#include "wasm/execution/stable_list.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace trellis::wasm {
namespace {

TEST(wasm_stable_list, elements_never_move_and_stand_in_order)
{
    StableList<int, 3> list;
    std::vector<const int*> places;
    for (int i = 0; i < 10; ++i)
        places.push_back(&list.emplace_back(i));
    int expected = 0;
    for (const int& one : std::as_const(list)) {
        EXPECT_EQ(&one, places[static_cast<std::size_t>(expected)]);
        EXPECT_EQ(one, expected++);
    }
    EXPECT_EQ(expected, 10);
    EXPECT_EQ(list.size(), 10u);
}

TEST(wasm_stable_list, every_size_grows_shrinks_and_is_walked)
{
    for (std::size_t most = 0; most <= 7; ++most) {
        StableList<std::shared_ptr<int>, 3> list;
        const auto counted = std::make_shared<int>(1);
        for (int round = 0; round < 2; ++round) {
            while (list.size() < most)
                list.push_back(counted);
            std::size_t walked = 0;
            for (auto at = list.begin(); at != list.end(); at++)
                walked += static_cast<std::size_t>(**at);
            EXPECT_EQ(walked, most);
            EXPECT_EQ(counted.use_count(), static_cast<long>(most) + 1);
            if (round == 0)
                while (!list.empty())
                    list.pop_back();
            EXPECT_EQ(list.empty(), round == 0 || most == 0);
        }
    }
}

TEST(wasm_stable_list, elements_end_with_the_list)
{
    const auto counted = std::make_shared<int>(1);
    {
        StableList<std::shared_ptr<int>, 2> list;
        for (int i = 0; i < 5; ++i)
            EXPECT_EQ(&list.emplace_back(counted), &list.back());
        EXPECT_EQ(counted.use_count(), 6);
    }
    EXPECT_EQ(counted.use_count(), 1);
}

} // namespace
} // namespace trellis::wasm
