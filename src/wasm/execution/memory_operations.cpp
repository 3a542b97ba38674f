#include "wasm/execution/memory.hpp"
#include "wasm/execution/operations.hpp"
#include "wasm/execution/slices.hpp"

#include <cstring>

namespace trellis::wasm {
namespace {

Memory& memory_of(Instance& instance, MemoryIndex index)
{
    return *instance.memories[number(index)];
}

} // namespace

std::int64_t memory_grow(Instance& instance, MemoryIndex index, std::uint64_t pages)
{
    auto& memory = memory_of(instance, index);
    auto& store = *instance.store;
    const auto page_size_log2 = memory.type().page_size_log2;
    if (pages > ~std::uint64_t(0) >> page_size_log2 || !store.take_memory_bytes(pages << page_size_log2))
        return -1;
    const auto old_pages = memory.grow(pages);
    if (old_pages < 0)
        store.give_back_memory_bytes(pages << page_size_log2);
    return old_pages;
}

Trap memory_fill(Instance& instance, MemoryIndex index, std::uint64_t to, std::uint8_t value, std::uint64_t count)
{
    const auto target = memory_of(instance, index).range(to, count);
    if (!target)
        return Trap::out_of_bounds_memory_access;
    auto& store = *instance.store;
    if (const auto trap = charge_bulk(store, count); failed(trap))
        return trap;
    return in_slices(store, count, slice_bytes,
                     [&](auto done, auto n) { std::memset(target->data() + done, value, n); });
}

Trap memory_copy(Instance& instance, MemoryIndex destination, MemoryIndex source, std::uint64_t to, std::uint64_t from,
                 std::uint64_t count)
{
    const auto target = memory_of(instance, destination).range(to, count);
    const auto origin = memory_of(instance, source).range(from, count);
    if (!target || !origin)
        return Trap::out_of_bounds_memory_access;
    auto& store = *instance.store;
    if (const auto trap = charge_bulk(store, count); failed(trap))
        return trap;
    const auto copy = [&](std::uint64_t done, std::uint64_t n) {
        std::memmove(target->data() + done, origin->data() + done, n);
    };
    return to > from ? in_slices_backwards(store, count, slice_bytes, copy)
                     : in_slices(store, count, slice_bytes, copy);
}

Trap memory_init(Instance& instance, DataIndex data, MemoryIndex index, std::uint64_t to, std::uint64_t from,
                 std::uint64_t count)
{
    const auto& module = *instance.module;
    const auto segment = instance.dropped_data[number(data)] ? Bytes() : module.bytes(module.data[number(data)].bytes);
    const auto target = memory_of(instance, index).range(to, count);
    if (!target || from > segment.size() || count > segment.size() - from)
        return Trap::out_of_bounds_memory_access;
    auto& store = *instance.store;
    if (const auto trap = charge_bulk(store, count); failed(trap))
        return trap;
    const auto* origin = segment.data() + from;
    return in_slices(store, count, slice_bytes,
                     [&](auto done, auto n) { std::memcpy(target->data() + done, origin + done, n); });
}

void data_drop(Instance& instance, DataIndex data)
{
    instance.dropped_data[number(data)] = true;
}

} // namespace trellis::wasm
