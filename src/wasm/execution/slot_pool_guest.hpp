// For tests of the slot pool: stores over one pool, and what every fresh instance must look like.
#pragma once

#include "wasm/execution/operations.hpp"
#include "wasm/execution/slot_pool.hpp"
#include "wasm/execution/test_guest.hpp"

#include <algorithm>
#include <sys/mman.h>

namespace trellis::wasm {

inline constexpr std::uint64_t wasm_page = 65536;

/// Whether the system lets us touch the page.
inline bool is_accessible(const std::byte* address)
{
    // A write to a pipe or the like would do too; this asks without touching.
    unsigned char resident = 0;
    auto* page = reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(address) & ~(os_page_bytes - 1));
    EXPECT_EQ(mincore(page, os_page_bytes, &resident), 0) << "not mapped at all";
    return madvise(page, os_page_bytes, MADV_POPULATE_READ) == 0;
}

class wasm_slot_pool : public GuestTest {
protected:
    /// A store of its own over the pool, with one instance.
    struct Session {
        Session(wasm_slot_pool& test, const std::shared_ptr<const Module>& module, StoreLimits limits = {})
            : store(test.registry, idle_tier, limits, &test.pool), made(instantiate(store, module, {}))
        {
        }
        Instance& instance() { return **made; }
        Memory& memory(std::size_t index = 0) { return *instance().memories[index]; }

        Store store;
        Result<Instance*> made;
    };

    std::shared_ptr<const Module> module(std::string_view text) { return module_of(text); }

    /// That the first memory of a new instance has just this text at 100 and nothing else.
    void expect_fresh(Session& session, std::string_view text, std::uint64_t size)
    {
        auto& memory = session.memory();
        ASSERT_EQ(memory.size(), size);
        std::string expected(size, '\0');
        std::ranges::copy(text, expected.begin() + (text.empty() ? 0 : 100));
        const std::string_view found(reinterpret_cast<const char*>(memory.base()), size);
        EXPECT_TRUE(found == expected);
        if (memory.reserved() > round_up_to_page(size))
            EXPECT_FALSE(is_accessible(memory.base() + round_up_to_page(size)));
        EXPECT_EQ(memory_fill(session.instance(), MemoryIndex{0}, size, 1, 1), Trap::out_of_bounds_memory_access);
    }

    /// Everything a guest can do to its memory.
    void soil(Session& session, std::uint64_t grow_by)
    {
        ASSERT_GE(memory_grow(session.instance(), MemoryIndex{0}, grow_by), 0);
        auto& memory = session.memory();
        std::fill_n(memory.base(), memory.size(), std::byte(0xee));
    }

    SlotPool pool;
};

} // namespace trellis::wasm
