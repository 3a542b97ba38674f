#include "wasm/interpreter/interpreter.hpp"

#include "base/check.hpp"
#include "wasm/execution/linker.hpp"
#include "wasm/text/text.hpp"
#include "wasm/validation/validator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

namespace trellis::wasm {
namespace {

/// A store with instances made from text.
class Guest {
public:
    explicit Guest(StoreLimits limits = {}) : store(registry, interpreter_tier, limits) {}

    Instance& add(std::string_view text)
    {
        auto binary = parse_text(text);
        TRELLIS_CHECK(binary.has_value());
        auto module = load_module(*binary, *registry, Features::all());
        if (!module)
            ADD_FAILURE() << module.error().describe();
        auto instance = linker.instantiate(store, *module);
        if (!instance)
            ADD_FAILURE() << instance.error().describe();
        return **instance;
    }

    Result<std::vector<Value>> call(Instance& instance, std::string_view name, std::vector<Value> arguments = {})
    {
        return invoke(store, *std::get<Function*>(*find_export(instance, name)), arguments);
    }

    /// The i32 result of a call that works, or a failure that says why not.
    std::uint32_t i32_of(Instance& instance, std::string_view name, std::vector<Value> arguments = {})
    {
        auto result = call(instance, name, std::move(arguments));
        if (!result) {
            ADD_FAILURE() << result.error().describe();
            return ~0u;
        }
        return result->front().slots[0].u32;
    }

    std::shared_ptr<TypeRegistry> registry = std::make_shared<TypeRegistry>();
    Store store;
    Linker linker;
};

std::vector<Value> numbers(std::initializer_list<std::uint32_t> bits)
{
    std::vector<Value> values;
    for (const auto one : bits)
        values.push_back(Value::of_i32(one));
    return values;
}

TEST(wasm_interpreter, local_keeps_its_old_value_on_the_stack_when_it_is_set)
{
    Guest guest;
    auto& instance = guest.add(R"((module (func (export "f") (param i32) (result i32)
        local.get 0
        (local.set 0 (i32.const 100))
        local.get 0
        i32.sub)))");
    EXPECT_EQ(guest.i32_of(instance, "f", numbers({7})), static_cast<std::uint32_t>(7 - 100));
}

TEST(wasm_interpreter, a_constant_below_blocks_is_there_on_every_path)
{
    Guest guest;
    auto& instance = guest.add(R"((module (func (export "f") (param i32) (result i32)
        (i32.const 40)
        (if (result i32) (local.get 0)
          (then (loop (br_if 0 (i32.const 0))) (i32.const 1))
          (else (i32.const 2)))
        i32.add)))");
    EXPECT_EQ(guest.i32_of(instance, "f", numbers({1})), 41u);
    EXPECT_EQ(guest.i32_of(instance, "f", numbers({0})), 42u);
}

TEST(wasm_interpreter, each_entry_that_is_a_local_keeps_the_value_of_its_time)
{
    // Some of the entries have been put into their homes already when the local changes, some are dropped and made
    // anew.
    Guest guest;
    auto& instance = guest.add(R"((module (func $first (param i32 i32) (result i32) local.get 0)
      (func (export "f") (param i32) (result i32)
        local.get 0
        (block (nop))
        local.get 0
        local.get 0
        drop
        local.get 0
        (call $first (local.get 0) (local.get 0))
        (local.set 0 (i32.const 100))
        local.get 0
        local.get 0
        (local.set 0 (i32.const 1000))
        i32.add i32.add i32.add i32.add i32.add
        local.get 0
        i32.add)))");
    EXPECT_EQ(guest.i32_of(instance, "f", numbers({7})), 4u * 7 + 200 + 1000);
}

TEST(wasm_interpreter, local_below_a_block_keeps_its_old_value_on_every_path)
{
    Guest guest;
    auto& instance = guest.add(R"((module (func (export "f") (param i32 i32) (result i32)
        local.get 0
        (block (br_if 0 (local.get 1)) (local.set 0 (i32.const 50)))
        local.get 0
        i32.sub)))");
    EXPECT_EQ(guest.i32_of(instance, "f", numbers({7, 1})), 0u);
    EXPECT_EQ(guest.i32_of(instance, "f", numbers({7, 0})), static_cast<std::uint32_t>(7 - 50));
}

