// The worker with real guests: the interpreter's loops, traps and calls on fibers that take turns.
#include "sandbox/worker.hpp"

#include "wasm/execution/test_guest.hpp"
#include "wasm/interpreter/interpreter.hpp"

#include <algorithm>
#include <cstdio>

namespace trellis::sandbox {
namespace {

using wasm::Function;
using wasm::Store;

constexpr auto guest_text = R"((module (memory 1)
    (func (export "loop") (loop $again (br $again)))
    (func (export "sum") (param i32) (result i32) (local i32)
        (loop $again
            (local.set 1 (i32.add (local.get 1) (local.get 0)))
            (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 1))
    (func (export "outside") (result i32) (i32.load (i32.const 0x7fffffff)))
    (func $deep (export "deep") (call $deep))))";

class sandbox_worker_guests : public testing::Test {
protected:
    Store& add_store()
    {
        auto& store = stores.emplace_back(registry, wasm::interpreter_tier);
        auto module = wasm::load_module(*wasm::parse_text(guest_text), *registry);
        EXPECT_TRUE(module);
        instances.push_back(*wasm::instantiate(store, *module, {}));
        return store;
    }

    Function& last_export(std::string_view name) { return *std::get<Function*>(*find_export(*instances.back(), name)); }

    /// Adds a guest whose function traps with these words.
    void add_trapping(Worker& worker, std::string_view name, std::string words)
    {
        auto& store = add_store();
        auto& function = last_export(name);
        const auto added = worker.add(store, [&store, &function, words, this] {
            const auto result = wasm::invoke(store, function, {});
            ASSERT_FALSE(result);
            EXPECT_EQ(result.error().message, words);
            ++finished;
        });
        ASSERT_TRUE(added);
    }

    std::shared_ptr<wasm::TypeRegistry> registry = std::make_shared<wasm::TypeRegistry>();
    std::deque<Store> stores;
    std::vector<wasm::Instance*> instances;
    int finished = 0;
};

TEST_F(sandbox_worker_guests, endless_loop_lets_short_guests_finish)
{
    Worker worker;
    add_trapping(worker, "loop", "interrupted");
    auto& busy = stores.back();
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    Clock::duration longest{};
    constexpr int count = 30;
    for (int i = 0; i < count; ++i) {
        auto& store = add_store();
        auto& sum = last_export("sum");
        const auto added = worker.add(store, [&] {
            const auto before = Clock::now();
            EXPECT_EQ(worker.yield(), wasm::Trap::none);
            longest = std::max(longest, Clock::now() - before);
            const wasm::Value argument[] = {wasm::Value::of_i32(1000)};
            const auto result = wasm::invoke(store, sum, argument);
            ASSERT_TRUE(result);
            EXPECT_EQ((*result)[0].slots[0].u32, 500'500u);
            ++finished;
        });
        ASSERT_TRUE(added);
    }
    while (finished < count)
        ASSERT_TRUE(worker.run_one());
    const auto in_ms = [](Clock::duration time) { return std::chrono::duration<double, std::milli>(time).count(); };
    std::printf("30 guests beside an endless loop: %.2f ms in all, %.2f ms the longest wait\n",
                in_ms(Clock::now() - start), in_ms(longest));
    busy.interrupt_handle().interrupt();
    worker.run();
    EXPECT_EQ(finished, count + 1);
}

TEST_F(sandbox_worker_guests, traps_in_one_fiber_leave_the_others_alone)
{
    Worker worker(std::chrono::microseconds(300));
    add_trapping(worker, "loop", "interrupted");
    auto& first = stores.back();
    add_trapping(worker, "loop", "interrupted");
    auto& second = stores.back();
    for (int i = 0; i < 5; ++i) {
        add_trapping(worker, "outside", "out of bounds memory access");
        add_trapping(worker, "deep", "call stack exhausted");
    }
    while (finished < 10)
        ASSERT_TRUE(worker.run_one());
    first.interrupt_handle().interrupt();
    second.interrupt_handle().interrupt();
    worker.run();
    EXPECT_EQ(finished, 12);
}

} // namespace
} // namespace trellis::sandbox
