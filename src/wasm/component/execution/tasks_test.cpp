// Tasks as they wait, are held back, cancelled and come to their ends, with guests of text; what their frames hold
// while they are suspended; and what is left of a store after a trap.
#include "base/format.hpp"
#include "wasm/component/execution/test_guests.hpp"
#include "wasm/execution/heap.hpp"

using namespace trellis;
using namespace trellis::wasm;
using namespace trellis::wasm::component;

namespace {

using wasm_component_tasks = GuestsTest;

std::string world(std::string_view exports)
{
    return format("package a:b; world w {{ {} }}", exports);
}

/// An asynchronous function `f` with these bodies, which give a callback code.
std::string waiter(std::string_view body, std::string_view callback, std::string_view more = {})
{
    return format(R"((module
        (import "[export]$root" "[task-return]f" (func $return (param i32)))
        (import "$root" "[task-cancel]" (func $cancel))
        (import "$root" "[waitable-set-new]" (func $set-new (result i32)))
        (import "$root" "[backpressure-inc]" (func $hold))
        (import "$root" "[backpressure-dec]" (func $let-go))
        (memory (export "memory") 1)
        (global $calls (mut i32) (i32.const 0))
        (func (export "[async-lift]f") (result i32) {})
        (func (export "[callback][async-lift]f") (param $event i32) (param i32 i32) (result i32) {})
        {}))",
                  body, callback, more);
}

constexpr std::string_view exit_code = "i32.const 0", yield_code = "i32.const 1";
/// Waits for a set in which nothing happens.
constexpr std::string_view wait_for_nothing = "(i32.or (i32.shl (call $set-new) (i32.const 4)) (i32.const 2))";
const std::string f = world("export f: async func() -> u32;");
const std::string f_and_others = world("export f: async func() -> u32; export hold: func(); export let-go: func();");
constexpr std::string_view others = R"((func (export "hold") call $hold) (func (export "let-go") call $let-go))";

} // namespace

TEST_F(wasm_component_tasks, a_result_comes_before_the_end)
{
    auto& guest = instance_of(f, waiter("(call $return (i32.const 7)) i32.const 1", exit_code));
    EXPECT_EQ(called(guest, "f"), "7");
    TestCall call;
    EXPECT_EQ(begin(call, guest, "f"), Trap::none);
    EXPECT_EQ(call.result, 7u) << "although it has not ended";
    EXPECT_EQ(store.run_until([] { return true; }), Trap::none);
}

TEST_F(wasm_component_tasks, there_is_one_result)
{
    auto& twice =
        instance_of(f, waiter("(call $return (i32.const 7)) (call $return (i32.const 8)) i32.const 0", exit_code));
    EXPECT_EQ(called(twice, "f"), "`task.return` or `task.cancel` called more than once for current task");
}

TEST_F(wasm_component_tasks, an_end_without_a_result_traps)
{
    auto& guest = instance_of(f, waiter(yield_code, exit_code));
    EXPECT_EQ(called(guest, "f"), "async-lifted export failed to produce a result");
}

TEST_F(wasm_component_tasks, callback_codes_are_checked)
{
    auto& guest = instance_of(f, waiter("i32.const 3", exit_code));
    EXPECT_EQ(called(guest, "f"), "unsupported callback code: 3");
}

TEST_F(wasm_component_tasks, a_set_to_wait_for_has_to_be_there)
{
    auto& guest = instance_of(f, waiter("i32.const 0x72", exit_code));
    EXPECT_EQ(called(guest, "f"), "unknown handle index 7: expected a waitable set");
}

TEST_F(wasm_component_tasks, a_wait_for_nothing_is_a_deadlock)
{
    auto& guest = instance_of(f, waiter(wait_for_nothing, exit_code));
    EXPECT_EQ(called(guest, "f"), "deadlock detected: event loop cannot make further progress");
}

TEST_F(wasm_component_tasks, backpressure_holds_calls_back)
{
    auto& guest = instance_of(f_and_others, waiter("(call $return (i32.const 3)) i32.const 0", exit_code, others));
    EXPECT_EQ(called(guest, "hold"), "done");
    TestCall first, second;
    EXPECT_EQ(begin(first, guest, "f"), Trap::none);
    EXPECT_EQ(begin(second, guest, "f"), Trap::none);
    EXPECT_FALSE(first.has_started || second.has_started);
    EXPECT_EQ(called(guest, "let-go"), "done") << "functions that are not asynchronous are not held back";
    EXPECT_EQ(store.run_until([&] { return second.is_resolved; }), Trap::none);
    EXPECT_EQ(first.result, 3u);
    EXPECT_EQ(called(guest, "let-go"), "backpressure counter overflow");
}

