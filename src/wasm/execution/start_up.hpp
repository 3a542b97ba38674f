// What all instances of a module begin with, found out once per module: the contents of its own memories. Those are the
// active data segments with a constant offset in bounds, up to the first that is not so: what stands behind it must
// not be written where it traps. Immutable, shared by threads.
#pragma once

#include "base/shared_pages.hpp"
#include "wasm/syntax/module.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace trellis::wasm {

/// What one memory holds at first beside zeroes. Keeps the module's binary, not the module.
class MemoryImage {
public:
    explicit MemoryImage(SharedBytes binary) : binary_(std::move(binary)) {}
    /// In the order of segments: later ones lie over earlier ones. Before the image is used.
    void add(SharedPages::Part piece);

    /// Into a memory that is zero there.
    void put(std::byte* memory) const;
    /// Undoes put.
    void erase(std::byte* memory) const;
    /// Bytes of the system's pages that the pieces touch, at most.
    [[nodiscard]] std::uint64_t page_bytes() const { return page_bytes_; }

    /// Where much lies together, the pages around all of it, made when first asked for; else, or where the system has
    /// no room, null.
    [[nodiscard]] const SharedPages* shared() const;
    /// Where those lie in the memory: from the page of the first byte on.
    [[nodiscard]] std::uint64_t shared_begin() const { return begin_ & ~(os_page_bytes - 1); }
    /// From so many bytes on it pays to copy only pages that are written: before, each instance has its own.
    static constexpr std::uint64_t worth_sharing = std::uint64_t(64) * 1024;

private:
    SharedBytes binary_;
    std::vector<SharedPages::Part> pieces_;
    std::uint64_t begin_ = ~std::uint64_t(0);
    std::uint64_t end_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t page_bytes_ = 0;
    bool is_sorted_ = true; ///< each piece begins behind the one before
    mutable std::once_flag shared_once_;
    mutable std::optional<SharedPages> shared_;
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
