#include "services/gateway/admission.hpp"

#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <vector>

namespace trellis::gateway {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::hours;
using std::chrono::milliseconds;

TEST(gateway_admission, so_many_at_once_and_then_first_come_first_served)
{
    net::EventLoop loop;
    Admission admission(2);
    std::string order;
    unsigned inside = 0, most = 0;
    for (char name = 'a'; name < 'g'; ++name)
        ASSERT_TRUE(loop.spawn([&, name] {
            const auto place = admission.enter(loop, Clock::now() + hours(1));
            EXPECT_TRUE(place);
            order += name;
            most = std::max(most, ++inside);
            loop.sleep_until(Clock::now() + milliseconds(1));
            --inside;
        }));
    loop.run();
    EXPECT_EQ(order, "abcdef");
    EXPECT_EQ(most, 2u);
}

TEST(gateway_admission, who_waited_too_long_has_no_place_and_takes_none)
{
    net::EventLoop loop;
    Admission admission(1);
    std::string order;
    net::Pause end(loop);
    ASSERT_TRUE(loop.spawn([&] {
        const auto place = admission.enter(loop, Clock::now() + hours(1));
        order += 'a';
        end.wait();
    }));
    ASSERT_TRUE(loop.spawn([&] {
        EXPECT_FALSE(admission.enter(loop, Clock::now() + milliseconds(2)));
        EXPECT_FALSE(admission.enter(loop, Clock::now() - milliseconds(1))); // at once
        order += 'b';
        end.wake();
    }));
    ASSERT_TRUE(loop.spawn([&] {
        const auto place = admission.enter(loop, Clock::now() + hours(1)); // stood behind the one who left
        EXPECT_TRUE(place);
        order += 'c';
    }));
    loop.run();
    EXPECT_EQ(order, "abc");
    ASSERT_TRUE(loop.spawn([&] { EXPECT_TRUE(admission.enter(loop, Clock::now())); })); // none was lost
    loop.run();
}

TEST(gateway_admission, a_place_is_given_back_once)
{
    net::EventLoop loop;
    Admission admission(1);
    ASSERT_TRUE(loop.spawn([&] {
        auto place = admission.enter(loop, Clock::now());
        EXPECT_TRUE(place);
        auto moved = std::move(place);
        place = Admission::Place();
        EXPECT_FALSE(admission.enter(loop, Clock::now()));
        moved = Admission::Place();
        const auto again = admission.enter(loop, Clock::now());
        EXPECT_TRUE(again);
        EXPECT_FALSE(admission.enter(loop, Clock::now()));
    }));
    loop.run();
}

TEST(gateway_admission, threads_share_the_places)
{
    Admission admission(3);
    std::atomic<int> inside = 0, entered = 0;
    std::atomic<bool> too_many = false;
    const auto work = [&] {
        net::EventLoop loop;
        for (int i = 0; i < 20; ++i)
            ASSERT_TRUE(loop.spawn([&] {
                for (int round = 0; round < 20; ++round) {
                    const auto place = admission.enter(loop, Clock::now() + hours(1));
                    ASSERT_TRUE(place);
                    if (++inside > 3)
                        too_many = true;
                    ++entered;
                    loop.sleep_until(Clock::now());
                    --inside;
                }
            }));
        loop.run();
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i)
        threads.emplace_back(work);
    for (auto& one : threads)
        one.join();
    EXPECT_FALSE(too_many);
    EXPECT_EQ(entered, 1200);
    EXPECT_EQ(inside, 0);
}

TEST(gateway_admission, deadlines_that_meet_a_free_place_lose_none)
{
    Admission admission(1);
    const auto work = [&] {
        net::EventLoop loop;
        for (int i = 0; i < 8; ++i)
            ASSERT_TRUE(loop.spawn([&] {
                for (int round = 0; round < 50; ++round) {
                    const auto place = admission.enter(loop, Clock::now() + std::chrono::microseconds(200));
                    if (place)
                        loop.sleep_until(Clock::now() + std::chrono::microseconds(100));
                }
            }));
        loop.run();
    };
    std::thread other(work);
    work();
    other.join();
    net::EventLoop loop;
    ASSERT_TRUE(loop.spawn([&] { EXPECT_TRUE(admission.enter(loop, Clock::now())); }));
    loop.run();
}

} // namespace
} // namespace trellis::gateway
