#include "sandbox/waiting.hpp"
#include "sandbox/wasi/guest_harness.hpp"

#include <thread>
#include <unistd.h>

namespace trellis::sandbox::preview1 {

namespace {

constexpr std::uint32_t in = 1000, out = 2000, count = 900;

Subscription clock_after(std::uint64_t ns, std::uint64_t userdata, std::uint32_t id = 1, std::uint16_t flags = 0)
{
    return {.userdata = userdata,
            .tag = 0,
            .padding0 = {},
            .id = id,
            .padding1 = 0,
            .timeout = ns,
            .precision = 0,
            .flags = flags,
            .padding2 = {}};
}

Subscription descriptor(EventType type, std::uint32_t fd, std::uint64_t userdata)
{
    auto subscription = clock_after(0, userdata, fd);
    subscription.tag = static_cast<std::uint8_t>(type);
    return subscription;
}

struct Pipe {
    int ends[2];
    Pipe() { EXPECT_EQ(::pipe(ends), 0); }
    ~Pipe()
    {
        ::close(ends[0]);
        ::close(ends[1]);
    }
};

} // namespace

TEST(wasi_poll, clock_alone_is_a_sleep)
{
    GuestHarness guest;
    guest.put(in, clock_after(2'000'000, 77));
    const auto before = std::chrono::steady_clock::now();
    EXPECT_EQ(guest.call("poll_oneoff", {in, out, 1, count}), Errno::success);
    EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(2));
    EXPECT_EQ(guest.at<std::uint32_t>(count), 1U);
    const auto event = guest.at<Event>(out);
    EXPECT_EQ(event.userdata, 77U);
    EXPECT_EQ(event.error, Errno::success);
    EXPECT_EQ(event.type, EventType::clock);
    EXPECT_EQ(guest.text(out + 32, 1), "\xa5");
}

TEST(wasi_poll, layout_of_snapshot_0)
{
    GuestHarness guest({}, "wasi_unstable");
    guest.put(in, SubscriptionSnapshot0{.userdata = 5,
                                        .tag = 0,
                                        .padding0 = {},
                                        .identifier = 999,
                                        .id = 1,
                                        .padding1 = 0,
                                        .timeout = 1,
                                        .precision = 0,
                                        .flags = 0,
                                        .padding2 = {}});
    EXPECT_EQ(guest.call("poll_oneoff", {in, out, 1, count}), Errno::success);
    EXPECT_EQ(guest.at<Event>(out).userdata, 5U);
    // A descriptor's number lies where a clock has its identifier.
    SubscriptionSnapshot0 readiness = {};
    readiness.tag = 2;
    readiness.identifier = 1;
    readiness.id = 99;
    guest.put(in, readiness);
    EXPECT_EQ(guest.call("poll_oneoff", {in, out, 1, count}), Errno::success);
    EXPECT_EQ(guest.at<Event>(out).type, EventType::fd_write);
    EXPECT_EQ(guest.at<Event>(out).error, Errno::success);
}

TEST(wasi_poll, absolute_times)
{
    GuestHarness guest;
    for (const std::uint32_t clock : {0, 1}) {
        guest.put(in, clock_after(1, 1, clock, subscription_clock_abstime)); // long past
        EXPECT_EQ(guest.call("poll_oneoff", {in, out, 1, count}), Errno::success);
        EXPECT_EQ(guest.at<std::uint32_t>(count), 1U);
    }
}

TEST(wasi_poll, readiness_of_descriptors)
{
    Pipe input, output;
    GuestHarness guest({.stdin_stream = input.ends[0], .stdout_stream = output.ends[1]});
    guest.put(in, descriptor(EventType::fd_read, 0, 1));
    guest.put(in + 48, clock_after(1'000'000, 2));
    EXPECT_EQ(guest.call("poll_oneoff", {in, out, 2, count}), Errno::success);
    EXPECT_EQ(guest.at<std::uint32_t>(count), 1U);
    EXPECT_EQ(guest.at<Event>(out).userdata, 2U);

    ASSERT_EQ(::write(input.ends[1], "abc", 3), 3);
    guest.put(in + 48, descriptor(EventType::fd_write, 1, 3));
    EXPECT_EQ(guest.call("poll_oneoff", {in, out, 2, count}), Errno::success);
    EXPECT_EQ(guest.at<std::uint32_t>(count), 2U);
    EXPECT_EQ(guest.at<Event>(out).bytes, 3U);
    EXPECT_EQ(guest.at<Event>(out + 32).userdata, 3U);

    ::close(std::exchange(input.ends[1], -1));
    EXPECT_EQ(guest.call("poll_oneoff", {in, out, 1, count}), Errno::success);
    EXPECT_EQ(guest.at<Event>(out).flags, fd_readwrite_hangup);
}

