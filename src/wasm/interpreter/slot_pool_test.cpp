// The pool's promises as running guests see them: one guest after the other in the same memory and on the same stack.
#include "wasm/execution/slot_pool.hpp"

#include "wasm/execution/guest_stack.hpp"
#include "wasm/execution/memory.hpp"
#include "wasm/interpreter/interpreter.hpp"
#include "wasm/text/text.hpp"
#include "wasm/validation/validator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <thread>

namespace trellis::wasm {
namespace {

class wasm_interpreter_slot_pool : public testing::Test {
protected:
    std::shared_ptr<const Module> module_of(std::string_view text)
    {
        return load_module(parse_text(text).value(), *registry, Features::all()).value();
    }

    /// The next guest: a store of its own, until the one after it.
    void start(const std::shared_ptr<const Module>& module, StoreLimits limits = {})
    {
        store.emplace(registry, interpreter_tier, limits, &pool);
        instance = instantiate(*store, module, {}).value();
    }

    Trap call(std::string_view name, std::uint64_t argument, std::uint64_t& result)
    {
        Slot frame[2] = {{.u64 = argument}, {.u64 = 0}};
        const auto trap = wasm::call(*store, *std::get<Function*>(*find_export(*instance, name)), frame);
        result = frame[0].u64;
        return trap;
    }
    Trap call(std::string_view name, std::uint64_t argument)
    {
        std::uint64_t result = 0;
        return call(name, argument, result);
    }

