#include "wasm/execution/operations.hpp"
#include "wasm/execution/slices.hpp"
#include "wasm/execution/table.hpp"

#include <cstring>

namespace trellis::wasm {
namespace {

Table& table_of(Instance& instance, TableIndex index)
{
    return *instance.tables[number(index)];
}

bool is_inside(std::uint64_t size, std::uint64_t from, std::uint64_t count)
{
    return from <= size && count <= size - from;
}

} // namespace

Trap table_get(Instance& instance, TableIndex index, std::uint64_t at, Ref& result)
{
    const auto& table = table_of(instance, index);
    if (at >= table.size)
        return Trap::out_of_bounds_table_access;
    result = table.elements[at];
    return Trap::none;
}

Trap table_set(Instance& instance, TableIndex index, std::uint64_t at, Ref value)
{
    auto& table = table_of(instance, index);
    if (at >= table.size)
        return Trap::out_of_bounds_table_access;
    table.elements[at] = value;
    return Trap::none;
}

std::int64_t table_grow(Instance& instance, TableIndex index, Ref value, std::uint64_t count)
{
    return grow_table(*instance.store, table_of(instance, index), value, count);
}

Trap table_fill(Instance& instance, TableIndex index, std::uint64_t at, Ref value, std::uint64_t count)
{
    auto& table = table_of(instance, index);
    if (!is_inside(table.size, at, count))
        return Trap::out_of_bounds_table_access;
    if (const auto trap = charge_bulk(*instance.store, count * sizeof(Ref)); failed(trap))
        return trap;
    return in_slices(*instance.store, count, slice_refs,
                     [&](auto done, auto n) { std::fill_n(table.elements + at + done, n, value); });
}

Trap table_copy(Instance& instance, TableIndex destination, TableIndex source, std::uint64_t to, std::uint64_t from,
                std::uint64_t count)
{
    auto& target = table_of(instance, destination);
    const auto& origin = table_of(instance, source);
    if (!is_inside(target.size, to, count) || !is_inside(origin.size, from, count))
        return Trap::out_of_bounds_table_access;
    auto& store = *instance.store;
    if (const auto trap = charge_bulk(store, count * sizeof(Ref)); failed(trap))
        return trap;
    const auto copy = [&](std::uint64_t done, std::uint64_t n) {
        std::memmove(target.elements + to + done, origin.elements + from + done, n * sizeof(Ref));
    };
    return to > from ? in_slices_backwards(store, count, slice_refs, copy) : in_slices(store, count, slice_refs, copy);
}

Trap table_init(Instance& instance, ElementIndex element, TableIndex index, std::uint64_t to, std::uint64_t from,
                std::uint64_t count)
{
    auto& table = table_of(instance, index);
    const auto& values = instance.elements[number(element)];
    if (!is_inside(table.size, to, count) || !is_inside(values.size(), from, count))
        return Trap::out_of_bounds_table_access;
    auto& store = *instance.store;
    if (const auto trap = charge_bulk(store, count * sizeof(Ref)); failed(trap))
        return trap;
    return in_slices(store, count, slice_refs, [&](auto done, auto n) {
        std::copy_n(values.data() + from + done, n, table.elements + to + done);
    });
}

void elem_drop(Instance& instance, ElementIndex element)
{
    instance.dropped_elements[number(element)] = true;
    instance.elements[number(element)] = {};
}

} // namespace trellis::wasm
