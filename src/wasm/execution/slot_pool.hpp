// Keeps what is expensive to make for a store, and gives it to the next one: memories (8 GiB of address space each) and
// guest stacks, mapped and with their first part resident. What comes back is made fresh at once, so nothing of a guest
// waits in the pool. A memory waits with the data of the module it was made for and goes to that module again if it
// can. Bounded in number and in resident bytes; the one unused longest goes first. Where address space is short nothing
// is kept and stores make theirs as if there were no pool.
// One per thread; one thread at a time. Outlives its stores.
#pragma once

#include "wasm/execution/guest_stack.hpp"
#include "wasm/execution/memory.hpp"

#include <memory>
#include <vector>

namespace trellis::wasm {

struct SlotPoolLimits {
    std::size_t slots = 64; ///< memories, and as many stacks
    std::uint64_t resident_bytes = std::uint64_t(64) << 20;
};

class SlotPool {
public:
    explicit SlotPool(SlotPoolLimits limits = {}) : limits_(limits) {}
    ~SlotPool();
    SlotPool(const SlotPool&) = delete;
    SlotPool& operator=(const SlotPool&) = delete;

    /// As Memory::make, with the image in it. Errors: limit.
    Result<std::shared_ptr<Memory>> take_memory(MemoryType type, std::uint64_t max_bytes,
                                                std::shared_ptr<const MemoryImage> image);
    /// As Store::Stack::make. Errors: limit.
    Result<std::unique_ptr<Store::Stack>> take_stack(std::uint64_t bytes);
    /// What was taken and is not used any more. A memory that somebody else has too just goes.
    void give_back(std::shared_ptr<Memory> memory);
    void give_back(std::unique_ptr<Store::Stack> stack);

    struct Counts {
        std::size_t memories, stacks; ///< kept now
        std::uint64_t resident_bytes; ///< of those, at most
        std::uint64_t taken;          ///< in use now
        std::uint64_t made;           ///< memories, since the pool was
        std::uint64_t short_of_space; ///< memories that got less address space than they asked for: no slots kept
    };
    [[nodiscard]] Counts counts() const;

private:
    struct KeptMemory {
        std::shared_ptr<Memory> memory;
        std::uint64_t resident_bytes;
    };

    std::shared_ptr<Memory> find_memory(const MemoryType& type, std::uint64_t max_bytes, const MemoryImage* image);
    std::shared_ptr<Memory> remake_oldest(const MemoryType& type, std::uint64_t max_bytes,
                                          const std::shared_ptr<const MemoryImage>& image);
    Result<std::shared_ptr<Memory>> make_memory(const MemoryType& type, std::uint64_t max_bytes);
    std::shared_ptr<Memory> take_out(std::size_t index);
    void shrink_to_limits();
    void drop_all();

    SlotPoolLimits limits_;
    std::vector<KeptMemory> memories_; ///< used last stands last
    std::vector<std::unique_ptr<Store::Stack>> stacks_;
    std::uint64_t resident_bytes_ = 0;
    std::uint64_t taken_ = 0;
    std::uint64_t made_ = 0;
    std::uint64_t short_of_space_ = 0;
};

} // namespace trellis::wasm
