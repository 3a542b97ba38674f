// Virtual memory: a range of address space that is reserved first and made usable piece by piece, so that what grows
// in it never moves. Nothing is charged until it is touched. One thread at a time, but for reading base and size.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>

namespace trellis {

/// The unit of protection, bytes.
inline constexpr std::uint64_t os_page_bytes = 4096;

constexpr std::uint64_t round_up_to_page(std::uint64_t bytes)
{
    return (bytes + os_page_bytes - 1) & ~(os_page_bytes - 1);
}

class SharedPages; // shared_pages.hpp

class Pages {
public:
    Pages() = default;
    Pages(Pages&& other) noexcept;
    Pages& operator=(Pages&& other) noexcept;
    ~Pages();

    /// Address space without memory behind it; rounded up to whole pages. Errors: limit (no space of that size).
    static Result<Pages> reserve(std::uint64_t bytes);
    /// The same, halving `most` as long as there is no room for it, but never below `least`.
    static Result<Pages> reserve_up_to(std::uint64_t most, std::uint64_t least);

    /// Makes [offset, offset + length), rounded outwards to pages, readable and writable; new pages are zero. False if
    /// the system refuses.
    [[nodiscard]] bool make_usable(std::uint64_t offset, std::uint64_t length);
    /// Makes whole pages unreachable again; what is in them stays. False if the system refuses.
    [[nodiscard]] bool make_unusable(std::uint64_t offset, std::uint64_t length);
    /// Gives the memory of whole pages back; they read as zero afterwards.
    void discard(std::uint64_t offset, std::uint64_t length);

    /// Makes whole pages usable that begin as a copy of those: what is written is the range's own, and discard() makes
    /// it the copy again. False if the system refuses; what they held is gone then too.
    [[nodiscard]] bool copy_on_write(std::uint64_t offset, const SharedPages& from);
    /// Ends that: the pages are zero. False if the system refuses; then they may be unreachable.
    [[nodiscard]] bool end_copy(std::uint64_t offset, std::uint64_t length);

    [[nodiscard]] std::byte* base() const { return base_; }
    /// Bytes reserved.
    [[nodiscard]] std::uint64_t size() const { return size_; }

private:
    [[nodiscard]] bool map_over(std::uint64_t offset, std::uint64_t length, int flags, int descriptor);

    std::byte* base_ = nullptr;
    std::uint64_t size_ = 0;
};

} // namespace trellis
