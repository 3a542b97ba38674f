#include "wasm/execution/memory.hpp"

#include "wasm/execution/operations.hpp"
#include "wasm/execution/test_guest.hpp"

#include <sys/resource.h>
#include <thread>

namespace trellis::wasm {
namespace {

constexpr std::uint64_t gibibyte = std::uint64_t(1) << 30;

TEST(wasm_memory, memory_of_32_bits_is_guarded_and_never_moves)
{
    auto memory = *Memory::make({.limits = {.min = 1, .max = {}}}, 4 * gibibyte);
    EXPECT_TRUE(memory->is_guarded());
    EXPECT_GE(memory->reserved(), 8 * gibibyte + 16);
    auto* const base = memory->base();
    base[65535] = std::byte(5);
    EXPECT_EQ(memory->grow(2), 1);
    EXPECT_EQ(memory->base(), base);
    EXPECT_EQ(memory->size(), 3 * 65536u);
    EXPECT_EQ(base[65535], std::byte(5));
    EXPECT_EQ(base[3 * 65536 - 1], std::byte(0));
}

TEST(wasm_memory, grow_beyond_maximum_returns_minus_one)
{
    auto memory = *Memory::make({.limits = {.min = 1, .max = 2}}, 4 * gibibyte);
    EXPECT_EQ(memory->grow(2), -1);
    EXPECT_EQ(memory->grow(~std::uint64_t(0)), -1);
    EXPECT_EQ(memory->grow(1), 1);
    EXPECT_EQ(memory->grow(1), -1);
    EXPECT_EQ(memory->grow(0), 2);
}

TEST(wasm_memory, grow_to_four_gibibytes)
{
    auto memory = *Memory::make({.limits = {.min = 0, .max = {}}}, 8 * gibibyte);
    EXPECT_EQ(memory->grow(65537), -1);
    EXPECT_EQ(memory->grow(65536), 0);
    EXPECT_EQ(memory->pages(), 65536u);
}

TEST(wasm_memory, limit_is_an_error_at_the_start_and_minus_one_later)
{
    EXPECT_EQ(Memory::make({.limits = {.min = 3, .max = {}}}, 2 * 65536).error().code, ErrorCode::limit);
    EXPECT_EQ(Memory::make({.limits = {.min = ~std::uint64_t(0), .max = {}, .is_64 = true}}, 2 * 65536).error().code,
              ErrorCode::limit);
    auto memory = *Memory::make({.limits = {.min = 1, .max = {}}}, 2 * 65536);
    EXPECT_EQ(memory->grow(2), -1);
    EXPECT_EQ(memory->grow(1), 1);
}

TEST(wasm_memory, pages_of_one_byte)
{
    auto memory = *Memory::make({.limits = {.min = 5, .max = 10000}, .page_size_log2 = 0}, gibibyte);
    EXPECT_FALSE(memory->is_guarded());
    EXPECT_EQ(memory->pages(), 5u);
    EXPECT_EQ(memory->grow(9000), 5);
    EXPECT_EQ(memory->size(), 9005u);
    memory->base()[9004] = std::byte(1);
    EXPECT_EQ(memory->grow(996), -1);
    EXPECT_EQ(memory->grow(995), 9005);
}

TEST(wasm_memory, memory_of_64_bits_reserves_what_it_may_become)
{
    auto memory = *Memory::make({.limits = {.min = 1, .max = 1 << 20, .is_64 = true}}, gibibyte);
    EXPECT_FALSE(memory->is_guarded());
    EXPECT_EQ(memory->reserved(), gibibyte);
    EXPECT_EQ(memory->grow(gibibyte >> 16), -1);
    EXPECT_EQ(memory->grow((gibibyte >> 16) - 1), 1);
}

TEST(wasm_memory, range_is_exact)
{
    auto memory = *Memory::make({.limits = {.min = 1, .max = {}}}, gibibyte);
    EXPECT_TRUE(memory->range(65536, 0));
    EXPECT_TRUE(memory->range(0, 65536));
    EXPECT_FALSE(memory->range(65537, 0));
    EXPECT_FALSE(memory->range(1, 65536));
    EXPECT_FALSE(memory->range(1, ~std::uint64_t(0)));
}

TEST(wasm_memory_death, where_address_space_is_short_a_memory_is_checked)
{
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer) // they need the address space themselves
    const auto try_it = [] {
        const rlimit limit{2 * gibibyte, 2 * gibibyte};
        setrlimit(RLIMIT_AS, &limit);
        const auto memory = Memory::make({.limits = {.min = 1, .max = {}}}, 4 * gibibyte);
        _exit(memory && !(*memory)->is_guarded() && (*memory)->grow(100) == 1 && (*memory)->grow(65000) == -1 ? 42 : 1);
    };
    EXPECT_EXIT(try_it(), testing::ExitedWithCode(42), "");
#endif
}

class wasm_memory_operations : public GuestTest {
protected:
    Instance& instance = instance_of(R"((module (memory (export "m") 1 100) (memory (export "n") 1)
        (data "abcdef") (data (memory 1) (i32.const 65530) "123456")))");
    Memory& memory = *instance.memories[0];
    Memory& other = *instance.memories[1];

