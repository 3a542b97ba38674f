#include "wasm/compiler/compiler.hpp"

#include "base/check.hpp"
#include "base/format.hpp"
#include "wasm/compiler/numeric_bitcode.hpp"
#include "wasm/execution/linker.hpp"
#include "wasm/native/native_tier.hpp"
#include "wasm/text/text.hpp"
#include "wasm/validation/validator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace trellis::wasm {
namespace {

/// A store with instances of modules that are written as text and compiled.
class Guest {
public:
    explicit Guest(StoreLimits limits = {}) : store(registry, native_tier, limits) {}

    Instance& add(std::string_view text)
    {
        auto module = load_module(parse_text(text).value(), *registry, Features::all());
        TRELLIS_CHECK(module.has_value());
        compiler::Options options;
        if (const char* const dump = std::getenv("TRELLIS_DUMP_IR"))
            options.dump_ir = dump;
        auto compiled = compiler::compile(**module, options);
        if (!compiled)
            ADD_FAILURE() << compiled.error().describe();
        native::attach(**module, native::CodeImage::map(std::move(*compiled)).value());
        return **linker.instantiate(store, *module);
    }

    Result<std::vector<Value>> call(Instance& instance, std::string_view name, std::vector<Value> arguments = {})
    {
        return invoke(store, *std::get<Function*>(*find_export(instance, name)), arguments);
    }

    std::uint32_t i32_of(Instance& instance, std::string_view name, std::vector<Value> arguments = {})
    {
        auto result = call(instance, name, std::move(arguments));
        if (!result) {
            ADD_FAILURE() << result.error().describe();
            return ~0u;
        }
        return result->front().slots[0].u32;
    }

    std::string error_of(Instance& instance, std::string_view name, std::vector<Value> arguments = {})
    {
        auto result = call(instance, name, std::move(arguments));
        return result ? "no error" : result.error().describe();
    }

    std::shared_ptr<TypeRegistry> registry = std::make_shared<TypeRegistry>();
    Store store;
    Linker linker;
};

TEST(wasm_compiler, adds)
{
    Guest guest;
    auto& instance = guest.add(R"((module
        (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))))");
    EXPECT_EQ(guest.i32_of(instance, "add", {Value::of_i32(40), Value::of_i32(2)}), 42u);
}

TEST(wasm_compiler, recursion_loops_and_memory)
{
    Guest guest;
    auto& instance = guest.add(R"((module
        (memory 1)
        (func $fib (export "fib") (param i32) (result i32)
          (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
            (then (local.get 0))
            (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                           (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
        (func (export "sum") (param i32) (result i32) (local i32)
          (loop $again
            (i32.store (i32.shl (local.get 0) (i32.const 2)) (local.get 0))
            (local.set 1 (i32.add (local.get 1) (i32.load (i32.shl (local.get 0) (i32.const 2)))))
            (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
            (br_if $again (local.get 0)))
          (local.get 1))))");
    EXPECT_EQ(guest.i32_of(instance, "fib", {Value::of_i32(20)}), 6765u);
    EXPECT_EQ(guest.i32_of(instance, "sum", {Value::of_i32(1000)}), 500500u);
}

TEST(wasm_compiler, traps_have_a_backtrace)
{
    Guest guest;
    auto& instance = guest.add(R"((module
        (memory 1)
        (func $deep (param i32) (result i32) (i32.load (local.get 0)))
        (func $divide (export "divide") (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0)))
        (func $read (export "read") (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))
        (func $for_ever (export "for_ever") (result i32) (i32.add (i32.const 1) (call $for_ever)))
        (func $stop (export "stop") unreachable)))");
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(guest.error_of(instance, "read", {Value::of_i32(65536)}).substr(0, 27),
                  "out of bounds memory access");
        EXPECT_FALSE(guest.store.last_trap.backtrace.empty());
        EXPECT_EQ(guest.error_of(instance, "divide", {Value::of_i32(0)}).substr(0, 22), "integer divide by zero");
        EXPECT_EQ(guest.error_of(instance, "for_ever").substr(0, 20), "call stack exhausted");
        EXPECT_EQ(guest.error_of(instance, "stop").substr(0, 11), "unreachable");
    }
}

TEST(wasm_compiler, accesses_that_became_one_are_in_backtraces)
{
    Guest guest;
    auto& instance = guest.add(R"((module
        (memory 1)
        (func (export "write") (param i32)
            (if (local.get 0)
                (then (i32.store offset=0x7fffffff (i32.const 1) (i32.const 2)))
                (else nop nop (i32.store offset=0x7fffffff (i32.const 1) (i32.const 2)))))))");
    for (const std::int32_t condition : {0, 1}) {
        EXPECT_NE(guest.error_of(instance, "write", {Value::of_i32(condition)}), "");
        EXPECT_EQ(guest.store.last_trap.backtrace.size(), 1U);
    }
}

