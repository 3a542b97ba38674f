// The sizes of cells that blocks of the heap are divided into.
#pragma once

#include <array>
#include <cstdint>

namespace trellis::wasm {

inline constexpr std::array<std::uint16_t, 30> cell_sizes = {
    16,  32,  48,  64,  80,   96,   112,  128,  160,  192,  224,  256,  320,   384,   448,
    512, 640, 768, 896, 1024, 1280, 1536, 1792, 2048, 3072, 4096, 8192, 10912, 16384, 32768};
inline constexpr std::uint32_t largest_cell = cell_sizes.back();

/// The smallest class with cells of at least `bytes`, by (bytes + 15) / 16 for the small ones.
constexpr std::uint32_t class_of(std::uint32_t bytes)
{
    constexpr auto small = [] {
        std::array<std::uint8_t, 129> table{};
        std::uint8_t size_class = 0;
        for (std::uint32_t units = 0; units < table.size(); ++units) {
            while (cell_sizes[size_class] < units * 16)
                ++size_class;
            table[units] = size_class;
        }
        return table;
    }();
    if (bytes <= 2048)
        return small[(bytes + 15) / 16];
    std::uint32_t size_class = small[128];
    while (cell_sizes[size_class] < bytes)
        ++size_class;
    return size_class;
}

/// offset / cell size for offsets inside a block, as one multiplication.
constexpr std::uint32_t divide_by_cell(std::uint32_t offset, std::uint32_t size_class)
{
    constexpr auto reciprocals = [] {
        std::array<std::uint64_t, cell_sizes.size()> table{};
        for (std::size_t i = 0; i < table.size(); ++i)
            table[i] = ((std::uint64_t(1) << 32) + cell_sizes[i] - 1) / cell_sizes[i];
        return table;
    }();
    return static_cast<std::uint32_t>(offset * reciprocals[size_class] >> 32);
}

} // namespace trellis::wasm
