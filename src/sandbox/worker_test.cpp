#include "sandbox/worker.hpp"

#include "wasm/execution/test_guest.hpp"
#include "wasm/interpreter/interpreter.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <unistd.h>

namespace trellis::sandbox {
namespace {

using wasm::Store;
using wasm::Trap;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr auto guest_text = R"((module (memory 1)
    (func (export "loop") (loop $again (br $again)))
    (func (export "sum") (param i32) (result i32) (local i32)
        (loop $again
            (local.set 1 (i32.add (local.get 1) (local.get 0)))
            (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 1))
    (func (export "outside") (result i32) (i32.load (i32.const 0x7fffffff)))
    (func $deep (export "deep") (call $deep))))";

class sandbox_worker : public testing::Test {
protected:
    struct Guest {
        Store store;
        wasm::Instance* instance;

        /// Calls it without arguments; what it trapped with.
        Trap call(std::string_view name)
        {
            auto* function = std::get<wasm::Function*>(*find_export(*instance, name));
            std::array<wasm::Slot, 1> frame{};
            return wasm::call(store, *function, frame.data());
        }
    };

    /// A guest on a fiber of its own.
    void add(std::function<void(Guest&, Turns&)> body, const void* flow = nullptr, net::Deadline deadline = {})
    {
        ASSERT_TRUE(loop.spawn([=, this] {
            Guest guest{Store(registry, wasm::interpreter_tier), nullptr};
            guest.instance = *wasm::instantiate(guest.store, module, {});
            Turns turns(worker, guest.store, flow, deadline);
            body(guest, turns);
            ++finished;
        }));
    }

    void add_endless(Trap expected, const void* flow = nullptr, net::Deadline deadline = {})
    {
        add([=](Guest& guest, Turns&) { EXPECT_EQ(guest.call("loop"), expected); }, flow, deadline);
    }

    /// Runs the loop until `count` guests have finished, and then interrupts the others.
    void run_until_finished(int count)
    {
        ASSERT_TRUE(loop.spawn([=, this] {
            while (finished < count)
                loop.sleep_until(Clock::now() + milliseconds(1));
            worker.interrupt_all();
        }));
        loop.run();
    }