TEST(wasm_compiler, throws_are_kept_apart_where_the_address_of_what_throws_is_spilled)
{
    Guest guest;
    auto& instance = guest.add(R"((module
        (tag $e (param i64 i64 i64 i64 i64 i64))
        (func $work (param i64) (result i64)
          (if (i64.gt_u (local.get 0) (i64.const 1000)) (then (return (call $work (i64.const 3)))))
          (local.get 0))
        (func $five (result i64 i64 i64 i64 i64)
          (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1))
        (func (export "throw") (param $a i64) (param $b i64) (param $c i64) (param $d i64) (param $h i64)
          (block $caught
            (try_table (catch_all $caught) (throw $e (i64.const 1) (call $five))))
          (loop $again
            (local.set $b (i64.add (local.get $b) (local.get $a)))
            (local.set $c (i64.add (local.get $b) (local.get $c)))
            (local.set $d (i64.mul (local.get $d) (local.get $c)))
            (local.set $h (i64.xor (local.get $h) (call $work (local.get $d))))
            (br_if $again (i64.gt_u (local.get $h) (i64.const 1000000))))
          (if (i64.eqz (local.get $a))
            (then
              (throw $e (local.get $a) (local.get $a) (local.get $b) (local.get $c) (local.get $d) (local.get $h)))
            (else
              (throw $e (i64.const 2) (local.get $a) (local.get $b) (local.get $c) (local.get $d) (local.get $h)))
          ))))");
    std::vector<std::uint32_t> places;
    for (const std::int64_t which : {0, 1}) {
        const auto one = Value::of_i64(1);
        EXPECT_NE(guest.error_of(instance, "throw", {Value::of_i64(which), one, one, one, one}), "no error");
        ASSERT_EQ(guest.store.last_trap.backtrace.size(), 1U);
        places.push_back(guest.store.last_trap.backtrace.front().offset);
    }
    EXPECT_LT(places[0], places[1]);
}

TEST(wasm_compiler, load_that_a_selection_does_not_choose_traps_all_the_same)
{
    Guest guest;
    auto& instance = guest.add(R"((module
        (memory 1)
        (func (export "select") (param i32) (result i64)
            (select (i64.load (i32.const 65537)) (i64.const 7) (local.get 0)))
        (func (export "exchange") (param i32) (result i64)
            (i64.atomic.rmw16.cmpxchg_u (i32.const 4) (i64.extend_i32_u (local.get 0))
                (i64.load16_s (i32.const 65537))))))");
    for (const auto* const name : {"select", "exchange"})
        for (const std::uint32_t argument : {0U, 1U, 70'000U})
            EXPECT_EQ(guest.error_of(instance, name, {Value::of_i32(argument)}).substr(0, 27),
                      "out of bounds memory access");
}

TEST(wasm_compiler, what_was_written_before_a_trap_is_there_after_it)
{
    Guest guest;
    auto& instance = guest.add(R"((module
        (memory 1)
        (global $g (mut i32) (i32.const 3))
        (func (export "write_twice") (param i32)
            (global.set $g (i32.const 7))
            (f64.store offset=65535 (local.get 0) (f64.const 1))
            (global.set $g (i32.const -1)))
        (func (export "written") (result i32) (global.get $g))))");
    EXPECT_NE(guest.error_of(instance, "write_twice", {Value::of_i32(1)}), "");
    EXPECT_EQ(guest.call(instance, "written")->front().slots[0].u32, 7U);
}

