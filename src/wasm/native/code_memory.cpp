#include "wasm/native/code_memory.hpp"

#include "base/check.hpp"
#include "base/pages.hpp"

#include <algorithm>
#include <sys/mman.h>
#include <utility>

namespace trellis::wasm::native {
namespace {

constexpr std::size_t large_page_bytes = 2 << 20;
/// From here on one large page is faster than small ones: 35 µs, and 0.4 µs for each of those (DECISIONS.md).
constexpr std::size_t worth_a_large_page = 512 << 10;

std::size_t round_up(std::size_t bytes, std::size_t to)
{
    return (bytes + to - 1) / to * to;
}

} // namespace

CodeMemory::CodeMemory(CodeMemory&& other) noexcept
    : begin_(std::exchange(other.begin_, nullptr)), size_(std::exchange(other.size_, 0)),
      mapping_(std::exchange(other.mapping_, nullptr)), mapping_size_(std::exchange(other.mapping_size_, 0))
{
}

CodeMemory& CodeMemory::operator=(CodeMemory&& other) noexcept
{
    std::swap(begin_, other.begin_);
    std::swap(size_, other.size_);
    std::swap(mapping_, other.mapping_);
    std::swap(mapping_size_, other.mapping_size_);
    return *this;
}

CodeMemory::~CodeMemory()
{
    if (mapping_)
        munmap(mapping_, mapping_size_);
}

Result<CodeMemory> CodeMemory::make(std::size_t size)
{
    const bool large = size >= worth_a_large_page;
    CodeMemory memory;
    memory.size_ = size;
    memory.mapping_size_ =
        large ? round_up(size, large_page_bytes) + large_page_bytes : round_up_to_page(std::max<std::size_t>(size, 1));
    void* const mapping =
        mmap(nullptr, memory.mapping_size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED)
        return fail(ErrorCode::limit, "no memory for compiled code");
    memory.mapping_ = mapping;
    const auto address = reinterpret_cast<std::uintptr_t>(mapping);
    memory.begin_ = reinterpret_cast<std::uint8_t*>(large ? round_up(address, large_page_bytes) : address);
    if (large)
        (void)madvise(memory.begin_, round_up(size, large_page_bytes), MADV_HUGEPAGE); // where there are any
    return memory;
}

Result<> CodeMemory::seal(std::size_t code)
{
    TRELLIS_CHECK(code % os_page_bytes == 0 && code <= size_);
    const auto end = round_up_to_page(size_);
    const bool done = (code == 0 || mprotect(begin_, code, PROT_READ) == 0) &&
                      (code >= end || mprotect(begin_ + code, end - code, PROT_READ | PROT_EXEC) == 0);
    if (!done)
        return fail(ErrorCode::limit, "the system does not let compiled code run (mprotect)");
    return {};
}

} // namespace trellis::wasm::native