    std::string text(Memory& from, std::uint64_t at, std::uint64_t length)
    {
        return {reinterpret_cast<const char*>(from.base() + at), length};
    }
};

TEST_F(wasm_memory_operations, fill_checks_bounds_first)
{
    EXPECT_EQ(memory_fill(instance, MemoryIndex{0}, 65530, 'x', 7), Trap::out_of_bounds_memory_access);
    EXPECT_EQ(memory.base()[65530], std::byte(0));
    EXPECT_EQ(memory_fill(instance, MemoryIndex{0}, 65530, 'x', 6), Trap::none);
    EXPECT_EQ(text(memory, 65530, 6), "xxxxxx");
    EXPECT_EQ(memory_fill(instance, MemoryIndex{0}, 65536, 'x', 0), Trap::none);
    EXPECT_EQ(memory_fill(instance, MemoryIndex{0}, 65537, 'x', 0), Trap::out_of_bounds_memory_access);
}

TEST_F(wasm_memory_operations, init_and_drop)
{
    EXPECT_EQ(memory_init(instance, DataIndex{0}, MemoryIndex{0}, 10, 1, 5), Trap::none);
    EXPECT_EQ(text(memory, 10, 5), "bcdef");
    EXPECT_EQ(memory_init(instance, DataIndex{0}, MemoryIndex{0}, 10, 1, 6), Trap::out_of_bounds_memory_access);
    data_drop(instance, DataIndex{0});
    EXPECT_EQ(memory_init(instance, DataIndex{0}, MemoryIndex{0}, 10, 0, 0), Trap::none);
    EXPECT_EQ(memory_init(instance, DataIndex{0}, MemoryIndex{0}, 10, 0, 1), Trap::out_of_bounds_memory_access);
    EXPECT_EQ(memory_init(instance, DataIndex{1}, MemoryIndex{0}, 10, 0, 1), Trap::out_of_bounds_memory_access)
        << "an active segment is dropped";
}

TEST_F(wasm_memory_operations, copy_between_memories)
{
    EXPECT_EQ(memory_copy(instance, MemoryIndex{0}, MemoryIndex{1}, 7, 65530, 6), Trap::none);
    EXPECT_EQ(text(memory, 7, 6), "123456");
    EXPECT_EQ(memory_copy(instance, MemoryIndex{0}, MemoryIndex{1}, 7, 65531, 6), Trap::out_of_bounds_memory_access);
}