TEST(wasm_compiler, objects_live_while_compiled_code_has_them)
{
    StoreLimits limits;
    limits.gc_heap_bytes = 1 << 20;
    Guest guest(limits);
    auto& instance = guest.add(R"((module
        (type $list (struct (field i32) (field (ref null $list))))
        (func $garbage (param i32)
          (loop $again
            (drop (struct.new $list (i32.const -1) (ref.null $list)))
            (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
            (br_if $again (local.get 0))))
        (func $make (param i32) (result (ref null $list))
          (if (result (ref null $list)) (local.get 0)
            (then
              (struct.new $list (local.get 0) (call $make (i32.sub (local.get 0) (i32.const 1)))))
            (else (ref.null $list))))
        (func (export "sum") (param i32) (result i32) (local $list (ref null $list)) (local $sum i32)
          (local.set $list (call $make (local.get 0)))
          (call $garbage (i32.const 200000))
          (loop $again
            (local.set $sum (i32.add (local.get $sum) (struct.get $list 0 (local.get $list))))
            (local.set $list (struct.get $list 1 (local.get $list)))
            (call $garbage (i32.const 2000))
            (br_if $again (i32.eqz (ref.is_null (local.get $list)))))
          (local.get $sum))))");
    EXPECT_EQ(guest.i32_of(instance, "sum", {Value::of_i32(100)}), 5050u);
}

TEST(wasm_compiler, exceptions_pass_frames_that_do_not_catch)
{
    Guest guest;
    auto& instance = guest.add(R"((module
        (tag $e (param i32 i64))
        (func $throw (param i32) (result i32)
          (if (i32.eqz (local.get 0)) (then (throw $e (i32.const 7) (i64.const 35))))
          (i32.add (local.get 0) (call $throw (i32.sub (local.get 0) (i32.const 1)))))
        (func (export "catch") (param i32) (result i32) (local i32 i32 i64)
          (local.set 1 (i32.const 1000))
          (block $caught (result i32 i64)
            (try_table (catch $e $caught) (return (call $throw (local.get 0))))
            unreachable)
          (local.set 3)
          (local.set 2)
          (i32.add (local.get 1) (i32.add (local.get 2) (i32.wrap_i64 (local.get 3)))))))");
    EXPECT_EQ(guest.i32_of(instance, "catch", {Value::of_i32(0)}), 1042u);
    EXPECT_EQ(guest.i32_of(instance, "catch", {Value::of_i32(1000)}), 1042u);
}

TEST(wasm_compiler, large_modules_are_compiled_in_parts)
{
    std::string text = "(module (tag $e) (func $f0 (param i32) (result i32) (local.get 0))";
    constexpr int functions = 400;
    for (int i = 1; i < functions; ++i) {
        text += "(func $f" + std::to_string(i) + " (param i32) (result i32)";
        for (int k = 0; k < 60; ++k)
            text += "(local.set 0 (i32.add (local.get 0) (i32.const 1000000)))";
        text += "(block $caught (try_table (catch $e $caught) (return (call $f" + std::to_string(i - 1) +
                " (local.get 0))))) (i32.const 0))";
    }
    Guest guest;
    auto& instance = guest.add(text + "(export \"last\" (func $f399)))");
    EXPECT_EQ(guest.i32_of(instance, "last", {Value::of_i32(7)}), 7 + 399u * 60 * 1000000);
}

/// x86-64: 0f 40 to 0f 4f.
bool has_conditional_move(const std::vector<std::byte>& code)
{
    for (std::size_t i = 0; i + 1 < code.size(); ++i)
        if (code[i] == std::byte(0x0f) && (code[i + 1] & std::byte(0xf0)) == std::byte(0x40))
            return true;
    return false;
}

TEST(wasm_compiler, checked_accesses_depend_on_their_check)
{
    TypeRegistry registry;
    constexpr std::string_view text = R"((module
        (memory 1)
        (func (export "read") (param i32) (result i32) (i32.load (local.get 0)))))";
    const auto module = load_module(parse_text(text).value(), registry, Features::all()).value();
    const auto guarded = compiler::compile(*module, {.guarded_memory0 = true}).value();
    const auto checked = compiler::compile(*module, {.guarded_memory0 = false}).value();
    EXPECT_TRUE(guarded.mode.guarded_memory0);
    EXPECT_FALSE(has_conditional_move(guarded.code));
    EXPECT_FALSE(checked.mode.guarded_memory0);
    EXPECT_TRUE(has_conditional_move(checked.code));
}

