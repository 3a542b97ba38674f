#include "base/ready_memory.hpp"

#include "base/pages.hpp"

#include <algorithm>
#include <sys/mman.h>
#include <utility>

namespace trellis {
namespace {

constexpr std::size_t large_page_bytes = 2 << 20;

std::size_t round_up(std::size_t bytes, std::size_t to)
{
    return (bytes + to - 1) / to * to;
}

} // namespace

ReadyMemory::ReadyMemory(ReadyMemory&& other) noexcept
    : begin_(std::exchange(other.begin_, nullptr)), size_(std::exchange(other.size_, 0)),
      mapping_(std::exchange(other.mapping_, nullptr)), mapping_size_(std::exchange(other.mapping_size_, 0))
{
}

ReadyMemory& ReadyMemory::operator=(ReadyMemory&& other) noexcept
{
    std::swap(begin_, other.begin_);
    std::swap(size_, other.size_);
    std::swap(mapping_, other.mapping_);
    std::swap(mapping_size_, other.mapping_size_);
    return *this;
}

ReadyMemory::~ReadyMemory()
{
    if (mapping_)
        munmap(mapping_, mapping_size_);
}

Result<ReadyMemory> ReadyMemory::make(std::size_t size)
{
    const bool large = size >= worth_large_pages;
    ReadyMemory memory;
    memory.size_ = size;
    memory.mapping_size_ =
        large ? round_up(size, large_page_bytes) + large_page_bytes : round_up_to_page(std::max<std::size_t>(size, 1));
    void* const mapping =
        mmap(nullptr, memory.mapping_size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED)
        return fail(ErrorCode::limit, "no memory");
    memory.mapping_ = mapping;
    const auto address = reinterpret_cast<std::uintptr_t>(mapping);
    memory.begin_ = reinterpret_cast<std::uint8_t*>(large ? round_up(address, large_page_bytes) : address);
    if (large)
        (void)madvise(memory.begin_, round_up(size, large_page_bytes), MADV_HUGEPAGE); // where there are any
    return memory;
}

std::shared_ptr<ReadyMemory> ReadyMemory::make_shared(std::size_t size)
{
    auto memory = make(size);
    return memory ? std::make_shared<ReadyMemory>(*std::move(memory)) : nullptr;
}

} // namespace trellis
