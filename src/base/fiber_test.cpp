#include "base/fiber.hpp"

#include "base/native_stack.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace trellis {
namespace {

TEST(fiber, suspends_and_goes_on)
{
    FiberStacks stacks;
    std::string seen;
    auto fiber = *Fiber::make(stacks, [&] {
        seen += "a";
        Fiber::suspend();
        seen += "c";
        Fiber::suspend();
        seen += "e";
    });
    EXPECT_EQ(Fiber::current(), nullptr);
    fiber->resume();
    seen += "b";
    EXPECT_FALSE(fiber->finished());
    fiber->resume();
    seen += "d";
    fiber->resume();
    EXPECT_TRUE(fiber->finished());
    EXPECT_EQ(seen, "abcde");
}

TEST(fiber, many_take_turns)
{
    FiberStacks stacks;
    constexpr int count = 100, rounds = 50;
    std::vector<int> turns;
    std::vector<std::unique_ptr<Fiber>> fibers;
    for (int i = 0; i < count; ++i)
        fibers.push_back(*Fiber::make(stacks, [&turns, i] {
            for (int round = 0; round < rounds; ++round) {
                turns.push_back(i);
                Fiber::suspend();
            }
        }));
    for (int round = 0; round <= rounds; ++round)
        for (auto& fiber : fibers)
            fiber->resume();
    ASSERT_EQ(turns.size(), std::size_t(count * rounds));
    for (std::size_t i = 0; i < turns.size(); ++i)
        ASSERT_EQ(turns[i], static_cast<int>(i % count));
    for (auto& fiber : fibers)
        EXPECT_TRUE(fiber->finished());
}

TEST(fiber, fibers_resume_fibers)
{
    FiberStacks stacks;
    std::string seen;
    auto inner = *Fiber::make(stacks, [&] {
        seen += "2";
        Fiber::suspend();
        seen += "4";
    });
    auto outer = *Fiber::make(stacks, [&] {
        auto* const self = Fiber::current();
        seen += "1";
        inner->resume();
        EXPECT_EQ(Fiber::current(), self);
        seen += "3";
        inner->resume();
        seen += "5";
    });
    outer->resume();
    EXPECT_EQ(seen, "12345");
    EXPECT_EQ(Fiber::current(), nullptr);
}

TEST(fiber, an_outer_one_waits_with_those_inside_it)
{
    FiberStacks stacks;
    std::string seen;
    Fiber* outermost = nullptr;
    auto inner = *Fiber::make(stacks, [&] {
        auto* const self = Fiber::current();
        const auto floor = native_stack_floor;
        seen += "1";
        Fiber::suspend(*outermost);
        EXPECT_EQ(Fiber::current(), self);
        EXPECT_EQ(native_stack_floor, floor);
        seen += "3";
        Fiber::suspend();
        seen += "5";
        Fiber::suspend(*outermost);
        seen += "7";
    });
    auto outer = *Fiber::make(stacks, [&] {
        inner->resume();
        EXPECT_EQ(Fiber::current(), outermost);
        EXPECT_FALSE(inner->finished());
        seen += "4";
        inner->resume();
        EXPECT_TRUE(inner->finished());
        Fiber::suspend();
        seen += "9";
    });
    outermost = outer.get();
    outer->resume();
    for (const char* now : {"2", "6", "8"}) {
        EXPECT_EQ(Fiber::current(), nullptr);
        seen += now;
        outer->resume();
    }
    EXPECT_TRUE(outer->finished());
    EXPECT_EQ(seen, "123456789");
}

TEST(fiber, stacks_are_reused)
{
    FiberStacks stacks;
    const void* first = nullptr;
    const void* second = nullptr;
    for (auto* place : {&first, &second}) {
        auto fiber = *Fiber::make(stacks, [&] { *place = __builtin_frame_address(0); });
        fiber->resume();
    }
    EXPECT_EQ(first, second);
}

TEST(fiber, native_stack_left_is_the_fibers)
{
    FiberStacks stacks(64 * 1024);
    const auto outside = native_stack_left();
    std::size_t inside = 0;
    auto fiber = *Fiber::make(stacks, [&] { inside = native_stack_left(); });
    fiber->resume();
    EXPECT_GT(inside, 32u * 1024);
    EXPECT_LT(inside, 64u * 1024);
    EXPECT_GT(outside, 256u * 1024);
    EXPECT_NEAR(static_cast<double>(native_stack_left()), static_cast<double>(outside), 4096);
    std::thread([] { EXPECT_GT(native_stack_left(), 256u * 1024); }).join();
}

TEST(fiber, one_that_never_ran_may_go)
{
    FiberStacks stacks;
    EXPECT_TRUE(Fiber::make(stacks, [] { FAIL(); }));
}

TEST(fiber_death, overflow_meets_the_guard_page)
{
    FiberStacks stacks(16 * 1024);
    auto fiber = *Fiber::make(stacks, [] {
        auto* lowest = static_cast<volatile char*>(__builtin_frame_address(0));
        for (int i = 0; i < 20 * 1024; i += 1024)
            lowest[-i] = lowest[-i];
    });
    EXPECT_DEATH(fiber->resume(), "");
}

} // namespace
} // namespace trellis
