// Bulk work in slices: fuel is charged for all of it first, then each slice is done and a request to stop is looked
// for.
#pragma once

#include "wasm/execution/store.hpp"

#include <algorithm>

namespace trellis::wasm {

/// A slice of untouched memory costs about 0.2 ms in page faults.
inline constexpr std::uint64_t slice_bytes = 256 * 1024;
inline constexpr std::uint64_t slice_refs = slice_bytes / sizeof(Ref);

/// One unit per whole KiB.
inline Trap charge_bulk(Store& store, std::uint64_t bytes)
{
    if (!store.limits().fuel) [[likely]]
        return Trap::none;
    const auto units = bytes >> 10;
    if (units > store.fuel) {
        store.fuel = 0;
        return Trap::out_of_fuel;
    }
    store.fuel -= units;
    return Trap::none;
}

inline Trap poll_if_requested(Store& store)
{
    return store.interrupt_requested() ? store.poll() : Trap::none;
}

/// step(offset, length) for [0, count) from the front, `slice` at a time.
template <class Step>
Trap in_slices(Store& store, std::uint64_t count, std::uint64_t slice, Step&& step)
{
    for (std::uint64_t done = 0; done < count;) {
        const auto length = std::min(slice, count - done);
        step(done, length);
        done += length;
        if (const auto trap = poll_if_requested(store); failed(trap))
            return trap;
    }
    return Trap::none;
}

/// The same from the back.
template <class Step>
Trap in_slices_backwards(Store& store, std::uint64_t count, std::uint64_t slice, Step&& step)
{
    for (auto left = count; left > 0;) {
        const auto length = std::min(slice, left);
        left -= length;
        step(left, length);
        if (const auto trap = poll_if_requested(store); failed(trap))
            return trap;
    }
    return Trap::none;
}

} // namespace trellis::wasm