    std::shared_ptr<wasm::TypeRegistry> registry = std::make_shared<wasm::TypeRegistry>();
    std::shared_ptr<const wasm::Module> module = *wasm::load_module(*wasm::parse_text(guest_text), *registry);
    net::EventLoop loop;
    Worker worker{loop};
    int finished = 0;
};

TEST_F(sandbox_worker, busy_guests_let_the_others_finish)
{
    // As many busy ones as a module may have, all of one flow: neighbours who wait for something are late by a slice.
    const int busy_flow = 0, other_flow = 0;
    for (int i = 0; i < 16; ++i)
        add_endless(Trap::interrupted, &busy_flow);
    Clock::duration longest{};
    for (int i = 0; i < 50; ++i)
        add(
            [&](Guest& guest, Turns& turns) {
                for (int wait = 0; wait < 2; ++wait) {
                    const auto due = Clock::now() + milliseconds(1);
                    EXPECT_EQ(turns.wait(guest.store, {}, due), Trap::none);
                    longest = std::max(longest, Clock::now() - due);
                }
                const wasm::Value argument[] = {wasm::Value::of_i32(1000)};
                auto* sum = std::get<wasm::Function*>(*find_export(*guest.instance, "sum"));
                EXPECT_EQ((*wasm::invoke(guest.store, *sum, argument))[0].slots[0].u32, 500'500u);
            },
            &other_flow);
    run_until_finished(50);
    std::printf("50 guests beside 16 endless loops are at most %.2f ms late\n",
                std::chrono::duration<double, std::milli>(longest).count());
    EXPECT_EQ(finished, 66);
    EXPECT_EQ(worker.guests(), 0u);
}

TEST_F(sandbox_worker, calls_of_the_host_do_not_lengthen_a_slice)
{
    bool other_ran = false;
    const wasm::Value argument[] = {wasm::Value::of_i32(100)};
    add([&](Guest& guest, Turns& turns) {
        auto* sum = std::get<wasm::Function*>(*find_export(*guest.instance, "sum"));
        const auto hang = Clock::now() + std::chrono::seconds(10);
        while (!other_ran && Clock::now() < hang) {
            turns.outside([] {}); // what never has to wait, such as a write that the system takes
            EXPECT_TRUE(wasm::invoke(guest.store, *sum, argument));
        }
        EXPECT_TRUE(other_ran);
    });
    add([&](Guest&, Turns&) { other_ran = true; });
    loop.run();
    EXPECT_EQ(finished, 2);
}

TEST_F(sandbox_worker, traps_in_one_fiber_leave_the_others_alone)
{
    add_endless(Trap::interrupted);
    add_endless(Trap::interrupted);
    for (int i = 0; i < 5; ++i) {
        add([](Guest& guest, Turns&) { EXPECT_EQ(guest.call("outside"), Trap::out_of_bounds_memory_access); });
        add([](Guest& guest, Turns&) { EXPECT_EQ(guest.call("deep"), Trap::call_stack_exhausted); });
    }
    run_until_finished(10);
    EXPECT_EQ(finished, 12);
}

TEST_F(sandbox_worker, deadlines_end_loops_and_waits)
{
    const auto soon = Clock::now() + milliseconds(5);
    add_endless(Trap::deadline_exceeded, nullptr, soon);
    add([](Guest& guest, Turns& turns) { EXPECT_EQ(turns.wait(guest.store, {}, {}), Trap::deadline_exceeded); },
        nullptr, soon);
    loop.run();
    EXPECT_EQ(finished, 2);
}

TEST_F(sandbox_worker, a_waiting_guest_leaves_the_thread_to_others)
{
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    add([&](Guest& guest, Turns& turns) {
        pollfd wanted = {pipe[0], POLLIN, 0};
        EXPECT_EQ(turns.wait(guest.store, {&wanted, 1}, {}), Trap::none);
        EXPECT_EQ(wanted.revents, POLLIN);
    });
    add([&](Guest& guest, Turns& turns) {
        EXPECT_EQ(turns.wait(guest.store, {}, Clock::now() + milliseconds(2)), Trap::none);
        EXPECT_EQ(::write(pipe[1], "x", 1), 1);
    });
    loop.run();
    EXPECT_EQ(finished, 2);
    ::close(pipe[0]);
    ::close(pipe[1]);
}

TEST_F(sandbox_worker, interruption_ends_waits_too)
{
    add([&](Guest& guest, Turns& turns) { EXPECT_EQ(turns.wait(guest.store, {}, {}), Trap::interrupted); });
    wasm::InterruptHandle* handle = nullptr;
    add([&](Guest& guest, Turns& turns) {
        auto own = guest.store.interrupt_handle();
        handle = &own;
        EXPECT_EQ(turns.wait(guest.store, {}, {}), Trap::interrupted);
    });
    ASSERT_TRUE(loop.spawn([&] {
        std::thread([&] { handle->interrupt(); }).join(); // from another thread, the one store only
        while (finished < 1)
            loop.sleep_until(Clock::now() + milliseconds(1));
        worker.interrupt_all();
    }));
    loop.run();
    EXPECT_EQ(finished, 2);
}

TEST_F(sandbox_worker, what_was_written_leaves_before_a_guest_waits)
{
    int flushed = 0;
    add([&](Guest& guest, Turns& turns) {
        turns.before_waiting([&] { ++flushed; });
        EXPECT_EQ(turns.wait(guest.store, {}, Clock::now() + milliseconds(1)), Trap::none);
        EXPECT_EQ(flushed, 1);
        EXPECT_EQ(turns.yield(), Trap::none);
        EXPECT_EQ(flushed, 2);
    });
    loop.run();
    EXPECT_EQ(finished, 1);
}

} // namespace
} // namespace trellis::sandbox