TEST(wasm_interpreter, branch_carries_values_over_what_lies_between)
{
    Guest guest;
    auto& instance = guest.add(R"((module (func (export "f") (param i32) (result i32)
        (block $out (result i32 i32)
          (i32.const 1) (i32.const 2) (i32.const 3) (local.get 0)
          (br_if $out (i32.eq (local.get 0) (i32.const 9)))
          drop drop drop drop
          (i32.const 70) (i32.const 30))
        i32.sub)))");
    EXPECT_EQ(guest.i32_of(instance, "f", numbers({9})), static_cast<std::uint32_t>(3 - 9));
    EXPECT_EQ(guest.i32_of(instance, "f", numbers({8})), 40u);
}

TEST(wasm_interpreter, branch_moves_many_values_at_once)
{
    Guest guest;
    auto& instance = guest.add(R"((module
      (func $f (param i32) (result i32 i64 i32 f64 i32 i32)
        (block $out (result i32 i64 i32 f64 i32 i32)
          (i32.const 99)
          (i32.const 1) (i64.const 2) (local.get 0) (f64.const 4) (i32.add (local.get 0) (i32.const 5)) (i32.const 6)
          (br_if $out (local.get 0))
          (br $out)))
      (func (export "f") (param i32) (result i32) (local i64 f64)
        (call $f (local.get 0)) i32.sub (local.set 0) (local.set 2) (i32.add (local.get 0)) (local.set 0)
        (local.set 1) drop
        (i32.add (local.get 0) (i32.trunc_f64_s (local.get 2))))))");
    // (x + 5 - 6) + x + 4
    EXPECT_EQ(guest.i32_of(instance, "f", numbers({10})), 23u);
    EXPECT_EQ(guest.i32_of(instance, "f", numbers({0})), 3u);
}

TEST(wasm_interpreter, branch_table_carries_values_to_each_label)
{
    Guest guest;
    auto& instance = guest.add(R"((module (func (export "f") (param i32) (result i32)
        (block $a (result i32)
          (block $b (result i32)
            (i32.const 1000)
            (block $c (result i32)
              (i32.const 5)
              (br_table $a $b $c (local.get 0)))
            i32.add)
          (i32.const 10) i32.mul)
        )))");
    EXPECT_EQ(guest.i32_of(instance, "f", numbers({0})), 5u);
    EXPECT_EQ(guest.i32_of(instance, "f", numbers({1})), 50u);
    EXPECT_EQ(guest.i32_of(instance, "f", numbers({2})), 10050u);
    EXPECT_EQ(guest.i32_of(instance, "f", numbers({77})), 10050u);
}