TEST(wasm_compiler, portable_numeric_functions_name_nothing_of_a_processor)
{
    EXPECT_NE(compiler::numeric_bitcode_x86_64().find("llvm.x86."), std::string_view::npos);
    EXPECT_EQ(compiler::numeric_bitcode_portable().find("llvm.x86."), std::string_view::npos);
}

TEST(wasm_compiler, calls_reach_their_functions_on_aarch64)
{
    TypeRegistry registry;
    constexpr std::string_view text = R"((module
        (func (param i32) (result i32) (local.get 0))
        (func $fib (param i32) (result i32)
          (if (i32.lt_u (local.get 0) (i32.const 2)) (then (return (local.get 0))))
          (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))
        ))";
    const auto module = load_module(parse_text(text).value(), registry, Features::all()).value();
    const auto compiled = compiler::compile(*module, {.guarded_memory0 = false, .cpu = "aarch64"}).value();
    int calls = 0;
    for (auto at = compiled.functions[1]; at < compiled.wrappers[0]; at += 4) {
        std::uint32_t word = 0;
        std::memcpy(&word, &compiled.code[at], sizeof word);
        if (word >> 26 != 0b100101) // bl
            continue;
        const auto distance = static_cast<std::int32_t>(word << 6) >> 4; // in bytes
        EXPECT_EQ(static_cast<std::int64_t>(at) + distance, compiled.functions[1]);
        ++calls;
    }
    EXPECT_GE(calls, 1);
    EXPECT_FALSE(compiler::compile(*module, {.guarded_memory0 = true, .cpu = "aarch64"}));
}

TEST(wasm_compiler, nothing_is_popped_where_no_argument_is_on_the_stack)
{
    TypeRegistry registry;
    constexpr std::string_view text = R"((module
        (func $fib (param i32) (result i32)
          (if (i32.lt_u (local.get 0) (i32.const 2)) (then (return (local.get 0))))
          (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
            (call $fib (i32.sub (local.get 0) (i32.const 2)))))))";
    const auto module = load_module(parse_text(text).value(), registry, Features::all()).value();
    const auto compiled = compiler::compile(*module, {.cpu = "x86-64-v2"}).value();
    constexpr std::array return_and_pop = {std::byte(0xc2), std::byte(8), std::byte(0)}; // ret $8
    EXPECT_TRUE(std::ranges::search(compiled.code, return_and_pop).empty());
}

TEST(wasm_compiler, vectors_are_kept_across_calls_at_any_depth_of_the_stack)
{
    Guest guest;
    auto& instance = guest.add(R"((module
        (func $sum (param $n i32) (result v128) (local $own v128)
          (local.set $own (i32x4.splat (local.get $n)))
          (if (i32.eqz (local.get $n)) (then (return (local.get $own))))
          (i32x4.add (call $step (i32.sub (local.get $n) (i32.const 1))) (local.get $own)))
        (func $step (param $n i32) (result v128)
          (if (result v128) (i32.and (local.get $n) (i32.const 1))
            (then (call $many (local.get $n) (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5)
              (i64.const 6)))
            (else (call $sum (local.get $n)))))
        (func $many (param $n i32) (param i64 i64 i64 i64 i64 i64) (result v128)
          (i32x4.add (call $sum (local.get $n)) (i32x4.splat (i32.wrap_i64 (local.get 6)))))
        (func (export "sum") (param i32) (result i32) (i32x4.extract_lane 3 (call $sum (local.get 0))))))");
    EXPECT_EQ(guest.i32_of(instance, "sum", {Value::of_i32(20)}), 20u * 21 / 2 + 10 * 6);
}