TEST_F(wasm_memory_operations, copies_overlap_in_both_directions_across_slices)
{
    ASSERT_EQ(memory_grow(instance, MemoryIndex{0}, 20), 1);
    constexpr std::uint64_t count = 1'000'000;
    for (const std::uint64_t to : {1u, 1000u, 300'000u}) {
        auto* cells = reinterpret_cast<std::uint8_t*>(memory.base());
        const auto sample = [](std::uint64_t i) { return static_cast<std::uint8_t>(i * 2654435761u >> 13); };
        const auto expect = [&](std::uint64_t at) {
            for (std::uint64_t i = 0; i < count; ++i)
                if (cells[at + i] != sample(i))
                    return false;
            return true;
        };
        for (std::uint64_t i = 0; i < count; ++i)
            cells[i] = sample(i);
        ASSERT_EQ(memory_copy(instance, MemoryIndex{0}, MemoryIndex{0}, to, 0, count), Trap::none);
        EXPECT_TRUE(expect(to));
        ASSERT_EQ(memory_copy(instance, MemoryIndex{0}, MemoryIndex{0}, 0, to, count), Trap::none);
        EXPECT_TRUE(expect(0));
    }
}

TEST_F(wasm_memory_operations, fill_stops_when_interrupted)
{
    ASSERT_EQ(memory_grow(instance, MemoryIndex{0}, 99), 1);
    store.interrupt_handle().interrupt();
    EXPECT_EQ(memory_fill(instance, MemoryIndex{0}, 0, 1, 6'000'000), Trap::interrupted);
    EXPECT_EQ(memory.base()[0], std::byte(1));
    EXPECT_EQ(memory.base()[5'999'999], std::byte(0));
}

TEST_F(wasm_memory_operations, fill_goes_on_where_the_handler_says_so)
{
    ASSERT_EQ(memory_grow(instance, MemoryIndex{0}, 99), 1);
    int polls = 0;
    store.set_poll_handler([&] {
        if (++polls < 3)
            store.interrupt_handle().interrupt();
        return Trap::none;
    });
    store.interrupt_handle().interrupt();
    EXPECT_EQ(memory_fill(instance, MemoryIndex{0}, 0, 1, 6'000'000), Trap::none);
    EXPECT_EQ(polls, 3);
    EXPECT_EQ(memory.base()[5'999'999], std::byte(1));
}

class wasm_memory_limits : public GuestTest {
protected:
    wasm_memory_limits() : GuestTest({.memory_bytes = 4 * 65536, .total_memory_bytes = 6 * 65536, .fuel = 100}) {}
};

TEST_F(wasm_memory_limits, all_memories_of_a_store_share_a_total)
{
    auto& instance = instance_of("(module (memory 3) (memory 1))");
    EXPECT_EQ(memory_grow(instance, MemoryIndex{0}, 2), -1) << "its own limit";
    EXPECT_EQ(memory_grow(instance, MemoryIndex{0}, 1), 3);
    EXPECT_EQ(memory_grow(instance, MemoryIndex{1}, 2), -1) << "the total";
    EXPECT_EQ(memory_grow(instance, MemoryIndex{1}, 1), 1);
    EXPECT_EQ(try_instance_of("(module (memory 1))").error().code, ErrorCode::limit);
}

TEST_F(wasm_memory_limits, bulk_work_takes_fuel_by_the_kibibyte)
{
    auto& instance = instance_of("(module (memory 3))");
    EXPECT_EQ(memory_fill(instance, MemoryIndex{0}, 0, 1, 65536), Trap::none);
    EXPECT_EQ(store.fuel, 36u);
    EXPECT_EQ(memory_fill(instance, MemoryIndex{0}, 0, 1, 1023), Trap::none);
    EXPECT_EQ(store.fuel, 36u);
    EXPECT_EQ(memory_fill(instance, MemoryIndex{0}, 0, 1, 37 * 1024), Trap::out_of_fuel);
    EXPECT_EQ(store.fuel, 0u);
}

class wasm_memory_wait : public GuestTest {
protected:
    Instance& instance = instance_of("(module (memory 1 1 shared) (memory 1))");
    Memory& memory = *instance.memories[0];
    std::uint32_t result = 99;
};

TEST_F(wasm_memory_wait, checks_come_first)
{
    EXPECT_EQ(atomic_wait32(instance, MemoryIndex{0}, 2, 0, 0, result), Trap::unaligned_atomic);
    EXPECT_EQ(atomic_wait64(instance, MemoryIndex{0}, 4, 0, 0, result), Trap::unaligned_atomic);
    EXPECT_EQ(atomic_wait32(instance, MemoryIndex{0}, 65536, 0, 0, result), Trap::out_of_bounds_memory_access);
    EXPECT_EQ(atomic_wait32(instance, MemoryIndex{1}, 0, 0, 0, result), Trap::expected_shared_memory);
    EXPECT_EQ(atomic_notify(instance, MemoryIndex{0}, 65536, 0, result), Trap::out_of_bounds_memory_access);
    EXPECT_EQ(atomic_notify(instance, MemoryIndex{1}, 0, 1, result), Trap::none);
    EXPECT_EQ(result, 0u);
}

TEST_F(wasm_memory_wait, another_value_and_a_timeout)
{
    EXPECT_EQ(atomic_wait32(instance, MemoryIndex{0}, 8, 1, -1, result), Trap::none);
    EXPECT_EQ(result, 1u);
    EXPECT_EQ(atomic_wait64(instance, MemoryIndex{0}, 8, 0, 1000, result), Trap::none);
    EXPECT_EQ(result, 2u);
}

TEST_F(wasm_memory_wait, notify_wakes_at_most_count)
{
    std::uint32_t results[3] = {9, 9, 9};
    std::vector<std::thread> threads;
    for (auto& one : results)
        threads.emplace_back([&] {
            Store other(registry, idle_tier);
            Instance guest;
            Memory* memories[] = {&memory};
            guest.memories = memories;
            guest.store = &other;
            EXPECT_EQ(atomic_wait32(guest, MemoryIndex{0}, 64, 0, -1, one), Trap::none);
        });
    std::uint32_t woken = 0;
    while (woken < 3) {
        ASSERT_EQ(atomic_notify(instance, MemoryIndex{0}, 64, 1, result), Trap::none);
        EXPECT_LE(result, 1u);
        woken += result;
    }
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(results[0] + results[1] + results[2], 0u);
    EXPECT_EQ(atomic_notify(instance, MemoryIndex{0}, 64, 5, result), Trap::none);
    EXPECT_EQ(result, 0u);
}

TEST_F(wasm_memory_wait, interrupt_ends_a_wait)
{
    std::thread other([handle = store.interrupt_handle()] { handle.interrupt(); });
    EXPECT_EQ(atomic_wait32(instance, MemoryIndex{0}, 64, 0, -1, result), Trap::interrupted);
    other.join();
    EXPECT_EQ(atomic_notify(instance, MemoryIndex{0}, 64, 1, result), Trap::none);
    EXPECT_EQ(result, 0u) << "nobody is left waiting";
}

} // namespace
} // namespace trellis::wasm