TEST_F(wasm_component_tasks, what_has_not_begun_is_cancelled_without_it)
{
    auto& guest = instance_of(f_and_others, waiter("unreachable", exit_code, others));
    EXPECT_EQ(called(guest, "hold"), "done");
    TestCall call;
    EXPECT_EQ(begin(call, guest, "f"), Trap::none);
    EXPECT_EQ(call.cancel(), Trap::none);
    EXPECT_TRUE(call.is_resolved && !call.result && !call.has_started);
    EXPECT_EQ(called(guest, "let-go"), "done");
}

TEST_F(wasm_component_tasks, a_guest_that_waits_is_told_of_its_cancellation)
{
    auto& guest = instance_of(f, waiter(wait_for_nothing, R"(
        (if (i32.ne (local.get $event) (i32.const 6)) (then unreachable))
        call $cancel i32.const 0)"));
    TestCall call;
    EXPECT_EQ(begin(call, guest, "f"), Trap::none);
    EXPECT_TRUE(call.has_started && !call.is_resolved);
    EXPECT_EQ(call.cancel(), Trap::none);
    EXPECT_TRUE(call.is_resolved && !call.result);
}

TEST_F(wasm_component_tasks, a_cancelled_guest_may_give_its_result_all_the_same)
{
    auto& guest = instance_of(f, waiter(wait_for_nothing, "(call $return (i32.const 5)) i32.const 0"));
    TestCall call;
    EXPECT_EQ(begin(call, guest, "f"), Trap::none);
    EXPECT_EQ(call.cancel(), Trap::none);
    EXPECT_EQ(call.result, 5u);
}

TEST_F(wasm_component_tasks, nobody_cancels_who_was_not_asked_to)
{
    auto& guest = instance_of(f, waiter("call $cancel i32.const 0", exit_code));
    EXPECT_EQ(called(guest, "f"), "`task.cancel` called by task which has not been cancelled");
}

TEST_F(wasm_component_tasks, one_task_at_a_time_has_the_stack)
{
    auto& guest = instance_of(f, waiter(yield_code, R"(
        (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
        (call $return (global.get $calls)) i32.const 0)"));
    std::array<TestCall, 5> calls;
    for (TestCall& one : calls)
        EXPECT_EQ(begin(one, guest, "f"), Trap::none);
    EXPECT_EQ(store.run_until([&] { return std::ranges::all_of(calls, &TestCall::is_resolved); }), Trap::none);
    for (std::uint32_t i = 0; i < calls.size(); ++i)
        EXPECT_EQ(calls[i].result, i + 1);
}

TEST_F(wasm_component_tasks, a_trap_ends_the_store_for_all)
{
    auto& waiting = instance_of(f, waiter(wait_for_nothing, "unreachable"));
    auto& failing = instance_of(world("export g: func();"), R"((module (func (export "g") unreachable)))");
    TestCall call;
    EXPECT_EQ(begin(call, waiting, "f"), Trap::none);
    EXPECT_EQ(called(failing, "g"), "unreachable");
    EXPECT_EQ(called(failing, "g"), "cannot enter component instance");
    EXPECT_EQ(called(waiting, "f"), "cannot enter component instance");
    EXPECT_TRUE(store.has_ended());
    EXPECT_FALSE(call.is_resolved);
}

TEST_F(wasm_component_tasks, stores_end_while_guests_wait)
{
    auto& guest = instance_of(f, waiter(wait_for_nothing, "unreachable"));
    std::array<TestCall, 20> calls;
    for (TestCall& one : calls)
        EXPECT_EQ(begin(one, guest, "f"), Trap::none);
    EXPECT_FALSE(calls[0].is_resolved);
}

TEST_F(wasm_component_tasks, there_are_not_more_calls_at_once_than_the_system_has_stacks_for)
{
    auto& guest = instance_of(f_and_others, waiter("unreachable", exit_code, others));
    EXPECT_EQ(called(guest, "hold"), "done");
    std::vector<TestCall> calls(5000);
    const auto refused =
        std::ranges::find_if(calls, [&](TestCall& one) { return begin(one, guest, "f") != Trap::none; });
    EXPECT_EQ(refused - calls.begin(), 4096);
    EXPECT_EQ(core.host_error, "too many threads at once");
}

TEST_F(wasm_component_tasks, what_a_tool_lifts_is_not_much_larger_than_the_guest)
{
    auto& guest = instance_of(world("export g: func() -> list<u8>;"), R"((module
        (memory (export "memory") 49)
        (func (export "g") (result i32)
            (i64.store (i32.const 8) (i64.const 0x30000000000000)) i32.const 8)))");
    EXPECT_EQ(called(guest, "g"), "the value is too large");
}

TEST_F(wasm_component_tasks, a_post_return_function_gets_the_result_and_calls_nobody)
{
    constexpr std::string_view text = R"((module
        (import "$root" "h" (func $h))
        (memory (export "memory") 1)
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 8)
        (func (export "g") (result i32)
            (i32.store (i32.const 64) (i32.const 16)) (i32.store (i32.const 68) (i32.const 3)) i32.const 64)
        (func (export "cabi_post_g") (param i32) (if (i32.ne (local.get 0) (i32.const 64)) (then unreachable)) {}))";
    auto& provider = instance_of(world("export h: func();"), R"((module (func (export "h"))))");
    imports.add("h", ItemValue(&function_of(provider, "h")));
    const std::string wit = world("import h: func(); export g: func() -> string;");
    std::string quiet(text), loud(text);
    quiet.replace(quiet.find("{}"), 2, ")");
    loud.replace(loud.find("{}"), 2, "call $h)");
    auto& right = instance_of(wit, quiet);
    const auto result = invoke(store, function_of(right, "g"), {});
    ASSERT_TRUE(result.has_value()) << result.error().message;
    EXPECT_EQ((*result)->text, std::string(3, '\0'));
    auto& wrong = instance_of(wit, loud);
    EXPECT_EQ(called(wrong, "g"), "cannot leave component instance");
}

