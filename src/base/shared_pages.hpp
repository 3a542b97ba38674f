// Pages that many ranges of address space begin as copies of: the system copies a page when a range first writes to it.
// What is in them never changes, nor their size. Immutable, any thread.
#pragma once

#include "base/bytes.hpp"
#include "base/pages.hpp"

#include <span>

namespace trellis {

class SharedPages {
public:
    struct Part {
        std::uint64_t offset;
        Bytes bytes;
    };

    /// `size` bytes, rounded up to whole pages: the parts, later ones over earlier ones, and zeroes around them.
    /// Errors: limit.
    static Result<SharedPages> make(std::uint64_t size, std::span<const Part> parts);
    SharedPages(SharedPages&& other) noexcept;
    SharedPages& operator=(SharedPages&& other) noexcept;
    ~SharedPages();

    [[nodiscard]] const std::byte* data() const { return data_; }
    [[nodiscard]] std::uint64_t size() const { return size_; }

private:
    friend class Pages;
    SharedPages() = default;
    int descriptor_ = -1;
    const std::byte* data_ = nullptr;
    std::uint64_t size_ = 0;
};

} // namespace trellis
