#include "base/pages.hpp"

#include "base/check.hpp"
#include "base/format.hpp"
#include "base/shared_pages.hpp"

#include <sys/auxv.h>
#include <sys/mman.h>

#include <algorithm>
#include <utility>

namespace trellis {

Pages::Pages(Pages&& other) noexcept : base_(std::exchange(other.base_, nullptr)), size_(std::exchange(other.size_, 0))
{
}

Pages& Pages::operator=(Pages&& other) noexcept
{
    std::swap(base_, other.base_);
    std::swap(size_, other.size_);
    return *this;
}

Pages::~Pages()
{
    // Unmapping the middle of a larger mapping may fail for want of another mapping; the memory goes back all the same.
    if (base_ && munmap(base_, size_) != 0)
        discard(0, size_);
}

Result<Pages> Pages::reserve(std::uint64_t bytes)
{
    if (getauxval(AT_PAGESZ) != os_page_bytes)
        return fail(ErrorCode::unsupported, format("this system's pages have {} bytes; Trellis needs pages of {}",
                                                   getauxval(AT_PAGESZ), os_page_bytes));
    Pages pages;
    pages.size_ = round_up_to_page(std::max<std::uint64_t>(bytes, 1));
    void* mapped = MAP_FAILED;
    if (pages.size_ >= bytes)
        mapped = mmap(nullptr, pages.size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED)
        return fail(ErrorCode::limit, format("no room for {} bytes of address space", bytes));
    pages.base_ = static_cast<std::byte*>(mapped);
    return pages;
}

Result<Pages> Pages::reserve_up_to(std::uint64_t most, std::uint64_t least)
{
    for (;;) {
        auto pages = reserve(most);
        if (pages || most <= least)
            return pages;
        most = std::max(most / 2, least);
    }
}

bool Pages::make_usable(std::uint64_t offset, std::uint64_t length)
{
    const auto begin = offset & ~(os_page_bytes - 1);
    const auto end = round_up_to_page(offset + length);
    TRELLIS_CHECK(end <= size_);
    return begin == end || mprotect(base_ + begin, end - begin, PROT_READ | PROT_WRITE) == 0;
}

bool Pages::make_unusable(std::uint64_t offset, std::uint64_t length)
{
    TRELLIS_CHECK(offset % os_page_bytes == 0 && length % os_page_bytes == 0 && offset + length <= size_);
    return length == 0 || mprotect(base_ + offset, length, PROT_NONE) == 0;
}

void Pages::discard(std::uint64_t offset, std::uint64_t length)
{
    TRELLIS_CHECK(offset % os_page_bytes == 0 && length % os_page_bytes == 0 && offset + length <= size_);
    if (length)
        TRELLIS_CHECK(madvise(base_ + offset, length, MADV_DONTNEED) == 0);
}

/// Not writable at first: then nothing is charged, and the system refuses before it unmaps what was there or not at
/// all.
bool Pages::map_over(std::uint64_t offset, std::uint64_t length, int flags, int descriptor)
{
    TRELLIS_CHECK(offset % os_page_bytes == 0 && length % os_page_bytes == 0 && offset + length <= size_);
    const int protection = descriptor < 0 ? PROT_NONE : PROT_READ;
    return mmap(base_ + offset, length, protection, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE | flags, descriptor, 0) !=
           MAP_FAILED;
}

bool Pages::copy_on_write(std::uint64_t offset, const SharedPages& from)
{
    return map_over(offset, from.size(), 0, from.descriptor_) && make_usable(offset, from.size());
}

bool Pages::end_copy(std::uint64_t offset, std::uint64_t length)
{
    return map_over(offset, length, MAP_ANONYMOUS, -1) && make_usable(offset, length);
}

} // namespace trellis
