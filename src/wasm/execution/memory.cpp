#include "wasm/execution/memory.hpp"

#include "base/format.hpp"
#include "base/written_pages.hpp"
#include "wasm/execution/start_up.hpp"
#include "wasm/execution/waiters.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace trellis::wasm {
namespace {

constexpr std::uint64_t gibibyte = std::uint64_t(1) << 30;
/// A 32-bit index, plus a 32-bit offset, plus the widest access: one page more is enough.
constexpr std::uint64_t guarded_reservation = 8 * gibibyte + os_page_bytes;

/// Clearing so much takes 0.8 us, as long as it takes to ask which pages were written.
constexpr std::uint64_t overwritten_unasked = std::uint64_t(128) << 10;

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
    if (!is_same && !end_copy())
        return false;
    wipe(old_size);
    if (!set_accessible(old_size, initial))
        return false;
    type_ = type;
    asked_bytes_ = max_bytes;
    max_bytes_ = std::min({type_maximum(type), max_bytes, pages_.size()});
    size_ = initial;
    if (!is_same)
        return set_image(std::move(image));
    if (image_ && !copied_)
        image_->put(base_);
    return true;
}

bool Memory::set_image(std::shared_ptr<const MemoryImage> image)
{
    image_ = std::move(image);
    copied_ = image_ ? image_->shared() : nullptr;
    if (copied_ && !pages_.copy_on_write(image_->shared_begin(), *copied_) && !end_copy())
        return false;
    if (image_ && !copied_)
        image_->put(base_);
    return true;
}

/// The image is not in the memory any more, or will be overwritten.
bool Memory::end_copy()
{
    const auto* const copied = std::exchange(copied_, nullptr);
    return !copied || pages_.end_copy(image_->shared_begin(), copied->size());
}

/// Afterwards everything is zero but for what is copied from shared pages. `bytes` are accessible; what is behind was
/// wiped when it was.
void Memory::wipe(std::uint64_t bytes)
{
    const auto touched = round_up_to_page(touched_);
    auto* const end = base_ + round_up_to_page(bytes);
    if (touched <= overwritten_unasked && !copied_) {
        resident_ = touched;
        return restore(base_, end);
    }
    const WrittenPages written(base_, touched);
    resident_ = image_ && !copied_ ? image_->page_bytes() : 0;
    for (const auto& run : written.runs()) {
        resident_ += run.length;
        restore(run.begin, std::min(run.begin + run.length, end));
    }
    const auto known = static_cast<std::uint64_t>(written.known_end() - base_);
    pages_.discard(known, touched - known);
}

void Memory::restore(std::byte* begin, std::byte* end)
{
    auto* const copy_begin = copied_ ? base_ + image_->shared_begin() : end;
    auto* const copy_end = copied_ ? copy_begin + copied_->size() : end;
    const auto clear = [](std::byte* from, std::byte* to) {
        if (from < to)
            std::memset(from, 0, static_cast<std::size_t>(to - from));
    };
    clear(begin, std::min(end, copy_begin));
    if (auto *const from = std::max(begin, copy_begin), *const to = std::min(end, copy_end); from < to)
        std::memcpy(from, copied_->data() + (from - copy_begin), static_cast<std::size_t>(to - from));
    clear(std::max(begin, copy_end), end);
}

bool Memory::set_accessible(std::uint64_t old_bytes, std::uint64_t bytes)
{
    const auto old_end = round_up_to_page(old_bytes), end = round_up_to_page(bytes);
    return end < old_end ? pages_.make_unusable(end, old_end - end) : pages_.make_usable(old_end, end - old_end);
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
