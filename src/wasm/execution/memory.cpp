#include "wasm/execution/memory.hpp"

#include "base/format.hpp"
#include "wasm/execution/waiters.hpp"

#include <algorithm>

namespace trellis::wasm {
namespace {

constexpr std::uint64_t gibibyte = std::uint64_t(1) << 30;
/// A 32-bit index, plus a 32-bit offset, plus the widest access: one page more is enough.
constexpr std::uint64_t guarded_reservation = 8 * gibibyte + os_page_bytes;

std::uint64_t bytes_of_pages(const MemoryType& type, std::uint64_t pages)
{
    const auto most = ~std::uint64_t(0) >> type.page_size_log2;
    return std::min(pages, most) << type.page_size_log2;
}

/// The largest size the type allows, in bytes; a 32-bit memory's page count fits 32 bits too.
std::uint64_t type_maximum(const MemoryType& type)
{
    auto bytes = type.limits.max ? bytes_of_pages(type, *type.limits.max) : ~std::uint64_t(0);
    if (!type.limits.is_64)
        bytes = std::min({bytes, 4 * gibibyte, bytes_of_pages(type, ~std::uint32_t(0))});
    return bytes;
}

} // namespace

Memory::Memory() = default;
Memory::~Memory() = default;

Result<std::shared_ptr<Memory>> Memory::make(MemoryType type, std::uint64_t max_bytes)
{
    const auto initial = bytes_of_pages(type, type.limits.min);
    if (initial > max_bytes)
        return fail(ErrorCode::limit,
                    format("memory limit exceeded: {} bytes asked for at the start, {} allowed", initial, max_bytes));
    std::shared_ptr<Memory> memory(new Memory);
    memory->type_ = type;
    memory->max_bytes_ = std::min(type_maximum(type), max_bytes);
    if (!type.limits.is_64 && type.page_size_log2 == 16) {
        if (auto pages = Pages::reserve(guarded_reservation)) {
            memory->pages_ = std::move(*pages);
            memory->guarded_ = true;
        }
    }
    if (!memory->guarded_) {
        memory->pages_ = TRELLIS_TRY(Pages::reserve_up_to(memory->max_bytes_, initial));
        memory->max_bytes_ = std::min(memory->max_bytes_, memory->pages_.size());
    }
    if (!memory->pages_.make_usable(0, initial))
        return fail(ErrorCode::limit, format("memory limit exceeded: the system has no {} bytes left", initial));
    memory->base_ = memory->pages_.base();
    memory->size_ = initial;
    memory->waiters_ = std::make_unique<Waiters>();
    return memory;
}

std::int64_t Memory::grow(std::uint64_t pages)
{
    const std::lock_guard lock(growing_);
    const auto old_size = size_.load(std::memory_order_relaxed);
    const auto room = (max_bytes_ - old_size) >> type_.page_size_log2;
    if (pages > room)
        return -1;
    const auto added = pages << type_.page_size_log2;
    if (added && !pages_.make_usable(old_size, added))
        return -1;
    size_.store(old_size + added, std::memory_order_release);
    return static_cast<std::int64_t>(old_size >> type_.page_size_log2);
}

} // namespace trellis::wasm
