// Where a value of a component stands while it is passed: in core values (flat), or in a linear memory. A place moves
// on over what it reads or writes if it is flat, and stays if it is memory, where each part has its offset. 32-bit core
// values are kept as 64 bits with the upper half zero, so what the joined cases of a variant share needs no conversion.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#flattening
#pragma once

#include "wasm/execution/value.hpp"

#include <bit>
#include <concepts>
#include <cstring>

namespace trellis::wasm::component {

struct Place {
    Slot* flat = nullptr;
    std::byte* memory = nullptr;

    static Place of(Slot* slots) { return {slots, nullptr}; }
    static Place of(std::byte* bytes) { return {nullptr, bytes}; }
    [[nodiscard]] bool is_flat() const { return flat != nullptr; }

    /// An integer of `bytes` bytes in memory, or the low part of the next core value; zero-extended.
    std::uint64_t read(std::uint32_t bytes)
    {
        std::uint64_t value = 0;
        if (flat)
            value = (flat++)->u64;
        else
            std::memcpy(&value, memory, bytes);
        return bytes == 8 ? value : value & ((std::uint64_t(1) << bytes * 8) - 1);
    }
    void write(std::uint64_t value, std::uint32_t bytes)
    {
        if (flat)
            (flat++)->u64 = value;
        else
            std::memcpy(memory, &value, bytes);
    }
};

/// Does something with the part of a value that stands `offset` bytes behind its beginning in memory.
template <class Action>
auto with_part(Place& place, std::uint32_t offset, Action&& action)
{
    if (place.is_flat())
        return action(place);
    Place part = Place::of(place.memory + offset);
    return action(part);
}

} // namespace trellis::wasm::component
