#include "net/event_loop.hpp"

#include <array>
#include <gtest/gtest.h>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

namespace trellis::net {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

struct Pipe {
    std::array<int, 2> ends{};
    Pipe() { EXPECT_EQ(::pipe(ends.data()), 0); }
    ~Pipe()
    {
        ::close(ends[0]);
        ::close(ends[1]);
    }
};

} // namespace

TEST(net_event_loop, fibers_run_and_end)
{
    EventLoop loop;
    std::string order;
    ASSERT_TRUE(loop.spawn([&] { order += 'a'; }));
    ASSERT_TRUE(loop.spawn([&] {
        order += 'b';
        loop.sleep_until(Clock::now() + milliseconds(1));
        order += 'd';
    }));
    loop.post([&] { order += 'c'; });
    EXPECT_EQ(loop.fibers(), 2u);
    loop.run();
    EXPECT_EQ(order, "abcd");
    EXPECT_EQ(loop.fibers(), 0u);
}

TEST(net_event_loop, pause_is_woken_before_and_after_it_waits)
{
    EventLoop loop;
    Pause pause(loop);
    int woken = 0;
    ASSERT_TRUE(loop.spawn([&] {
        pause.wake();
        woken += pause.wait();
        woken += pause.wait(Clock::now() + hours(1));
        EXPECT_FALSE(pause.wait(Clock::now() + milliseconds(1)));
        woken += pause.wait();
    }));
    ASSERT_TRUE(loop.spawn([&] {
        EXPECT_EQ(woken, 1);
        pause.wake();
        pause.wake(); // counts once
        EXPECT_EQ(woken, 1);
        loop.sleep_until(Clock::now() + milliseconds(20));
        pause.wake();
    }));
    loop.run();
    EXPECT_EQ(woken, 3);
}

TEST(net_event_loop, what_a_fiber_resumes_waits_with_it)
{
    EventLoop loop;
    Pause pause(loop);
    std::string order;
    FiberStacks stacks;
    auto inner = *Fiber::make(stacks, [&] {
        order += 'a';
        pause.wait();
        order += 'c';
        Fiber::suspend();
        loop.sleep_until(Clock::now() + milliseconds(1));
        order += 'e';
    });
    ASSERT_TRUE(loop.spawn([&] {
        inner->resume();
        order += 'd';
        inner->resume();
        order += 'f';
    }));
    ASSERT_TRUE(loop.spawn([&] {
        order += 'b';
        pause.wake();
    }));
    loop.run();
    EXPECT_EQ(order, "abcdef");
}

TEST(net_event_loop, other_threads_post_and_stop)
{
    EventLoop loop;
    bool posted = false;
    Pause pause(loop);
    ASSERT_TRUE(loop.spawn([&] { EXPECT_TRUE(pause.wait(Clock::now() + hours(1))); }));
    std::thread other([&] {
        loop.post([&] {
            posted = true;
            pause.wake();
        });
    });
    loop.run();
    other.join();
    EXPECT_TRUE(posted);
}

TEST(net_event_loop, descriptors_are_waited_for)
{
    EventLoop loop;
    Pipe pipe, silent;
    ASSERT_TRUE(loop.spawn([&] {
        std::array<pollfd, 3> wanted = {{{silent.ends[0], POLLIN, 0}, {pipe.ends[0], POLLIN, 0}, {-1, POLLIN, 0}}};
        EXPECT_FALSE(loop.wait_ready(wanted, Clock::now() + milliseconds(1)));
        EXPECT_TRUE(loop.wait_ready(wanted, Clock::now() + hours(1)));
        EXPECT_EQ(wanted[0].revents, 0);
        EXPECT_EQ(wanted[1].revents, POLLIN);
    }));
    ASSERT_TRUE(loop.spawn([&] {
        loop.sleep_until(Clock::now() + milliseconds(10));
        EXPECT_EQ(::write(pipe.ends[1], "x", 1), 1);
    }));
    loop.run();
}

TEST(net_event_loop, two_fibers_wait_for_one_descriptor)
{
    EventLoop loop;
    Pipe pipe;
    int ready = 0;
    for (int i = 0; i < 2; ++i)
        ASSERT_TRUE(loop.spawn([&] {
            pollfd wanted = {pipe.ends[0], POLLIN, 0};
            ready += loop.wait_ready({&wanted, 1}, Clock::now() + hours(1));
        }));
    ASSERT_TRUE(loop.spawn([&] { EXPECT_EQ(::write(pipe.ends[1], "x", 1), 1); }));
    loop.run();
    EXPECT_EQ(ready, 2);
}

TEST(net_event_loop, wake_ends_a_wait_for_descriptors)
{
    EventLoop loop;
    Pipe pipe;
    Pause wake(loop);
    ASSERT_TRUE(loop.spawn([&] {
        pollfd wanted = {pipe.ends[0], POLLIN, 0};
        EXPECT_FALSE(loop.wait_ready({&wanted, 1}, Clock::now() + hours(1), &wake));
    }));
    ASSERT_TRUE(loop.spawn([&] { wake.wake(); }));
    loop.run();
}

TEST(net_event_loop, waits_also_where_no_descriptor_is_left)
{
    EventLoop loop;
    Pipe pipe, silent;
    rlimit before = {};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    ASSERT_TRUE(loop.spawn([&] {
        loop.sleep_until(Clock::now()); // what the loop itself needs is open
        const int next = ::dup(pipe.ends[0]);
        ::close(next);
        const rlimit none = {.rlim_cur = static_cast<rlim_t>(next), .rlim_max = before.rlim_max};
        ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
        pollfd never = {silent.ends[0], POLLIN, 0};
        EXPECT_FALSE(loop.wait_ready({&never, 1}, Clock::now() + milliseconds(1)));
        pollfd wanted = {pipe.ends[0], POLLIN, 0};
        EXPECT_TRUE(loop.wait_ready({&wanted, 1}, Clock::now() + hours(1)));
        EXPECT_EQ(wanted.revents, POLLIN);
        ::setrlimit(RLIMIT_NOFILE, &before);
    }));
    ASSERT_TRUE(loop.spawn([&] {
        loop.sleep_until(Clock::now() + milliseconds(10));
        EXPECT_EQ(::write(pipe.ends[1], "x", 1), 1);
    }));
    loop.run();
    ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST(net_event_loop, bad_descriptors_are_ready)
{
    EventLoop loop;
    ASSERT_TRUE(loop.spawn([&] {
        pollfd wanted = {9999, POLLIN, 0};
        EXPECT_TRUE(loop.wait_ready({&wanted, 1}, Clock::now() + hours(1)));
        EXPECT_EQ(wanted.revents, POLLNVAL);
    }));
    loop.run();
}

} // namespace trellis::net
