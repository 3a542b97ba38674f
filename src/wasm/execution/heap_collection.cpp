#include "wasm/execution/guest_stack.hpp"
#include "wasm/execution/heap.hpp"
#include "wasm/execution/heap_cells.hpp"
#include "wasm/execution/slices.hpp"
#include "wasm/execution/strand.hpp"

#include <bit>
#include <cstring>

namespace trellis::wasm {
namespace {

/// References looked at between two polls: well below a millisecond.
constexpr std::uint64_t references_per_poll = 16 * 1024;
constexpr std::uint64_t least_between_collections = std::uint64_t(4) << 20;

bool is_heap_reference(ValType type, std::span<const std::shared_ptr<const CanonicalType>> types)
{
    if (!type.is_ref() || !type.heap().is_index())
        return wasm::is_heap_reference(type, {});
    return !types[number(type.heap().index())]->is_function();
}

} // namespace

Trap Heap::collect()
{
    if (!region_.base())
        return Trap::none;
    for (const auto step : {&Heap::mark_roots, &Heap::mark_pins_and_stacks, &Heap::trace, &Heap::sweep})
        if (const auto trap = (this->*step)(); failed(trap)) {
            grey_.clear();
            clear_marks();
            return trap;
        }
    allocated_since_collection_ = 0;
    collect_after_ = std::max(used_bytes(), least_between_collections);
    return Trap::none;
}

/// Counts references looked at, and polls once in a while.
Trap Heap::poll_after(std::uint64_t references)
{
    looked_at_ += references;
    if (looked_at_ < references_per_poll)
        return Trap::none;
    looked_at_ = 0;
    return poll_if_requested(store_);
}

Trap Heap::mark_all(std::span<const Ref> references)
{
    for (const auto ref : references) {
        mark(ref);
        if (const auto trap = poll_after(1); failed(trap))
            return trap;
    }
    return Trap::none;
}

Trap Heap::mark_roots()
{
    mark(store_.pending_exception);
    for (const auto& global : store_.globals)
        if (is_heap_reference(global.type.value, global.types))
            if (const auto trap = mark_all({&global.value[0].ref, 1}); failed(trap))
                return trap;
    for (const auto& table : store_.tables)
        if (is_heap_reference(table.type.element, table.types))
            if (const auto trap = mark_all({table.elements, table.size}); failed(trap))
                return trap;
    for (const auto& instance : store_.instances)
        for (std::size_t i = 0; i < instance.elements.size(); ++i)
            if (is_heap_reference(instance.module->elements[i].type, instance.module->canonical_types))
                if (const auto trap = mark_all(instance.elements[i]); failed(trap))
                    return trap;
    return Trap::none;
}

Trap Heap::mark_pins_and_stacks()
{
    for (const auto& [ref, count] : pins_)
        mark(ref);
    auto trap = Trap::none;
    store_.for_each_stack([&](const Store::Stack& stack) {
        for (const auto* slot = stack.base; slot < stack.top && !failed(trap); ++slot) {
            mark_candidate(static_cast<std::uint32_t>(slot->u64));
            mark_candidate(static_cast<std::uint32_t>(slot->u64 >> 32));
            trap = poll_after(2);
        }
    });
    if (!failed(trap) && store_.compiled_stack)
        trap = mark_compiled_frames(*store_.compiled_stack);
    for (const Strand* strand : store_.parked_strands())
        if (!failed(trap))
            trap = mark_compiled_frames(strand->compiled);
    return trap;
}

/// Any word of them may hold references.
Trap Heap::mark_compiled_frames(const StackState& state)
{
    auto trap = Trap::none;
    if (!state.guest_stack)
        return trap;
    const auto* const end = reinterpret_cast<const std::uint32_t*>(state.top);
    for (const auto* word = static_cast<const std::uint32_t*>(state.guest_stack); word < end && !failed(trap); ++word) {
        mark_candidate(*word);
        trap = poll_after(1);
    }
    return trap;
}

/// A number that may be the address of an object or of something inside one.
void Heap::mark_candidate(std::uint32_t value)
{
    auto block = value / block_bytes;
    if (value == 0 || block >= blocks_.size())
        return;
    if (blocks_[block].use == Use::large_rest)
        block -= blocks_[block].blocks;
    const auto& found = blocks_[block];
    if (found.use == Use::large)
        return mark(std::uint64_t(block) * block_bytes);
    if (found.use != Use::cells)
        return;
    const auto cell = cell_of(block, value % block_bytes);
    const auto start = std::uint64_t(block) * block_bytes + cell * cell_sizes[found.size_class];
    // Bits behind the last whole cell of a block are never set.
    if (start != null_ref && (allocated_bits(block)[cell / 64] >> cell % 64 & 1))
        mark(start);
}

void Heap::mark(Ref ref)
{
    if (ref == null_ref || is_i31(ref))
        return;
    const auto offset = static_cast<std::uint32_t>(ref);
    const auto block = offset / block_bytes;
    if (test_and_mark(block, blocks_[block].use == Use::cells ? cell_of(block, offset % block_bytes) : 0))
        grey_.push_back(offset);
}

std::uint32_t Heap::cell_of(std::uint32_t block, std::uint32_t offset) const
{
    return divide_by_cell(offset, blocks_[block].size_class);
}

/// Whether the cell was not marked before.
bool Heap::test_and_mark(std::uint32_t block, std::uint32_t cell)
{
    auto& word = marked_bits(block)[cell / 64];
    const auto bit = std::uint64_t(1) << cell % 64;
    const bool was_marked = word & bit;
    word |= bit;
    return !was_marked;
}

Trap Heap::trace()
{
    while (!grey_.empty()) {
        const auto ref = grey_.back();
        grey_.pop_back();
        if (const auto trap = trace_object(ref); failed(trap))
            return trap;
    }
    return Trap::none;
}

Trap Heap::trace_object(Ref ref)
{
    const auto& shape = layout(ref);
    const auto* object = address(ref);
    const std::uint64_t repetitions = shape.kind == ObjectLayout::Kind::array ? header(ref).length : 1;
    for (const auto offset : shape.traced) {
        const auto* field = object + offset;
        for (std::uint64_t i = 0; i < repetitions; ++i, field += shape.element_size) {
            std::uint32_t target;
            std::memcpy(&target, field, sizeof target);
            mark(target);
            if (const auto trap = poll_after(1); failed(trap))
                return trap;
        }
    }
    return Trap::none;
}

void Heap::clear_marks()
{
    for (std::uint32_t block = 0; block < blocks_.size(); ++block)
        if (blocks_[block].use != Use::free)
            std::fill_n(marked_bits(block), words_per_block, 0);
}

/// If a poll traps, the blocks behind keep their garbage until the next collection.
Trap Heap::sweep()
{
    for (auto& size_class : classes_)
        size_class = {};
    for (std::uint32_t block = 0; block < blocks_.size(); ++block) {
        const auto use = blocks_[block].use;
        if (use == Use::cells && sweep_cells(block) == 0) {
            release_block(block);
        } else if (use == Use::large) {
            const auto count = blocks_[block].blocks;
            if (std::exchange(marked_bits(block)[0], 0) == 0)
                for (auto i = block; i < block + count; ++i)
                    release_block(i);
            block += count - 1;
        }
        if (const auto trap = poll_after(words_per_block * 8); failed(trap))
            return trap;
    }
    return Trap::none;
}

/// How many cells of the block live. Opens the block for allocation if there is room in it.
std::uint32_t Heap::sweep_cells(std::uint32_t block)
{
    const auto size_class = blocks_[block].size_class;
    const auto cells = block_bytes / cell_sizes[size_class];
    auto* allocated = allocated_bits(block);
    auto* marked = marked_bits(block);
    std::uint32_t live = 0;
    for (std::uint32_t word = 0; word * 64 < cells; ++word) {
        live += static_cast<std::uint32_t>(std::popcount(marked[word]));
        allocated[word] = std::exchange(marked[word], 0);
    }
    if (block == 0) // null's cell; the block stays
        allocated[0] |= 1, ++live;
    if (live > 0 && live < cells)
        classes_[size_class].open.push_back(block);
    return live;
}

} // namespace trellis::wasm
