#include "sandbox/wasi/p2/pollable.hpp"

#include "wasm/interpreter/interpreter.hpp"

#include <gtest/gtest.h>

#include <array>
#include <thread>

namespace trellis::sandbox::preview2 {
namespace {

class wasi_p2_pollable : public testing::Test {
protected:
    wasi_p2_pollable()
    {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe(ends.data()), 0);
        reading_ = HostFd(ends[0]);
        writing_ = HostFd(ends[1]);
    }
    Pollable readable()
    {
        return Pollable([this](Wait&) { return Need::of(reading_.number(), POLLIN); });
    }
    void write_byte() { EXPECT_EQ(::write(writing_.number(), "x", 1), 1); }

    HostFd reading_, writing_;
    wasm::Store store_{std::make_shared<wasm::TypeRegistry>(), wasm::interpreter_tier};
    Wait wait_{.store = store_, .waiter = blocking_waiter()};
};

} // namespace

TEST_F(wasi_p2_pollable, asking_never_waits)
{
    EXPECT_FALSE(is_met(readable().need(wait_)));
    write_byte();
    EXPECT_TRUE(is_met(readable().need(wait_)));
    EXPECT_FALSE(is_met(Need()));
    EXPECT_TRUE(is_met(Need::nothing()));
}

TEST_F(wasi_p2_pollable, only_what_is_ready_is_named)
{
    const Pollable pipe = readable();
    const Pollable never([](Wait&) { return Need(); });
    const Pollable passed([](Wait&) { return Need::until(Instant()); });
    const std::array all = {const_cast<Pollable*>(&pipe), const_cast<Pollable*>(&never),
                            const_cast<Pollable*>(&passed)};
    EXPECT_EQ(*wait_for_any(all, wait_), (std::vector<std::uint32_t>{2}));
    write_byte();
    EXPECT_EQ(*wait_for_any(all, wait_), (std::vector<std::uint32_t>{0, 2}));
}

TEST_F(wasi_p2_pollable, a_descriptor_ends_the_wait_for_a_moment_far_away)
{
    Pollable pipe = readable();
    Pollable later([](Wait&) { return Need::until(std::chrono::steady_clock::now() + std::chrono::hours(1)); });
    const std::array all = {&later, &pipe};
    std::thread writer([this] { write_byte(); });
    EXPECT_EQ(*wait_for_any(all, wait_), (std::vector<std::uint32_t>{1}));
    writer.join();
}

TEST_F(wasi_p2_pollable, an_interruption_ends_a_wait_for_nothing)
{
    Pollable never([](Wait&) { return Need(); });
    const std::array all = {&never};
    std::thread other([handle = store_.interrupt_handle()]() mutable { handle.interrupt(); });
    const auto ready = wait_for_any(all, wait_);
    other.join();
    ASSERT_FALSE(ready);
    EXPECT_EQ(ready.error(), SystemError::guest_trapped);
    EXPECT_EQ(wait_.trap, wasm::Trap::interrupted);
}

} // namespace trellis::sandbox::preview2
