#include "wasm/execution/heap.hpp"

#include "wasm/execution/heap_cells.hpp"
#include "wasm/execution/slices.hpp"

#include <algorithm>
#include <cstring>

namespace trellis::wasm {
namespace {

constexpr std::uint64_t four_gibibytes = std::uint64_t(1) << 32;
constexpr std::uint64_t least_between_collections = std::uint64_t(4) << 20;
/// How much more of the region is made usable at a time.
constexpr std::uint32_t blocks_per_step = 64;

constexpr std::uint32_t cells_in_block(std::uint32_t size_class)
{
    return Heap::block_bytes / cell_sizes[size_class];
}

} // namespace

Heap::Heap(Store& store)
    : store_(store), max_blocks_(static_cast<std::uint32_t>(
                         std::min(store.limits().gc_heap_bytes, four_gibibytes - block_bytes) / block_bytes)),
      collect_after_(least_between_collections),
      host_layout_{ObjectLayout::Kind::host, 0, header_bytes + 8, 0, nullptr, {}, {}}
{
    layouts_.push_back(&host_layout_);
}

Heap::~Heap() = default;

const ObjectLayout& Heap::layout_of(const CanonicalType& type)
{
    auto& known = layout_by_type_[&type];
    if (!known) {
        known = &layout_list_.emplace_back(lay_out(type, static_cast<std::uint32_t>(layouts_.size())));
        layouts_.push_back(known);
    }
    return *known;
}

Trap Heap::allocate(const ObjectLayout& layout, std::uint32_t length, Ref& result)
{
    const auto bytes = layout.size + std::uint64_t(length) * layout.element_size;
    if (bytes > std::uint64_t(max_blocks_) * block_bytes)
        return Trap::gc_heap_exhausted;
    if (allocated_since_collection_ > collect_after_)
        if (const auto trap = collect(); failed(trap))
            return trap;
    if (const auto trap = find_room(static_cast<std::uint32_t>(bytes), result); failed(trap))
        return trap;
    allocated_since_collection_ += bytes;
    header(result) = {layout.number, length};
    return Trap::none;
}

/// Room for an object, zeroed; collects once if there is none.
Trap Heap::find_room(std::uint32_t bytes, Ref& result)
{
    if (!region_.base() && !prepare())
        return Trap::gc_heap_exhausted;
    if (const auto trap = take(bytes, result); trap != Trap::gc_heap_exhausted)
        return trap;
    if (const auto trap = collect(); failed(trap))
        return trap;
    return take(bytes, result);
}

Trap Heap::take(std::uint32_t bytes, Ref& result)
{
    return bytes <= largest_cell ? take_cell(class_of(bytes), result) : take_large(bytes, result);
}

/// Reserves the region at the first allocation, so that stores without garbage-collected guests pay nothing.
bool Heap::prepare()
{
    const auto bitmap_bytes = std::uint64_t(max_blocks_) * words_per_block * sizeof(std::uint64_t);
    auto region = Pages::reserve(std::uint64_t(max_blocks_) * block_bytes);
    auto allocated = Pages::reserve(bitmap_bytes);
    auto marked = Pages::reserve(bitmap_bytes);
    if (!region || !allocated || !marked || !allocated->make_usable(0, bitmap_bytes) ||
        !marked->make_usable(0, bitmap_bytes))
        return false;
    region_ = std::move(*region);
    allocated_ = std::move(*allocated);
    marked_ = std::move(*marked);
    classes_.resize(cell_sizes.size());
    return true;
}

Trap Heap::take_cell(std::uint32_t size_class, Ref& result)
{
    auto& [open, word] = classes_[size_class];
    for (;;) {
        while (!open.empty()) {
            if (take_from_block(open.back(), word, result)) {
                std::memset(address(result), 0, cell_sizes[size_class]);
                return Trap::none;
            }
            open.pop_back();
            word = 0;
        }
        if (!open_block(size_class))
            return Trap::gc_heap_exhausted;
    }
}

bool Heap::take_from_block(std::uint32_t block, std::uint32_t& word, Ref& result)
{
    const auto size_class = blocks_[block].size_class;
    const auto cells = cells_in_block(size_class);
    auto* words = allocated_bits(block);
    for (; word * 64 < cells; ++word) {
        const auto cell = word * 64 + static_cast<std::uint32_t>(std::countr_one(words[word]));
        if (cell >= std::min((word + 1) * 64, cells))
            continue;
        words[word] |= std::uint64_t(1) << cell % 64;
        result = std::uint64_t(block) * block_bytes + cell * cell_sizes[size_class];
        return true;
    }
    return false;
}

bool Heap::open_block(std::uint32_t size_class)
{
    const auto block = find_blocks(1);
    if (!block)
        return false;
    blocks_[*block] = {Use::cells, static_cast<std::uint8_t>(size_class), true, 0};
    std::fill_n(allocated_bits(*block), words_per_block, 0);
    if (*block == 0)
        allocated_bits(0)[0] = 1; // reference 0 is null: that cell is never an object
    classes_[size_class].open.push_back(*block);
    classes_[size_class].word = 0;
    return true;
}

Trap Heap::take_large(std::uint32_t bytes, Ref& result)
{
    const auto count = static_cast<std::uint32_t>((std::uint64_t(bytes) + block_bytes - 1) / block_bytes);
    const auto first = find_blocks(count);
    if (!first)
        return Trap::gc_heap_exhausted;
    const auto trap = make_zero(*first, count);
    if (failed(trap)) {
        for (auto block = *first; block < *first + count; ++block)
            release_block(block);
        return trap;
    }
    for (std::uint32_t i = 0; i < count; ++i)
        blocks_[*first + i] = {i ? Use::large_rest : Use::large, 0, true, i ? i : count};
    allocated_bits(*first)[0] = 1;
    result = std::uint64_t(*first) * block_bytes;
    return Trap::none;
}

/// Runs of blocks that were used before are given back to the system, some at a time.
Trap Heap::make_zero(std::uint32_t first, std::uint32_t count)
{
    constexpr std::uint32_t most_at_once = 16;
    for (auto block = first; block < first + count;) {
        const auto start = block;
        while (block < first + count && block < start + most_at_once && blocks_[block].is_dirty)
            blocks_[block++].is_dirty = false;
        if (block == start) {
            ++block;
            continue;
        }
        region_.discard(std::uint64_t(start) * block_bytes, std::uint64_t(block - start) * block_bytes);
        if (const auto trap = poll_if_requested(store_); failed(trap))
            return trap;
    }
    return Trap::none;
}

/// A run of free blocks, made usable; first fit. Block 0 holds null's cell and so is for cells only.
std::optional<std::uint32_t> Heap::find_blocks(std::uint32_t count)
{
    if (count > max_blocks_ - used_blocks_)
        return std::nullopt;
    std::uint32_t run = 0;
    auto at = count > 1 ? std::max(first_free_, 1u) : first_free_;
    for (; at < blocks_.size() && run < count; ++at)
        run = blocks_[at].use == Use::free ? run + 1 : 0;
    const auto first = at - run;
    if (!extend_to(first + count))
        return std::nullopt;
    if (first == first_free_)
        first_free_ = first + count;
    used_blocks_ += count;
    return first;
}

bool Heap::extend_to(std::uint32_t blocks)
{
    const auto have = static_cast<std::uint32_t>(blocks_.size());
    if (blocks <= have)
        return true;
    if (blocks > max_blocks_)
        return false;
    const auto want = std::min(std::max(blocks, have + blocks_per_step), max_blocks_);
    if (!region_.make_usable(std::uint64_t(have) * block_bytes, std::uint64_t(want - have) * block_bytes))
        return false;
    blocks_.resize(want);
    return true;
}

void Heap::release_block(std::uint32_t block)
{
    blocks_[block].use = Use::free;
    first_free_ = std::min(first_free_, block);
    --used_blocks_;
}

void Heap::pin(Ref ref)
{
    if (ref != null_ref && !is_i31(ref))
        ++pins_[static_cast<std::uint32_t>(ref)];
}

void Heap::unpin(Ref ref)
{
    if (const auto pin = pins_.find(static_cast<std::uint32_t>(ref)); pin != pins_.end() && --pin->second == 0)
        pins_.erase(pin);
}

void Store::pin(Ref ref)
{
    heap().pin(ref);
}

void Store::unpin(Ref ref)
{
    heap().unpin(ref);
}

Result<Ref> Store::make_host_ref(std::uint64_t payload)
{
    Ref ref = null_ref;
    if (const auto trap = heap().allocate(heap().host_layout(), 0, ref); failed(trap))
        return fail(trap == Trap::gc_heap_exhausted ? ErrorCode::limit : ErrorCode::trap,
                    std::string(message_of(trap)));
    std::memcpy(heap().address(ref) + header_bytes, &payload, sizeof payload);
    pin(ref);
    return ref;
}

std::optional<std::uint64_t> Store::host_payload(Ref ref)
{
    if (ref == null_ref || is_i31(ref) || heap().layout(ref).kind != ObjectLayout::Kind::host)
        return std::nullopt;
    std::uint64_t payload;
    std::memcpy(&payload, heap().address(ref) + header_bytes, sizeof payload);
    return payload;
}

} // namespace trellis::wasm
