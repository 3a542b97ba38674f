// What all instances of a module begin with, found out once per module: the contents of its own memories. Those are the
// active data segments with a constant offset in bounds, up to the first that is not so: what stands behind it must
// not be written where it traps. Immutable, shared by threads.
#pragma once

#include "wasm/syntax/module.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace trellis::wasm {

/// What one memory holds at first beside zeroes. Keeps the module's binary, not the module.
class MemoryImage {
public:
    /// Pieces in the order of their segments: later ones lie over earlier ones.
    struct Piece {
        std::uint64_t offset;
        Bytes bytes;
    };

    explicit MemoryImage(SharedBytes binary) : binary_(std::move(binary)) {}
    void add(Piece piece);

    /// Into a memory that is zero there.
    void put(std::byte* memory) const;
    /// Undoes put.
    void erase(std::byte* memory) const;
    /// Into a memory that holds anything in [begin, end) and is zero elsewhere: afterwards it is as at first.
    void restore(std::byte* memory, std::uint64_t begin, std::uint64_t end) const;
    /// The first byte and one past the last.
    [[nodiscard]] std::uint64_t begin() const { return begin_; }
    [[nodiscard]] std::uint64_t end() const { return end_; }
    /// Bytes of all pieces.
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    /// Bytes of the system's pages that the pieces touch, at most.
    [[nodiscard]] std::uint64_t page_bytes() const { return page_bytes_; }

private:
    SharedBytes binary_;
    std::vector<Piece> pieces_;
    std::uint64_t begin_ = ~std::uint64_t(0);
    std::uint64_t end_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t page_bytes_ = 0;
    bool is_sorted_ = true; ///< each piece begins behind the one before
};

struct StartUp {
    std::vector<const CanonicalType*> types;                ///< by type index
    bool has_objects = false;                               ///< structures or arrays
    std::vector<std::shared_ptr<const MemoryImage>> images; ///< of the module's own memories, in order; may be null
    std::uint32_t imaged_segments = 0; ///< so many data segments, counted from the first, are in images or passive
    std::uint64_t fuel = 0;            ///< that copying them takes

    /// Of a validated module; made when first asked for.
    static const StartUp& of(const Module& module);
};

} // namespace trellis::wasm
