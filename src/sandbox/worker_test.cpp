#include "sandbox/worker.hpp"

#include "wasm/execution/test_guest.hpp"

#include <algorithm>
#include <cstdio>

namespace trellis::sandbox {
namespace {

using wasm::Function;
using wasm::Slot;
using wasm::Store;
using wasm::Trap;
using Clock = std::chrono::steady_clock;

/// What an endless loop does in any tier: one comparison per round.
Trap loop_for_ever(Store& store, Function&, Slot*)
{
    for (;;)
        if (store.interrupt_state().stack_limit.load(std::memory_order_relaxed) == 0)
            if (const auto trap = store.poll(); failed(trap))
                return trap;
}

class sandbox_worker : public wasm::GuestTest {
protected:
    sandbox_worker() { wasm::when_called = loop_for_ever; }

    Function& function_in(Store& guest)
    {
        auto instance = wasm::instantiate(guest, module_of("(module (func))"), {});
        EXPECT_TRUE(instance);
        return *function_of(**instance, wasm::FuncIndex{0});
    }

    Store busy{registry, wasm::idle_tier};
    Function& endless = function_in(busy);
};

TEST_F(sandbox_worker, busy_guest_lets_the_others_finish)
{
    Worker worker;
    bool over = false;
    ASSERT_TRUE(worker.add(busy, [&] {
        EXPECT_EQ(call(busy, endless, nullptr), Trap::interrupted);
        over = true;
    }));
    std::deque<Store> stores;
    constexpr int count = 50;
    int finished = 0;
    Clock::duration longest{};
    for (int i = 0; i < count; ++i) {
        auto& store = stores.emplace_back(registry, wasm::idle_tier);
        ASSERT_TRUE(worker.add(store, [&] {
            // A request that waits for something twice on its way.
            for (int wait = 0; wait < 2; ++wait) {
                const auto before = Clock::now();
                EXPECT_EQ(worker.yield(), Trap::none);
                longest = std::max(longest, Clock::now() - before);
            }
            ++finished;
        }));
    }
    while (finished < count)
        ASSERT_TRUE(worker.run_one());
    EXPECT_FALSE(over);
    std::printf("a busy neighbour adds at most %.2f ms\n", std::chrono::duration<double, std::milli>(longest).count());
    busy.interrupt_handle().interrupt();
    worker.run();
    EXPECT_TRUE(over);
}

TEST_F(sandbox_worker, two_endless_loops_share)
{
    Store second(registry, wasm::idle_tier);
    auto& other = function_in(second);
    Worker worker(std::chrono::microseconds(200));
    ASSERT_TRUE(worker.add(busy, [&] { EXPECT_EQ(call(busy, endless, nullptr), Trap::interrupted); }));
    ASSERT_TRUE(worker.add(second, [&] { EXPECT_EQ(call(second, other, nullptr), Trap::interrupted); }));
    for (int turn = 0; turn < 10; ++turn)
        ASSERT_TRUE(worker.run_one());
    EXPECT_EQ(worker.guests(), 2u);
    busy.interrupt_handle().interrupt();
    second.interrupt_handle().interrupt();
    worker.run();
    EXPECT_EQ(worker.guests(), 0u);
}

TEST_F(sandbox_worker, what_is_left_is_interrupted_at_the_end)
{
    auto result = Trap::none;
    {
        Worker worker(std::chrono::microseconds(200));
        ASSERT_TRUE(worker.add(busy, [&] { result = call(busy, endless, nullptr); }));
        worker.run_one();
        EXPECT_EQ(result, Trap::none);
    }
    EXPECT_EQ(result, Trap::interrupted);
}

TEST_F(sandbox_worker, without_guests_there_is_nothing_to_do)
{
    Worker worker;
    EXPECT_FALSE(worker.run_one());
    worker.run();
}

} // namespace
} // namespace trellis::sandbox