TEST(wasi_poll, many_subscriptions_to_one_descriptor)
{
    Pipe output;
    GuestHarness guest({.stdout_stream = output.ends[1]});
    for (std::uint32_t i = 0; i < 500; ++i)
        guest.put(i * 48, descriptor(EventType::fd_write, 1, i));
    EXPECT_EQ(guest.call("poll_oneoff", {0, 30'000, 500, 60'000}), Errno::success);
    EXPECT_EQ(guest.at<std::uint32_t>(60'000), 500U);
}

TEST(wasi_poll, what_cannot_be_waited_for_is_an_event_at_once)
{
    GuestHarness guest;
    guest.put(in, descriptor(EventType::fd_read, 99, 1));
    guest.put(in + 48, clock_after(1'000'000'000'000, 2));
    guest.put(in + 96, clock_after(5, 3, 2)); // processor time
    auto unknown = clock_after(5, 4);
    unknown.tag = 3;
    guest.put(in + 144, unknown);
    EXPECT_EQ(guest.call("poll_oneoff", {in, out, 4, count}), Errno::success);
    EXPECT_EQ(guest.at<std::uint32_t>(count), 3U);
    EXPECT_EQ(guest.at<Event>(out).error, Errno::badf);
    EXPECT_EQ(guest.at<Event>(out + 32).error, Errno::inval);
    EXPECT_EQ(guest.at<Event>(out + 64).error, Errno::inval);
}

TEST(wasi_poll, bad_arguments)
{
    GuestHarness guest;
    EXPECT_EQ(guest.call("poll_oneoff", {in, out, 0, count}), Errno::inval);
    EXPECT_EQ(guest.call("poll_oneoff", {in, out, 0xffff'ffff, count}), Errno::inval);
    EXPECT_EQ(guest.call("poll_oneoff", {GuestHarness::memory_size - 40, out, 1, count}), Errno::fault);
    EXPECT_EQ(guest.call("poll_oneoff", {in, GuestHarness::memory_size - 31, 1, count}), Errno::fault);
    EXPECT_EQ(guest.changes(), "");
}

TEST(wasi_poll, endless_waits_can_be_interrupted)
{
    Pipe input;
    GuestHarness guest({.stdin_stream = input.ends[0]});
    guest.put(in, descriptor(EventType::fd_read, 0, 1));
    guest.put(in + 48, clock_after(~std::uint64_t(0), 2));
    const auto handle = guest.store.interrupt_handle();
    std::thread interrupter([&] { handle.interrupt(); });
    guest.call("poll_oneoff", {in, out, 2, count});
    interrupter.join();
    EXPECT_EQ(guest.trap, wasm::Trap::interrupted);
    EXPECT_EQ(guest.text(out, 4), std::string(4, '\xa5'));
}

TEST(wasi_poll, an_event_loop_may_wait_in_our_place)
{
    struct Loop final : Waiter {
        wasm::Trap wait(wasm::Store&, std::span<pollfd> descriptors, std::optional<Instant> deadline) override
        {
            EXPECT_EQ(descriptors.size(), 1U);
            EXPECT_TRUE(deadline.has_value());
            descriptors[0].revents = POLLIN;
            return wasm::Trap::none;
        }
    };
    Pipe input;
    Loop loop;
    GuestHarness guest({.stdin_stream = input.ends[0], .waiter = &loop});
    guest.put(in, descriptor(EventType::fd_read, 0, 1));
    guest.put(in + 48, clock_after(1'000'000'000'000, 2));
    EXPECT_EQ(guest.call("poll_oneoff", {in, out, 2, count}), Errno::success);
    EXPECT_EQ(guest.at<std::uint32_t>(count), 1U);
    EXPECT_EQ(guest.at<Event>(out).userdata, 1U);
}

TEST(wasi_poll, a_poll_handler_may_let_the_guest_wait_on)
{
    GuestHarness guest;
    guest.store.set_poll_handler([] { return wasm::Trap::none; });
    guest.store.interrupt_handle().interrupt();
    guest.put(in, clock_after(1'000'000, 1));
    EXPECT_EQ(guest.call("poll_oneoff", {in, out, 1, count}), Errno::success);
    EXPECT_EQ(guest.trap, wasm::Trap::none);
    EXPECT_EQ(guest.at<std::uint32_t>(count), 1U);
}

} // namespace trellis::sandbox::preview1