    std::shared_ptr<TypeRegistry> registry = std::make_shared<TypeRegistry>();
    SlotPool pool;
    std::optional<Store> store;
    Instance* instance = nullptr;
};

TEST_F(wasm_interpreter_slot_pool, access_beyond_the_size_traps_again_where_another_guest_had_grown)
{
    struct Row {
        const char *memory, *type;
        std::uint64_t size, pages;
        bool guarded;
    };
    for (const auto& row : {Row{"(memory 1)", "i32", 65536, 3, true}, Row{"(memory i64 1 20)", "i64", 65536, 3, false},
                            Row{"(memory 5000 900000 (pagesize 1))", "i32", 5000, 70000, false}}) {
        SCOPED_TRACE(row.memory);
        const auto a = std::string(row.type);
        const auto guest =
            module_of("(module " + std::string(row.memory) + "(func (export \"grow\") (param " + a + ") (result " + a +
                      ") (memory.grow (local.get 0)))" + "(func (export \"load\") (param " + a +
                      ") (result i32) (i32.load8_u (local.get 0)))" + "(func (export \"store\") (param " + a +
                      ") (i32.store8 (local.get 0) (i32.const 7))))");
        const std::byte* base = nullptr;
        for (int round = 0; round < 3; ++round) {
            start(guest);
            auto& memory = *instance->memories[0];
            EXPECT_EQ(memory.is_guarded(), row.guarded);
            if (round > 0)
                EXPECT_EQ(memory.base(), base);
            base = memory.base();
            std::uint64_t result = 0;
            EXPECT_EQ(call("load", row.size), Trap::out_of_bounds_memory_access);
            EXPECT_EQ(call("store", row.size), Trap::out_of_bounds_memory_access);
            EXPECT_EQ(call("load", row.size + 65535), Trap::out_of_bounds_memory_access);
            EXPECT_EQ(call("load", row.size - 1, result), Trap::none);
            EXPECT_EQ(result, 0u);
            EXPECT_EQ(call("grow", row.pages), Trap::none);
            for (const auto address : {row.size, row.size + 60000, row.size - 1}) {
                EXPECT_EQ(call("load", address, result), Trap::none);
                EXPECT_EQ(result, 0u);
                EXPECT_EQ(call("store", address), Trap::none);
            }
            store.reset();
        }
        EXPECT_GT(pool.counts().memories, 0u);
    }
}

TEST_F(wasm_interpreter_slot_pool, deep_recursion_and_its_limit_are_the_same_on_a_used_stack)
{
    const auto guest = module_of(R"((module (func $f (export "depth") (param i32) (result i32)
        (if (result i32) (local.get 0)
          (then (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1)))))
          (else (i32.const 0)))))
      )");
    for (int round = 0; round < 3; ++round) {
        start(guest, {.stack_bytes = 1 << 20});
        const auto& stack = *store->stack;
        EXPECT_TRUE(std::all_of(stack.base, stack.limit, [](Slot slot) { return slot.u64 == 0; }));
        std::uint64_t result = 0;
        for (const std::uint64_t depth : {1, 100, 1000, 10'000}) {
            EXPECT_EQ(call("depth", depth, result), Trap::none);
            EXPECT_EQ(result, depth);
        }
        EXPECT_EQ(call("depth", 1'000'000), Trap::call_stack_exhausted);
        EXPECT_EQ(call("depth", 10'000, result), Trap::none);
        store.reset();
    }
    EXPECT_EQ(pool.counts().stacks, 1u);
}

TEST_F(wasm_interpreter_slot_pool, interruption_is_noticed_also_while_the_stack_grows)
{
    const auto guest = module_of(R"((module (func $f (export "deep") (param i32) (result i32)
        (if (result i32) (local.get 0)
          (then (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1)))))
          (else (i32.const 0)))))
      )");
    start(guest);
    store->interrupt_handle().interrupt();
    EXPECT_EQ(call("deep", 50'000), Trap::interrupted);
    EXPECT_EQ(call("deep", 50'000), Trap::none);
}

TEST_F(wasm_interpreter_slot_pool, start_function_that_traps_leaves_nothing)
{
    const auto guest = module_of(R"((module (memory 1) (data (i32.const 0) "data") (start $s)
        (func $s (i32.store (i32.const 0) (i32.const -1)) (drop (memory.grow (i32.const 2)))
          (i32.store (i32.const 100000) (i32.const -1)) unreachable)))");
    const auto second = module_of(R"((module (memory 1) (data (i32.const 0) "data")
        (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))))");
    SlotPool one({.slots = 1});
    {
        Store failing(registry, interpreter_tier, {}, &one);
        EXPECT_EQ(instantiate(failing, guest, {}).error().message, "unreachable");
    }
    Store next(registry, interpreter_tier, {}, &one);
    auto& made = **instantiate(next, second, {});
    EXPECT_EQ(one.counts().made, 1u); // it is the same memory
    Slot frame{.u64 = 0};
    auto& load = *std::get<Function*>(*find_export(made, "load"));
    EXPECT_EQ(wasm::call(next, load, &frame), Trap::none);
    EXPECT_EQ(frame.u32, 0x61746164u); // "data"
    frame.u64 = 65536;
    EXPECT_EQ(wasm::call(next, load, &frame), Trap::out_of_bounds_memory_access);
    EXPECT_EQ(made.memories[0]->grow(2), 1);
    frame.u64 = 100000;
    EXPECT_EQ(wasm::call(next, load, &frame), Trap::none);
    EXPECT_EQ(frame.u32, 0u);
}

TEST_F(wasm_interpreter_slot_pool, threads_share_a_module_and_each_has_its_pool)
{
    const auto guest = module_of(R"((module (memory 1) (data (i32.const 0) "\05")
        (func (export "count") (result i32)
          (i32.store8 (i32.const 0) (i32.add (i32.load8_u (i32.const 0)) (i32.const 1)))
          (i32.load8_u (i32.const 0)))))");
    const auto many_guests = [&] {
        SlotPool own;
        for (int i = 0; i < 200; ++i) {
            Store one(registry, interpreter_tier, {}, &own);
            auto& made = **instantiate(one, guest, {});
            Slot frame{};
            EXPECT_EQ(wasm::call(one, *std::get<Function*>(*find_export(made, "count")), &frame), Trap::none);
            EXPECT_EQ(frame.u32, 6u);
        }
        EXPECT_EQ(own.counts().made, 1u);
    };
    std::thread other(many_guests), another(many_guests);
    other.join();
    another.join();
}

} // namespace
} // namespace trellis::wasm
