// Fresh means fresh: whatever a guest did to its memory, its stack or its tables, the next one finds what an instance
// without a pool finds.
#include "wasm/execution/slot_pool_guest.hpp"
#include "wasm/execution/start_up.hpp"

#include <array>
#include <cstring>
#include <random>

namespace trellis::wasm {
namespace {

TEST_F(wasm_slot_pool, memory_is_the_same_one_and_fresh)
{
    struct Row {
        const char* memory;
        const char* data;
        std::string_view text;
        std::uint64_t size, grow_by;
    };
    for (const auto& row : {
             Row{"(memory 2)", R"((data (i32.const 100) "start"))", "start", 2 * wasm_page, 0},
             Row{"(memory 2)", R"((data (i32.const 100) "start"))", "start", 2 * wasm_page, 3},
             Row{"(memory 2 5)", "", "", 2 * wasm_page, 3},
             Row{"(memory 17)", R"((data (i32.const 100) "start"))", "start", 17 * wasm_page, 1},
             Row{"(memory 40)", R"((data (i32.const 100) "start"))", "start", 40 * wasm_page, 2},
             Row{"(memory 1)", R"((data (i32.const 100) "start"))", "start", wasm_page, 100},
             Row{"(memory 0)", "", "", 0, 2},
             Row{"(memory i64 1 9)", R"((data (i64.const 100) "start"))", "start", wasm_page, 5},
             Row{"(memory i64 30 40)", R"((data (i64.const 100) "start"))", "start", 30 * wasm_page, 5},
             Row{"(memory 5000 90000 (pagesize 1))", R"((data (i32.const 100) "start"))", "start", 5000, 12345},
             Row{"(memory 8192 90000 (pagesize 1))", R"((data (i32.const 100) "start"))", "start", 8192, 1},
         }) {
        SCOPED_TRACE(row.memory);
        const auto guest = module("(module " + std::string(row.memory) + row.data + ")");
        const std::byte* base = nullptr;
        for (int round = 0; round < 3; ++round) {
            Session session(*this, guest);
            ASSERT_TRUE(session.made);
            if (round > 0)
                EXPECT_EQ(session.memory().base(), base); // or this tests nothing
            base = session.memory().base();
            expect_fresh(session, row.text, row.size);
            soil(session, row.grow_by);
        }
    }
}

TEST_F(wasm_slot_pool, grown_pages_are_zero_also_where_they_were_used_before)
{
    const auto guest = module("(module (memory 1 30))");
    for (int round = 0; round < 3; ++round) {
        Session session(*this, guest);
        EXPECT_EQ(memory_grow(session.instance(), MemoryIndex{0}, 29), 1);
        auto& memory = session.memory();
        EXPECT_TRUE(std::ranges::all_of(*memory.range(0, memory.size()), [](auto b) { return b == std::byte(0); }));
        soil(session, 0);
    }
}

/// Large enough that its pages are shared: they begin in the middle of a page and end in another one.
std::string module_with_much_data(char letter)
{
    static_assert(300'000 > MemoryImage::worth_sharing);
    return "(module (memory 10) (data (i32.const 5000) \"" + std::string(300'000, letter) + "\"))";
}

std::string much_data(char letter)
{
    std::string all(10 * wasm_page, '\0');
    std::fill_n(all.begin() + 5000, 300'000, letter);
    return all;
}

std::string_view text_of(Memory& memory)
{
    return {reinterpret_cast<const char*>(memory.base()), memory.size()};
}

TEST_F(wasm_slot_pool, much_data_is_shared_until_it_is_written)
{
    const auto guest = module(module_with_much_data('a'));
    const std::byte* base = nullptr;
    for (int round = 0; round < 4; ++round) {
        Session session(*this, guest), other(*this, guest);
        ASSERT_TRUE(session.made && other.made);
        if (round > 0)
            EXPECT_TRUE(session.memory().base() == base || other.memory().base() == base);
        base = session.memory().base();
        session.memory().base()[6000] = std::byte('x');
        EXPECT_TRUE(text_of(other.memory()) == much_data('a'));
        session.memory().base()[6000] = std::byte('a');
        EXPECT_TRUE(text_of(session.memory()) == much_data('a'));
        if (round == 2)
            soil(session, 30); // more pages than are kept
        else
            for (std::uint64_t at = 0; at < session.memory().size(); at += 50'000)
                session.memory().base()[at] = std::byte('x');
    }
    EXPECT_GT(pool.counts().resident_bytes, 0u);
}

TEST_F(wasm_slot_pool, shared_data_goes_with_its_module)
{
    SlotPool one({.slots = 1, .resident_bytes = std::uint64_t(64) << 20});
    const auto with = module(module_with_much_data('a')), other = module(module_with_much_data('b')),
               without = module("(module (memory 10))");
    const std::byte* base = nullptr;
    for (const auto& guest : {with, other, without, with, without}) {
        Store store(registry, idle_tier, {}, &one);
        auto& memory = *(*instantiate(store, guest, {}))->memories[0];
        if (base)
            EXPECT_EQ(memory.base(), base);
        base = memory.base();
        EXPECT_TRUE(text_of(memory) == (guest == with    ? much_data('a')
                                        : guest == other ? much_data('b')
                                                         : much_data('\0')));
        std::fill_n(memory.base() + 4096, 100'000, std::byte(0xee));
        EXPECT_EQ(memory.grow(1), 10);
    }
}

TEST_F(wasm_slot_pool, another_module_gets_nothing_of_the_first_one)
{
    SlotPool one({.slots = 1, .resident_bytes = std::uint64_t(64) << 20});
    const auto first = module(R"((module (memory 3) (data (i32.const 7) "first") (data (i32.const 100000) "first")))");
    const auto second = module(R"((module (memory 1) (data (i32.const 100) "second")))");
    const std::byte* base = nullptr;
    {
        Store store(registry, idle_tier, {}, &one);
        auto& memory = *(*instantiate(store, first, {}))->memories[0];
        base = memory.base();
        std::fill_n(memory.base(), memory.size(), std::byte(1));
    }
    Store store(registry, idle_tier, {}, &one);
    auto& memory = *(*instantiate(store, second, {}))->memories[0];
    EXPECT_EQ(memory.base(), base); // there is only this slot
    EXPECT_EQ(memory.size(), wasm_page);
    std::string expected(wasm_page, '\0');
    std::ranges::copy(std::string_view("second"), expected.begin() + 100);
    EXPECT_TRUE(std::string_view(reinterpret_cast<const char*>(base), wasm_page) == expected);
    EXPECT_FALSE(is_accessible(base + wasm_page));
    EXPECT_EQ(memory.grow(2), 1);
    EXPECT_TRUE(std::ranges::all_of(*memory.range(wasm_page, 2 * wasm_page), [](auto b) { return b == std::byte(0); }));
}

TEST_F(wasm_slot_pool, slots_go_to_the_module_that_had_them)
{
    const auto a = module(R"((module (memory 1) (data (i32.const 0) "a")))");
    const auto b = module(R"((module (memory 1) (data (i32.const 0) "b")))");
    const std::byte *base_a = nullptr, *base_b = nullptr;
    {
        Session with_a(*this, a), with_b(*this, b);
        base_a = with_a.memory().base();
        base_b = with_b.memory().base();
    }
    {
        Session with_b(*this, b), with_a(*this, a);
        EXPECT_EQ(with_a.memory().base(), base_a);
        EXPECT_EQ(with_b.memory().base(), base_b);
    }
    EXPECT_EQ(pool.counts().made, 2u);
}

TEST_F(wasm_slot_pool, limit_of_the_new_store_counts)
{
    const auto guest = module("(module (memory 1))");
    {
        Session session(*this, guest);
    }
    Session session(*this, guest, {.memory_bytes = 2 * wasm_page});
    EXPECT_EQ(session.memory().grow(2), -1);
    EXPECT_EQ(session.memory().grow(1), 1);
    Session impossible(*this, guest, {.memory_bytes = wasm_page - 1});
    EXPECT_EQ(impossible.made.error().code, ErrorCode::limit);
    Session too_much(*this, guest, {.total_memory_bytes = wasm_page - 1});
    EXPECT_EQ(too_much.made.error().code, ErrorCode::limit);
}

TEST_F(wasm_slot_pool, tables_globals_and_segments_begin_anew)
{
    const auto guest = module(R"((module
        (memory 1) (table 4 4 funcref) (table $big 2 100000 funcref)
        (global (mut i32) (i32.const 5)) (func $f)
        (elem (i32.const 1) $f) (elem $passive func $f) (data "passive") (data (i32.const 100) "active")))");
    for (int round = 0; round < 3; ++round) {
        Session session(*this, guest);
        auto& instance = session.instance();
        EXPECT_EQ(instance.tables[0]->elements[0], null_ref);
        EXPECT_NE(instance.tables[0]->elements[1], null_ref);
        EXPECT_EQ(instance.tables[1]->elements[0], null_ref);
        EXPECT_EQ(instance.tables[1]->size, 2u);
        EXPECT_EQ(instance.globals[0]->u32, 5u);
        EXPECT_EQ(instance.dropped_data, (std::vector<bool>{false, true}));
        EXPECT_EQ(instance.dropped_elements, (std::vector<bool>{true, false}));
        EXPECT_EQ(memory_init(instance, DataIndex{0}, MemoryIndex{0}, 0, 0, 7), Trap::none);
        EXPECT_EQ(memory_init(instance, DataIndex{1}, MemoryIndex{0}, 0, 0, 1), Trap::out_of_bounds_memory_access);
        EXPECT_EQ(table_init(instance, ElementIndex{1}, TableIndex{0}, 0, 0, 1), Trap::none);
        data_drop(instance, DataIndex{0});
        elem_drop(instance, ElementIndex{1});
        EXPECT_EQ(table_fill(instance, TableIndex{0}, 0, ref_func(instance, FuncIndex{0}), 4), Trap::none);
        EXPECT_EQ(table_grow(instance, TableIndex{1}, ref_func(instance, FuncIndex{0}), 99'998), 2);
        instance.globals[0]->u32 = 6;
    }
}

TEST_F(wasm_slot_pool, guest_stack_is_wiped_as_far_as_guests_reached)
{
    const auto guest = module("(module)");
    for (const std::size_t slots : {std::size_t(1), std::size_t(2048), std::size_t(5000), std::size_t(100'000)}) {
        const Slot* base = nullptr;
        {
            Session session(*this, guest);
            auto& stack = *session.store.stack;
            base = stack.base;
            EXPECT_EQ(session.store.check_stack(stack.base + slots), Trap::none);
            EXPECT_LE(session.store.interrupt_state().stack_limit, reinterpret_cast<std::uintptr_t>(stack.limit));
            // What is written behind the end that was checked stays within a page, as at the stack's end.
            std::fill_n(stack.base, slots + 512, Slot{.u64 = ~std::uint64_t(0)});
        }
        Session session(*this, guest);
        auto& stack = *session.store.stack;
        EXPECT_EQ(stack.base, base);
        EXPECT_EQ(stack.top, stack.base);
        EXPECT_EQ(session.store.interrupt_state().stack_limit, reinterpret_cast<std::uintptr_t>(stack.reached));
        EXPECT_TRUE(std::all_of(stack.base, stack.limit, [](Slot slot) { return slot.u64 == 0; })) << slots;
    }
}

TEST_F(wasm_slot_pool, stack_ends_where_the_store_says)
{
    const auto guest = module("(module)");
    {
        Session large(*this, guest);
        EXPECT_EQ(large.store.stack->bytes(), std::uint64_t(8) << 20);
    }
    Session small(*this, guest, {.stack_bytes = 8192});
    auto& stack = *small.store.stack;
    EXPECT_EQ(stack.bytes(), 8192u);
    EXPECT_EQ(small.store.check_stack(stack.limit), Trap::none);
    EXPECT_EQ(small.store.check_stack(stack.limit + 1), Trap::call_stack_exhausted);
    EXPECT_FALSE(stack.take_room(1025));
    EXPECT_TRUE(stack.take_room(1024));
}

TEST_F(wasm_slot_pool, data_is_not_seen_where_instantiation_stops_before_it)
{
    // The function that the first segment puts into the table would show the memory.
    const auto guest = module(R"((module (import "" "t" (table 2 funcref)) (memory (export "m") 1) (func $f)
        (elem (i32.const 0) $f) (elem (i32.const 1) $f $f) (data (i32.const 0) "unseen")))");
    Store store(registry, idle_tier, {}, &pool);
    auto* table = *store.make_table({{.min = 2, .max = {}}, funcref});
    const Extern imports[] = {table};
    const auto made = instantiate(store, guest, imports);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().message, "out of bounds table access");
    ASSERT_NE(table->elements[0], null_ref);
    auto& instance = *reinterpret_cast<Function*>(table->elements[0])->instance;
    EXPECT_EQ(*instance.memories[0]->base(), std::byte(0));
    EXPECT_EQ(instance.dropped_data, std::vector<bool>{false});
}

TEST_F(wasm_slot_pool, segments_behind_one_that_traps_are_not_written)
{
    const auto guest = module(R"((module (import "" "t" (table 1 funcref)) (import "" "g" (global $g i32))
        (memory 1) (func $f) (elem (i32.const 0) $f)
        (data (i32.const 0) "early") (data "passive") (data (global.get $g) "xx") (data (i32.const 8) "late")))");
    for (const std::uint32_t offset : {65535u, 20u}) {
        Store store(registry, idle_tier, {}, &pool);
        auto* table = *store.make_table({{.min = 1, .max = {}}, funcref});
        const Extern imports[] = {table, store.make_global({i32, false}, Value::of_i32(offset))};
        const auto made = instantiate(store, guest, imports);
        EXPECT_EQ(made.has_value(), offset == 20);
        auto& instance = *reinterpret_cast<Function*>(table->elements[0])->instance;
        const std::string_view text(reinterpret_cast<const char*>(instance.memories[0]->base()), 12);
        EXPECT_EQ(text.substr(0, 5), "early");
        EXPECT_EQ(text.substr(8), (offset == 20 ? std::string_view("late") : std::string_view("\0\0\0\0", 4)));
        EXPECT_EQ(instance.dropped_data, (offset == 20 ? std::vector<bool>{true, false, true, true}
                                                       : std::vector<bool>{true, false, false, false}));
    }
}

TEST_F(wasm_slot_pool, image_holds_what_is_known_to_be_copied)
{
    const auto segments = [&](std::string_view data) {
        return StartUp::of(*module("(module (import \"\" \"g\" (global $g i32)) (memory 1) (memory i64 1)" +
                                   std::string(data) + ")"))
            .imaged_segments;
    };
    EXPECT_EQ(segments(R"((data (i32.const 0) "a") (data "p") (data (memory 1) (i64.const 65535) "b"))"), 3u);
    EXPECT_EQ(segments(R"((data (i32.const 65536) "") (data (i32.const 65536) "a") (data (i32.const 0) "b"))"), 1u);
    EXPECT_EQ(segments(R"((data (memory 1) (i64.const -1) "a"))"), 0u);
    EXPECT_EQ(segments(R"((data (i32.const -1) "a"))"), 0u);
    EXPECT_EQ(segments(R"((data (global.get $g) "a"))"), 0u);
    EXPECT_EQ(segments(R"((data (i32.add (i32.const 1) (i32.const 1)) "a"))"), 0u);
}

TEST_F(wasm_slot_pool, later_segments_lie_over_earlier_ones)
{
    const auto guest = module(
        R"((module (memory 1) (data (i32.const 0) "abcdef") (data (i32.const 2) "XY") (data (i32.const 5) "Z")))");
    for (int round = 0; round < 2; ++round) {
        Session session(*this, guest);
        EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(session.memory().base()), 7),
                  std::string_view("abXYeZ\0", 7));
        soil(session, 0);
    }
}

TEST_F(wasm_slot_pool, memory_is_what_it_is_without_a_pool_wherever_its_data_lies)
{
    const auto piece = [](std::uint64_t offset, std::size_t size, char fill) {
        return "(data (i32.const " + std::to_string(offset) + ") \"" + std::string(size, fill) + "\")";
    };
    for (const auto& [pages, data] : {
             std::pair(1, piece(0, 65536, 'a')),
             std::pair(40, piece(1024, 2'000'000, 'a') + piece(2'100'000, 4097, 'b')),
             std::pair(25, piece(1 << 20, 300'000, 'r') + piece((1 << 20) + 300'001, 7, 's')),
             std::pair(200, piece(100, 10, 'n') + piece(10'000'000, 5000, 'f')),
             std::pair(30, piece(1'900'000, 5000, 'z') + piece(5000, 5000, 'y') + piece(1'902'000, 10, 'o')),
         }) {
        const auto guest = module("(module (memory " + std::to_string(pages) + ")" + data + ")");
        Store plain(registry, idle_tier);
        const auto& expected = *(*instantiate(plain, guest, {}))->memories[0];
        for (int round = 0; round < 3; ++round) {
            Session session(*this, guest);
            const auto& memory = session.memory();
            ASSERT_EQ(memory.size(), expected.size());
            EXPECT_EQ(std::memcmp(memory.base(), expected.base(), memory.size()), 0) << pages << " pages, " << round;
            soil(session, 2);
        }
    }
    EXPECT_EQ(pool.counts().made, 5u);
}

TEST_F(wasm_slot_pool, data_costs_the_same_fuel)
{
    const auto guest = module("(module (memory 1) (data (i32.const 0) \"" + std::string(5000, 'x') +
                              "\") (data (i32.const 9000) \"" + std::string(2048, 'y') + "\"))");
    for (const bool pooled : {false, true})
        for (const std::uint64_t fuel : {std::uint64_t(100), std::uint64_t(5), std::uint64_t(3)}) {
            Store store(registry, idle_tier, {.fuel = fuel}, pooled ? &pool : nullptr);
            const auto made = instantiate(store, guest, {});
            EXPECT_EQ(made.has_value(), fuel == 100);
            EXPECT_EQ(store.fuel, fuel == 100 ? 94u : 0u);
            const auto& memory = *store.memories[0];
            EXPECT_EQ(memory.base()[0], fuel == 3 ? std::byte(0) : std::byte('x'));
            EXPECT_EQ(memory.base()[9000], fuel == 100 ? std::byte('y') : std::byte(0));
        }
}

TEST_F(wasm_slot_pool, shared_and_imported_memories_are_not_the_pools)
{
    const auto guest = module(R"((module (import "" "m" (memory 1)) (memory 1 2 shared)))");
    {
        Store store(registry, idle_tier, {}, &pool);
        const Extern imports[] = {*store.make_memory({.limits = {.min = 1, .max = {}}})};
        ASSERT_TRUE(instantiate(store, guest, imports));
        EXPECT_EQ(pool.counts().taken, 1u); // the stack
    }
    EXPECT_EQ(pool.counts().memories, 0u);
    EXPECT_EQ(pool.counts().stacks, 1u);
}

TEST_F(wasm_slot_pool, memory_that_somebody_still_has_does_not_come_back)
{
    const auto guest = module("(module (memory 1))");
    std::shared_ptr<Memory> kept;
    {
        Session session(*this, guest);
        kept = session.store.memories[0];
        *kept->base() = std::byte(7);
    }
    EXPECT_EQ(pool.counts().memories, 0u);
    EXPECT_EQ(*kept->base(), std::byte(7));
    EXPECT_EQ(pool.counts().taken, 0u);
}

TEST_F(wasm_slot_pool, many_stores_at_once_and_no_more_kept_than_allowed)
{
    SlotPool small({.slots = 3, .resident_bytes = std::uint64_t(64) << 20});
    const auto guest = module(R"((module (memory 1) (data (i32.const 0) "x")))");
    {
        std::vector<std::unique_ptr<Store>> stores;
        std::vector<const std::byte*> bases;
        for (int i = 0; i < 50; ++i) {
            stores.push_back(std::make_unique<Store>(registry, idle_tier, StoreLimits{}, &small));
            bases.push_back((*instantiate(*stores.back(), guest, {}))->memories[0]->base());
        }
        std::ranges::sort(bases);
        EXPECT_TRUE(std::ranges::adjacent_find(bases) == bases.end());
        EXPECT_EQ(small.counts().taken, 100u);
    }
    EXPECT_EQ(small.counts().memories, 3u);
    EXPECT_EQ(small.counts().stacks, 3u);
    EXPECT_EQ(small.counts().taken, 0u);
}

TEST_F(wasm_slot_pool, resident_bytes_are_bounded)
{
    SlotPool small({.slots = 100, .resident_bytes = 5 * wasm_page});
    const auto guest = module("(module (memory 2))");
    {
        std::vector<std::unique_ptr<Store>> stores;
        for (int i = 0; i < 10; ++i) {
            stores.push_back(std::make_unique<Store>(registry, idle_tier, StoreLimits{}, &small));
            ASSERT_TRUE(instantiate(*stores.back(), guest, {}));
        }
    }
    EXPECT_LE(small.counts().resident_bytes, 5 * wasm_page);
    EXPECT_GT(small.counts().memories + small.counts().stacks, 0u);
    const auto large = module(R"((module (memory 200) (data (i32.const 10000000) "far")))");
    for (int round = 0; round < 2; ++round) {
        Store store(registry, idle_tier, {}, &small);
        ASSERT_TRUE(instantiate(store, large, {}));
    }
    EXPECT_LE(small.counts().resident_bytes, 5 * wasm_page);
}

TEST_F(wasm_slot_pool, pool_that_keeps_nothing_works)
{
    SlotPool nothing({.slots = 0, .resident_bytes = 0});
    const auto guest = module("(module (memory 2))");
    for (int round = 0; round < 2; ++round) {
        Store store(registry, idle_tier, {}, &nothing);
        ASSERT_TRUE(instantiate(store, guest, {}));
    }
    EXPECT_EQ(nothing.counts().memories + nothing.counts().stacks, 0u);
    EXPECT_EQ(nothing.counts().made, 2u);
}

TEST_F(wasm_slot_pool, whatever_the_order_every_instance_is_fresh)
{
    SlotPool small({.slots = 3, .resident_bytes = 24 * wasm_page});
    std::vector<std::shared_ptr<const Module>> guests;
    std::vector<std::string> expected;
    for (const auto* text : {
             R"((module (memory 1) (data (i32.const 100) "one")))",
             R"((module (memory 2 9) (data (i32.const 70000) "two") (data (i32.const 3) "2")))",
             R"((module (memory 0)))",
             R"((module (memory 18) (data (i32.const 1048576) "stack first")))",
             R"((module (memory i64 3 8) (data (i64.const 9) "long")))",
             R"((module (memory 7000 600000 (pagesize 1)) (data (i32.const 6999) "!")))",
         }) {
        guests.push_back(module(text));
        Store plain(registry, idle_tier);
        const auto& memory = *(*instantiate(plain, guests.back(), {}))->memories[0];
        expected.emplace_back(reinterpret_cast<const char*>(memory.base()), memory.size());
    }
    std::minstd_rand random(7);
    const auto below = [&](std::uint64_t end) { return random() % end; };
    std::array<std::unique_ptr<Store>, 5> alive;
    for (int step = 0; step < 400; ++step) {
        auto& store = alive[below(alive.size())];
        store.reset();
        if (below(4) == 0)
            continue;
        const auto which = below(guests.size());
        store = std::make_unique<Store>(registry, idle_tier, StoreLimits{}, &small);
        auto& instance = **instantiate(*store, guests[which], {});
        auto& memory = *instance.memories[0];
        ASSERT_EQ(memory.size(), expected[which].size()) << step;
        ASSERT_EQ(std::memcmp(memory.base(), expected[which].data(), memory.size()), 0) << step;
        ASSERT_FALSE(is_accessible(memory.base() + round_up_to_page(memory.size()))) << step;
        const auto grown = memory_grow(instance, MemoryIndex{0}, below(6)) >= 0;
        ASSERT_TRUE(!grown ||
                    std::ranges::all_of(*memory.range(expected[which].size(), memory.size() - expected[which].size()),
                                        [](auto byte) { return byte == std::byte(0); }));
        std::fill_n(memory.base(), below(memory.size() + 1), std::byte(step));
        if (memory.size())
            memory.base()[memory.size() - 1] = std::byte(step);
    }
    EXPECT_LE(small.counts().memories, 3u);
    EXPECT_LE(small.counts().resident_bytes, 24 * wasm_page);
}

} // namespace
} // namespace trellis::wasm
