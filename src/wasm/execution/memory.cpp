#include "wasm/execution/memory.hpp"

#include "base/format.hpp"
#include "wasm/execution/start_up.hpp"
#include "wasm/execution/waiters.hpp"

#include <algorithm>
#include <cstring>

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

struct Stretch {
    std::uint64_t begin, end;
};

/// What stays resident: from a bit before the data (where the stack has its top, if it lies there) on, and all the data
/// if it lies together; what is copied into place each time had better not fault each time as well.
Stretch kept_stretch(const MemoryImage* image)
{
    constexpr std::uint64_t stack_top = 64 * 1024;
    if (!image)
        return {0, Memory::kept_bytes};
    const auto begin = (std::max(image->begin(), stack_top) - stack_top) & ~(os_page_bytes - 1);
    const bool is_dense = image->end() - begin <= Memory::kept_bytes + 2 * image->bytes();
    return {begin, std::max(begin + Memory::kept_bytes, is_dense ? round_up_to_page(image->end()) : 0)};
}

} // namespace

Memory::Memory() = default;
Memory::~Memory() = default;

bool Memory::has_space_for_guard()
{
    return Pages::reserve(guarded_reservation).has_value();
}

Result<std::shared_ptr<Memory>> Memory::make(MemoryType type, std::uint64_t max_bytes)
{
    const auto initial = bytes_of_pages(type, type.limits.min);
    if (initial > max_bytes)
        return fail(ErrorCode::limit,
                    format("memory limit exceeded: {} bytes asked for at the start, {} allowed", initial, max_bytes));
    std::shared_ptr<Memory> memory(new Memory);
    memory->type_ = type;
    memory->asked_bytes_ = max_bytes;
    memory->max_bytes_ = std::min(type_maximum(type), max_bytes);
    if (is_guarded_kind(type)) {
        if (auto pages = Pages::reserve(guarded_reservation)) {
            memory->pages_ = std::move(*pages);
            memory->guarded_ = true;
        }
    }
    if (!memory->guarded_) {
        memory->pages_ = TRELLIS_TRY(Pages::reserve_up_to(memory->max_bytes_, initial));
        memory->short_of_space_ = is_guarded_kind(type) || memory->pages_.size() < memory->max_bytes_;
        memory->max_bytes_ = std::min(memory->max_bytes_, memory->pages_.size());
    }
    if (!memory->pages_.make_usable(0, initial))
        return fail(ErrorCode::limit, format("memory limit exceeded: the system has no {} bytes left", initial));
    memory->base_ = memory->pages_.base();
    memory->size_ = memory->touched_ = initial;
    memory->waiters_ = std::make_unique<Waiters>();
    return memory;
}

bool Memory::renew(MemoryType type, std::uint64_t max_bytes, std::shared_ptr<const MemoryImage> image)
{
    const auto initial = bytes_of_pages(type, type.limits.min);
    const bool has_room = guarded_ || pages_.size() >= std::min(type_maximum(type), max_bytes);
    const bool fits = is_guarded_kind(type) == guarded_ && has_room && initial <= max_bytes;
    if (type_.shared || type.shared || damaged_ || short_of_space_ || !fits)
        return false;
    const auto old_size = size();
    touched_ = std::max(touched_, old_size);
    const bool is_same = image == image_;
    wipe(old_size, is_same ? image.get() : nullptr);
    if (!set_accessible(old_size, initial))
        return false;
    type_ = type;
    asked_bytes_ = max_bytes;
    max_bytes_ = std::min({type_maximum(type), max_bytes, pages_.size()});
    size_ = initial;
    if (!is_same)
        set_image(std::move(image));
    return true;
}

void Memory::set_image(std::shared_ptr<const MemoryImage> image)
{
    image_ = std::move(image);
    if (image_)
        image_->put(base_);
}

/// Everything that is accessible; what is not was wiped when it was last. The image, or zeroes, take its place.
void Memory::wipe(std::uint64_t bytes, const MemoryImage* image)
{
    const auto end = round_up_to_page(bytes);
    auto kept = kept_stretch(image);
    kept = {std::min(kept.begin, end), std::min(kept.end, end)};
    pages_.discard(0, kept.begin);
    pages_.discard(kept.end, end - kept.end);
    if (image)
        image->restore(base_, kept.begin, kept.end);
    else if (kept.end)
        std::memset(base_, 0, kept.end);
}

bool Memory::set_accessible(std::uint64_t old_bytes, std::uint64_t bytes)
{
    const auto old_end = round_up_to_page(old_bytes), end = round_up_to_page(bytes);
    return end < old_end ? pages_.make_unusable(end, old_end - end) : pages_.make_usable(old_end, end - old_end);
}

std::uint64_t Memory::resident_bytes() const
{
    const auto kept = kept_stretch(image_.get());
    const auto end = std::min(round_up_to_page(touched_), kept.end);
    const bool has_more = image_ && image_->end() > end;
    return end - std::min(end, kept.begin) + (has_more ? image_->page_bytes() : 0);
}

std::int64_t Memory::grow(std::uint64_t pages)
{
    const std::lock_guard lock(growing_);
    const auto old_size = size_.load(std::memory_order_relaxed);
    const auto room = (max_bytes_ - old_size) >> type_.page_size_log2;
    if (pages > room)
        return -1;
    const auto added = pages << type_.page_size_log2;
    if (added && !pages_.make_usable(old_size, added)) {
        damaged_ = true;
        return -1;
    }
    size_.store(old_size + added, std::memory_order_release);
    return static_cast<std::int64_t>(old_size >> type_.page_size_log2);
}

} // namespace trellis::wasm
