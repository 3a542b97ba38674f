#include "wasm/execution/store.hpp"

#include "wasm/execution/deadline_timer.hpp"
#include "wasm/execution/guest_stack.hpp"
#include "wasm/execution/test_guest.hpp"

#include <thread>

namespace trellis::wasm {
namespace {

using wasm_store = GuestTest;

TEST_F(wasm_store, interrupt_zeroes_the_limit_and_poll_restores_it)
{
    auto& stack = **store.guest_stack();
    const auto& state = store.interrupt_state();
    const auto limit = reinterpret_cast<std::uintptr_t>(stack.reached);
    EXPECT_EQ(state.stack_limit, limit);
    store.interrupt_handle().interrupt();
    EXPECT_EQ(state.stack_limit, 0u);
    EXPECT_TRUE(store.interrupt_requested());
    EXPECT_EQ(store.check_stack(stack.base), Trap::interrupted);
    EXPECT_EQ(state.stack_limit, limit);
    EXPECT_EQ(store.check_stack(stack.base), Trap::none);
    EXPECT_EQ(store.check_stack(stack.limit), Trap::none);
    EXPECT_EQ(store.check_stack(stack.limit + 1), Trap::call_stack_exhausted);
}

TEST_F(wasm_store, heap_is_made_by_whatever_needs_it_first)
{
    Store pins(registry, idle_tier);
    pins.pin(null_ref);
    pins.unpin(null_ref);
    EXPECT_EQ(pins.host_payload(i31_ref(1)), std::nullopt);
    const auto ref = store.make_host_ref(7);
    ASSERT_TRUE(ref);
    EXPECT_EQ(store.host_payload(*ref), 7u);
}

TEST_F(wasm_store, interrupt_before_the_first_call_is_not_lost)
{
    store.interrupt_handle().interrupt();
    ASSERT_TRUE(store.guest_stack());
    EXPECT_EQ(store.interrupt_state().stack_limit, 0u);
    EXPECT_EQ(store.poll(), Trap::interrupted);
}

TEST_F(wasm_store, no_request_is_lost_in_a_race)
{
    ASSERT_TRUE(store.guest_stack());
    constexpr int requests = 20'000;
    std::atomic<int> served = 0;
    store.set_poll_handler([&] {
        ++served;
        return Trap::none;
    });
    std::thread other([&, handle = store.interrupt_handle()] {
        for (int i = 0; i < requests; ++i) {
            const int before = served;
            handle.interrupt();
            while (served == before)
                std::this_thread::yield();
        }
    });
    // What guest code does: look at the limit only.
    while (served < requests) {
        if (store.interrupt_state().stack_limit == 0)
            EXPECT_EQ(store.poll(), Trap::none);
        else
            std::this_thread::yield();
    }
    other.join();
    EXPECT_EQ(served, requests);
}

TEST_F(wasm_store, end_of_slice_asks_its_own_handler)
{
    ASSERT_TRUE(store.guest_stack());
    store.interrupt_handle().end_slice();
    EXPECT_EQ(store.poll(), Trap::none);
    int slices = 0;
    store.set_slice_handler([&] {
        ++slices;
        return Trap::none;
    });
    store.interrupt_handle().end_slice();
    EXPECT_EQ(store.poll(), Trap::none);
    EXPECT_EQ(store.poll(), Trap::none);
    EXPECT_EQ(slices, 1);
}

TEST_F(wasm_store, postponed_trap_comes_with_the_next_poll)
{
    ASSERT_TRUE(store.guest_stack());
    store.postpone(Trap::interrupted);
    EXPECT_EQ(store.interrupt_state().stack_limit, 0u);
    EXPECT_EQ(store.poll(), Trap::interrupted);
    EXPECT_EQ(store.poll(), Trap::none);
}

TEST_F(wasm_store, deadline_traps_until_it_is_cleared)
{
    auto& function = *function_of(instance_of("(module (func))"), FuncIndex{0});
    when_called = [](Store& running, Function&, Slot*) {
        for (;;)
            if (running.interrupt_state().stack_limit == 0)
                if (const auto trap = running.poll(); failed(trap))
                    return trap;
    };
    DeadlineTimer timer;
    timer.add(DeadlineTimer::Clock::now() + std::chrono::milliseconds(2), store.interrupt_handle());
    EXPECT_EQ(call(store, function, nullptr), Trap::deadline_exceeded);
    EXPECT_EQ(call(store, function, nullptr), Trap::deadline_exceeded);
    EXPECT_EQ(store.last_trap.trap, Trap::deadline_exceeded);
    store.clear_deadline();
    when_called = nullptr;
    EXPECT_EQ(call(store, function, nullptr), Trap::none);
}

TEST_F(wasm_store, cancelled_deadline_does_nothing_and_the_next_one_counts)
{
    DeadlineTimer timer;
    const auto now = DeadlineTimer::Clock::now();
    Store other(registry, idle_tier);
    const auto entry = timer.add(now + std::chrono::milliseconds(1), store.interrupt_handle());
    timer.cancel(entry);
    timer.add(now + std::chrono::milliseconds(3), other.interrupt_handle());
    while (!other.interrupt_requested())
        std::this_thread::yield();
    EXPECT_FALSE(store.interrupt_requested());
    EXPECT_EQ(other.poll(), Trap::deadline_exceeded);
}

TEST_F(wasm_store, handle_outlives_its_store)
{
    auto other = std::make_unique<Store>(registry, idle_tier);
    const auto handle = other->interrupt_handle();
    other.reset();
    handle.interrupt();
}

TEST_F(wasm_store, invoke_checks_arguments_and_gives_results)
{
    auto& function =
        *function_of(instance_of("(module (func (param i32 v128) (result v128 i64) unreachable))"), FuncIndex{0});
    when_called = [](Store&, Function&, Slot* frame) {
        frame[2].u64 += frame[0].u32;
        std::swap(frame[0], frame[2]);
        return Trap::none;
    };
    const Value vector{v128, {Slot{.u64 = 7}, Slot{.u64 = 8}}};
    const Value arguments[] = {Value::of_i32(5), vector};
    const auto results = invoke(store, function, arguments);
    ASSERT_TRUE(results);
    ASSERT_EQ(results->size(), 2u);
    EXPECT_EQ((*results)[0].slots[0].u64, 13u);
    EXPECT_EQ((*results)[0].slots[1].u64, 7u);
    EXPECT_EQ((*results)[1].slots[0].u32, 5u);
    EXPECT_EQ(store.stack->top, store.stack->base);

    const Value wrong[] = {Value::of_i64(5), vector};
    EXPECT_EQ(invoke(store, function, wrong).error().code, ErrorCode::usage);
    EXPECT_EQ(invoke(store, function, {}).error().code, ErrorCode::usage);
}

TEST_F(wasm_store, failed_call_leaves_a_report)
{
    auto& instance = instance_of("(module (func) (func $work))");
    instance.name = "app";
    when_called = [&](Store& running, Function&, Slot*) {
        running.last_trap.backtrace = {{&instance, FuncIndex{1}, 0x1f}, {&instance, FuncIndex{0}, 0x1b}};
        return Trap::unreachable;
    };
    const auto result = invoke(store, *function_of(instance, FuncIndex{0}), {});
    EXPECT_EQ(result.error().code, ErrorCode::trap);
    EXPECT_EQ(result.error().message, "unreachable");
    EXPECT_EQ(describe(store, store.last_trap), "unreachable\n    at app: work (0x1f)\n    at app: function 0 (0x1b)");
}

TEST_F(wasm_store, calls_that_nest_natively_end_before_the_native_stack_does)
{
    auto& instance = instance_of("(module (func))");
    auto& function = *function_of(instance, FuncIndex{0});
    when_called = [](Store& running, Function& callee, Slot* frame) {
        // Locals like a host function's: small frames by the ten thousand are too many for the thread sanitizer.
        std::array<char, 8192> locals;
        asm volatile("" ::"r"(locals.data()) : "memory");
        const auto trap = call(running, callee, frame);
        asm volatile("" ::"r"(locals.data()) : "memory");
        return trap;
    };
    EXPECT_EQ(call(store, function, nullptr), Trap::call_stack_exhausted);
    std::thread([&] { EXPECT_EQ(call(store, function, nullptr), Trap::call_stack_exhausted); }).join();
}

TEST_F(wasm_store, host_function_gets_its_context_and_store)
{
    struct Seen {
        Store* store = nullptr;
    } seen;
    auto* function = store.make_host_function(
        {{i32}, {i32}},
        [](void* context, Caller caller, Slot* frame) {
            static_cast<Seen*>(context)->store = &caller.store;
            frame[0].u32 *= 2;
            return Trap::none;
        },
        &seen);
    const Value argument[] = {Value::of_i32(21)};
    const auto results = invoke(store, *function, argument);
    ASSERT_TRUE(results);
    EXPECT_EQ((*results)[0].slots[0].u32, 42u);
    EXPECT_EQ(seen.store, &store);
}

TEST(wasm_trap, every_trap_has_words)
{
    for (int i = 0; i <= static_cast<int>(Trap::exit); ++i)
        EXPECT_FALSE(message_of(static_cast<Trap>(i)).empty());
}

} // namespace
} // namespace trellis::wasm