TEST(wasm_interpreter, addresses_are_computed_modulo_2_to_the_32)
{
    Guest guest;
    auto& instance = guest.add(R"((module (memory 1) (data (i32.const 8) "\2a\00\00\00")
      (func (export "sum") (param i32 i32) (result i32) (i32.load (i32.add (local.get 0) (local.get 1))))
      (func (export "scaled") (param i32 i32) (result i32)
        (i32.load offset=4 (i32.add (i32.shl (local.get 0) (i32.const 2)) (local.get 1))))))");
    EXPECT_EQ(guest.i32_of(instance, "sum", numbers({0xffff'fff0, 24})), 42u);
    EXPECT_EQ(guest.i32_of(instance, "scaled", numbers({0x4000'0001, 0})), 42u);
}

TEST(wasm_interpreter, out_of_bounds_access_names_function_and_instruction)
{
    Guest guest;
    auto& instance = guest.add(R"((module (memory 1)
      (func $inner (param i32) (result i32) nop (i32.load offset=16 (local.get 0)))
      (func $outer (export "f") (param i32) (result i32) (i32.add (call $inner (local.get 0)) (i32.const 1)))))");
    const auto result = guest.call(instance, "f", numbers({65533 - 16}));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(guest.store.last_trap.trap, Trap::out_of_bounds_memory_access);
    const auto& frames = guest.store.last_trap.backtrace;
    ASSERT_EQ(frames.size(), 2u);
    const auto binary = instance.module->binary.view();
    EXPECT_EQ(binary[frames[0].offset], 0x28) << "i32.load";
    EXPECT_EQ(binary[frames[1].offset], 0x10) << "call";
    EXPECT_NE(describe(guest.store, guest.store.last_trap).find("inner"), std::string::npos);
    EXPECT_EQ(guest.i32_of(instance, "f", numbers({0})), 1u) << "the instance goes on";
}

TEST(wasm_interpreter, out_of_bounds_access_with_a_merged_sum_names_the_access)
{
    Guest guest;
    auto& instance = guest.add(R"((module (memory 1)
      (func (export "load") (param i32 i32) (result i32) (i32.load (i32.add (local.get 0) (local.get 1))))
      (func (export "store") (param i32 i32)
        (i32.store (i32.add (local.get 0) (local.get 1)) (local.get 1)))))");
    const auto opcode_at_fault = [&](const char* name) {
        EXPECT_FALSE(guest.call(instance, name, numbers({65533, 5})).has_value());
        return instance.module->binary.view()[guest.store.last_trap.backtrace.at(0).offset];
    };
    EXPECT_EQ(opcode_at_fault("load"), 0x28);
    EXPECT_EQ(opcode_at_fault("store"), 0x36);
}

TEST(wasm_interpreter, endless_recursion_exhausts_the_stack_and_the_store_goes_on)
{
    Guest guest({.stack_bytes = 64 << 10});
    auto& instance = guest.add(R"((module
      (func $f (export "f") (param i32) (result i32) (i32.add (call $f (local.get 0)) (i32.const 1)))
      (func (export "g") (result i32) (i32.const 3))))");
    EXPECT_FALSE(guest.call(instance, "f", numbers({1})).has_value());
    EXPECT_EQ(guest.store.last_trap.trap, Trap::call_stack_exhausted);
    EXPECT_EQ(guest.i32_of(instance, "g"), 3u);
}

TEST(wasm_interpreter, tail_calls_between_instances_do_not_grow_any_stack)
{
    Guest guest({.stack_bytes = 64 << 10});
    auto& first = guest.add(R"((module
      (type $t (func (param i32 i32) (result i32)))
      (table (export "table") 2 funcref) (elem (i32.const 0) $even)
      (func $even (export "even") (type $t)
        (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
        (return_call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.add (local.get 1) (i32.const 1))
          (i32.const 1)))))");
    guest.linker.define_instance("first", first);
    guest.add(R"((module
      (type $t (func (param i32 i32) (result i32)))
      (import "first" "table" (table 2 funcref)) (elem (i32.const 1) $odd)
      (func $odd (type $t)
        (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
        (return_call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.add (local.get 1) (i32.const 1))
          (i32.const 0)))))");
    EXPECT_EQ(guest.i32_of(first, "even", numbers({100'001, 0})), 100'001u);
}

Trap call_back(void* context, Caller caller, Slot* frame)
{
    return call(caller.store, **static_cast<Function**>(context), frame);
}

TEST(wasm_interpreter, exception_passes_through_the_host_to_its_handler)
{
    Guest guest;
    Function* thrower = nullptr;
    guest.linker.define("host", "call_back", guest.store.make_host_function({{i32}, {}}, call_back, &thrower));
    auto& instance = guest.add(R"((module
      (import "host" "call_back" (func $call_back (param i32)))
      (tag $e (param i32))
      (func (export "throw") (param i32) (throw $e (local.get 0)))
      (func (export "f") (param i32) (result i32)
        (block $caught (result i32)
          (try_table (catch $e $caught) (call $call_back (local.get 0)))
          (i32.const -1)))))");
    thrower = std::get<Function*>(*find_export(instance, "throw"));
    EXPECT_EQ(guest.i32_of(instance, "f", numbers({42})), 42u);
}

TEST(wasm_interpreter, uncaught_exception_is_an_error_with_a_backtrace)
{
    Guest guest;
    auto& instance = guest.add(R"((module (tag $e) (func $f (export "f") (throw $e))))");
    EXPECT_FALSE(guest.call(instance, "f").has_value());
    EXPECT_EQ(guest.store.last_trap.trap, Trap::uncaught_exception);
    EXPECT_EQ(guest.store.last_trap.backtrace.size(), 1u);
}

constexpr std::string_view counting_loop = R"((module (func (export "f") (param i32) (result i32) (local i32)
    (loop $again
      (local.set 1 (i32.add (local.get 1) (i32.const 2)))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1))))";

TEST(wasm_interpreter, fuel_is_one_unit_per_instruction)
{
    Guest guest({.fuel = 1000});
    guest.store.fuel = 1000;
    auto& instance = guest.add(counting_loop);
    EXPECT_EQ(guest.i32_of(instance, "f", numbers({10})), 20u);
    // loop; ten turns of nine instructions; local.get behind the loop
    EXPECT_EQ(guest.store.fuel, 1000u - 1 - 10 * 9 - 1);
}

TEST(wasm_interpreter, endless_loop_runs_out_of_fuel)
{
    Guest guest({.fuel = 100});
    guest.store.fuel = 100;
    auto& instance = guest.add(R"((module (func (export "f") (loop $l (br $l)))))");
    EXPECT_FALSE(guest.call(instance, "f").has_value());
    EXPECT_EQ(guest.store.last_trap.trap, Trap::out_of_fuel);
}

void expect_interruptible(std::string_view body)
{
    Guest guest;
    auto& instance = guest.add("(module (memory 65536) (func $f (export \"f\") " + std::string(body) + "))");
    std::jthread other([handle = guest.store.interrupt_handle()] {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        handle.interrupt();
    });
    EXPECT_FALSE(guest.call(instance, "f").has_value());
    EXPECT_EQ(guest.store.last_trap.trap, Trap::interrupted);
}

TEST(wasm_interpreter, loops_and_recursion_are_interruptible)
{
    expect_interruptible("(loop $l (br $l))");
    expect_interruptible("(local i32) (loop $l (br_if $l (i32.eqz (local.get 0))))");
    expect_interruptible("(loop $l (br_table $l (i32.const 0)))");
    expect_interruptible("(return_call $f)");
}

Trap interrupt_own_store(void* context, Caller, Slot*)
{
    static_cast<Store*>(context)->interrupt_handle().interrupt();
    return Trap::none;
}

TEST(wasm_interpreter, search_for_an_exceptions_handler_is_interruptible)
{
    Guest guest;
    guest.linker.define("host", "interrupt",
                        guest.store.make_host_function({{}, {}}, interrupt_own_store, &guest.store));
    auto& instance = guest.add(R"((module
      (import "host" "interrupt" (func $interrupt))
      (tag $e)
      (func (export "f") (block $h (try_table (catch_all $h) (call $interrupt) (throw $e))))))");
    EXPECT_FALSE(guest.call(instance, "f").has_value());
    EXPECT_EQ(guest.store.last_trap.trap, Trap::interrupted);
}

TEST(wasm_interpreter, code_is_shared_by_the_instances_of_a_module)
{
    Guest guest;
    auto binary = parse_text(counting_loop);
    ASSERT_TRUE(binary.has_value());
    auto module = load_module(*binary, *guest.registry);
    ASSERT_TRUE(module.has_value());
    auto* const first = *guest.linker.instantiate(guest.store, *module);
    auto* const second = *guest.linker.instantiate(guest.store, *module);
    EXPECT_EQ(first->code, second->code);
    EXPECT_EQ(guest.i32_of(*first, "f", numbers({1})), guest.i32_of(*second, "f", numbers({1})));
}

} // namespace
} // namespace trellis::wasm
