// The garbage-collected heap of a store. References are 32-bit offsets into one reserved region and objects never move.
// The region is divided into blocks of 64 KiB; a block holds cells of one size, with a bit per cell for "allocated" and
// "marked"; larger objects take whole blocks. Collection is mark and sweep: precise inside objects and for globals,
// tables, segments and pins, conservative for the guest stacks (every 32-bit half, interior addresses too). It starts
// when as much was allocated as lived after the last one. It stops the store (not other stores) and polls, so that an
// interruption inside it is served; one that traps abandons the collection. Belongs to its store's thread.
#pragma once

#include "base/pages.hpp"
#include "wasm/execution/object_layout.hpp"

#include <deque>
#include <unordered_map>

namespace trellis::wasm {

class Heap {
public:
    explicit Heap(Store& store);
    ~Heap();
    Heap(const Heap&) = delete;
    Heap& operator=(const Heap&) = delete;

    /// The layout of a type's objects (exceptions, for a function type). Stable.
    const ObjectLayout& layout_of(const CanonicalType& type);
    /// The layout of make_host_ref's objects: a 64-bit payload behind the header.
    const ObjectLayout& host_layout() const { return host_layout_; }

    /// A new object, all zero but for its header. Traps: gc_heap_exhausted, or what a poll says. May collect: every
    /// live reference is in a root.
    Trap allocate(const ObjectLayout& layout, std::uint32_t length, Ref& result);

    /// Of a reference that is neither null nor i31.
    [[nodiscard]] std::byte* address(Ref ref) const { return region_.base() + ref; }
    [[nodiscard]] ObjectHeader& header(Ref ref) const { return *reinterpret_cast<ObjectHeader*>(address(ref)); }
    [[nodiscard]] const ObjectLayout& layout(Ref ref) const { return *layouts_[header(ref).layout]; }

    void pin(Ref ref);
    void unpin(Ref ref);

    /// Frees what no root reaches. Traps: only what a poll says; what was not freed by then stays for the next time.
    Trap collect();
    /// Bytes of the blocks in use.
    [[nodiscard]] std::uint64_t used_bytes() const { return std::uint64_t(used_blocks_) * block_bytes; }

    static constexpr std::uint32_t block_bytes = 64 * 1024;

private:
    static constexpr std::uint32_t cells_per_block = block_bytes / 16; ///< at most
    static constexpr std::uint32_t words_per_block = cells_per_block / 64;

    enum class Use : std::uint8_t { free, cells, large, large_rest };
    struct Block {
        Use use = Use::free;
        std::uint8_t size_class = 0;
        bool is_dirty = false;    ///< was used before: not zero
        std::uint32_t blocks = 0; ///< large: how many; large_rest: how far behind its first
    };
    struct SizeClass {
        std::vector<std::uint32_t> open; ///< blocks that may have free cells
        std::uint32_t word = 0;          ///< of the last one's bits: no cell before it is free
    };

    bool prepare();
    Trap find_room(std::uint32_t bytes, Ref& result);
    // Each: gc_heap_exhausted where there is no room now.
    Trap take(std::uint32_t bytes, Ref& result);
    Trap take_cell(std::uint32_t size_class, Ref& result);
    bool take_from_block(std::uint32_t block, std::uint32_t& word, Ref& result);
    Trap take_large(std::uint32_t bytes, Ref& result);
    Trap make_zero(std::uint32_t first, std::uint32_t count);
    bool open_block(std::uint32_t size_class);
    std::optional<std::uint32_t> find_blocks(std::uint32_t count);
    bool extend_to(std::uint32_t blocks);
    void release_block(std::uint32_t block);

    // heap_collection.cpp
    Trap mark_roots();
    Trap mark_pins_and_stacks();
    Trap mark_all(std::span<const Ref> references);
    Trap mark_compiled_frames(const StackState& state);
    void mark_candidate(std::uint32_t value);
    void mark(Ref ref);
    Trap trace();
    Trap trace_object(Ref ref);
    Trap sweep();
    Trap poll_after(std::uint64_t references);
    void clear_marks();
    std::uint32_t sweep_cells(std::uint32_t block);
    std::uint32_t cell_of(std::uint32_t block, std::uint32_t offset) const;
    bool test_and_mark(std::uint32_t block, std::uint32_t cell);

    std::uint64_t* allocated_bits(std::uint32_t block) const { return bits(allocated_, block); }
    std::uint64_t* marked_bits(std::uint32_t block) const { return bits(marked_, block); }
    static std::uint64_t* bits(const Pages& pages, std::uint32_t block)
    {
        return reinterpret_cast<std::uint64_t*>(pages.base()) + std::size_t(block) * words_per_block;
    }

    Store& store_;
    std::uint32_t max_blocks_;
    Pages region_, allocated_, marked_;
    std::vector<Block> blocks_; ///< those ever used
    std::vector<SizeClass> classes_;
    std::uint32_t used_blocks_ = 0;
    std::uint32_t first_free_ = 0; ///< no block below is free
    std::uint64_t allocated_since_collection_ = 0;
    std::uint64_t collect_after_ = 0; ///< bytes
    std::vector<std::uint32_t> grey_; ///< marked, not yet traced
    std::uint64_t looked_at_ = 0;     ///< references since the last poll

    std::deque<ObjectLayout> layout_list_;
    std::vector<const ObjectLayout*> layouts_;
    std::unordered_map<const CanonicalType*, const ObjectLayout*> layout_by_type_;
    ObjectLayout host_layout_;
    std::unordered_map<std::uint32_t, std::uint32_t> pins_; ///< with counts
};

} // namespace trellis::wasm