TEST(wasm_compiler, fuel_is_what_it_was_after_a_poll_in_a_loop)
{
    const auto registry = std::make_shared<TypeRegistry>();
    const auto module = load_module(parse_text(R"((module
        (memory 1)
        (func (export "count") (param i32)
          (i32.store (i32.const 0) (local.get 0))
          (loop $again
            (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
            (br_if $again (local.get 0))))))")
                                        .value(),
                                    *registry, Features::all())
                            .value();
    native::attach(*module, native::CodeImage::map(compiler::compile(*module, {.fuel = true}).value()).value());
    StoreLimits limits;
    limits.fuel = 100'000;
    Store store(registry, native_tier, limits);
    store.set_slice_handler([handle = store.interrupt_handle()] {
        handle.end_slice(); // and again at the next poll
        return Trap::none;
    });
    auto& instance = *Linker().instantiate(store, module).value();
    store.interrupt_handle().end_slice();
    const std::vector<Value> arguments = {Value::of_i32(1000)};
    ASSERT_TRUE(invoke(store, *std::get<Function*>(*find_export(instance, "count")), arguments));
    EXPECT_EQ(store.fuel, 100'000u - 4 - 6 * 1000);
}

TEST(wasm_compiler, a_poll_in_every_iteration_changes_nothing)
{
    std::string locals, mixed, sum = "(i64.const 0)";
    for (int i = 0; i < 20; ++i) {
        locals += format("(local.set {0} (i64.add (local.get 0) (i64.const {0})))", i + 1);
        mixed += format("(local.set {0} (i64.add (i64.rotl (local.get {0}) (i64.const 5)) (local.get {1})))", i + 1,
                        (i + 1) % 20 + 1);
        sum = format("(i64.xor (local.get {}) {})", i + 1, sum);
    }
    const auto text = format(R"((module
        (memory 1)
        (func (export "mix") (param i64) (result i64) (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
          (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64) (local $v v128) (local $f f64)
          {}
          (local.set $v (i64x2.splat (local.get 1)))
          (loop $again
            {}
            (local.set $v (i64x2.add (local.get $v) (i64x2.splat (local.get 3))))
            (local.set $f (f64.add (local.get $f) (f64.convert_i64_s (local.get 4))))
            (i64.store (i32.const 8) (i64.add (local.get 2)
              (i64.load (i32.wrap_i64 (i64.and (local.get 5) (i64.const 255))))))
            (br_if $again (i64.ne (local.tee 0 (i64.sub (local.get 0) (i64.const 1))) (i64.const 0))))
          (i64.xor (i64.xor (i64x2.extract_lane 1 (local.get $v)) (i64.reinterpret_f64 (local.get $f)))
            (i64.add (i64.load (i32.const 8)) {})))))",
                             locals, mixed, sum);
    std::array<std::uint64_t, 2> results{};
    int polls = 0;
    for (const bool polled : {false, true}) {
        Guest guest;
        guest.store.set_slice_handler([&polls, handle = guest.store.interrupt_handle()] {
            handle.end_slice(); // and again at the next poll
            ++polls;
            return Trap::none;
        });
        auto& instance = guest.add(text);
        if (polled)
            guest.store.interrupt_handle().end_slice();
        const auto result = guest.call(instance, "mix", {Value::of_i64(1000)});
        ASSERT_TRUE(result) << result.error().describe();
        results[polled ? 1 : 0] = result->front().slots[0].u64;
    }
    EXPECT_EQ(results[0], results[1]);
    EXPECT_GE(polls, 1000);
}

TEST(wasm_compiler, interruption_from_another_thread)
{
    Guest guest;
    auto& instance = guest.add(R"((module
        (func (export "loop") (loop $again (br $again)))
        (func $calls (export "calls") (param i32)
          (if (i32.eqz (local.get 0)) (then (return)))
          (call $calls2 (i32.sub (local.get 0) (i32.const 1)))
          (call $calls2 (i32.sub (local.get 0) (i32.const 1))))
        (func $calls2 (param i32) (call $calls (local.get 0)) (call $calls (local.get 0)))
        (func (export "start") (call $calls (i32.const 1000)))))");
    for (const auto* name : {"loop", "start"}) {
        const std::jthread other([handle = guest.store.interrupt_handle()] {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
            handle.interrupt();
        });
        EXPECT_EQ(guest.error_of(instance, name).substr(0, 11), "interrupted");
    }
}

} // namespace
} // namespace trellis::wasm