TEST_F(wasm_component_tasks, a_function_that_is_not_asynchronous_does_not_wait)
{
    auto& guest = instance_of(world("export g: func();"), R"((module
        (import "$root" "[waitable-set-new]" (func $set-new (result i32)))
        (import "$root" "[waitable-set-wait]" (func $wait (param i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "g") (drop (call $wait (call $set-new) (i32.const 8))))))");
    EXPECT_EQ(called(guest, "g"), "cannot block a synchronous task before returning: deadlock detected: event loop "
                                  "cannot make further progress");
}

TEST_F(wasm_component_tasks, collections_keep_what_suspended_guests_hold)
{
    // Each call makes a list of its own, waits with the list only in its frame while others fill the heap, and counts
    // it.
    constexpr std::string_view text = R"((module
        (import "[export]$root" "[task-return]f" (func $return (param i32)))
        (import "$root" "[thread-yield]" (func $yield (result i32)))
        (type $node (struct (field i32) (field (ref null $node))))
        (global $made (mut i32) (i32.const 0))
        (func $garbage (local i32)
            (loop (drop (struct.new $node (i32.const 1000000) (ref.null $node)))
                (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 8000)))))
        (func (export "[async-lift-stackful]f")
            (local $list (ref null $node)) (local $i i32) (local $sum i32) (local $mine i32)
            (local.set $mine (global.get $made))
            (global.set $made (i32.add (global.get $made) (i32.const 1)))
            (loop
                (local.set $list (struct.new $node (local.get $mine) (local.get $list)))
                (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
            (drop (call $yield))
            (call $garbage)
            (loop
                (local.set $sum (i32.add (local.get $sum) (struct.get $node 0 (local.get $list))))
                (local.set $list (struct.get $node 1 (local.get $list)))
                (br_if 0 (i32.eqz (ref.is_null (local.get $list)))))
            (call $return (local.get $sum)))))";
    auto& guest = instance_of(f, text);
    std::array<TestCall, 8> calls;
    for (TestCall& one : calls)
        EXPECT_EQ(begin(one, guest, "f"), Trap::none);
    EXPECT_EQ(core.heap().collect(), Trap::none);
    const auto used = core.heap().used_bytes();
    EXPECT_EQ(store.run_until([&] { return std::ranges::all_of(calls, &TestCall::is_resolved); }), Trap::none)
        << core.host_error;
    EXPECT_EQ(core.heap().collect(), Trap::none);
    EXPECT_LT(core.heap().used_bytes(), used) << "nothing is held any more";
    for (std::uint32_t i = 0; i < calls.size(); ++i)
        EXPECT_EQ(calls[i].result, i * 1000);
}
