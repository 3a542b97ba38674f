#include "wasm/execution/guest_stack.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace trellis::wasm {
namespace {

/// A hundred frames or so.
constexpr std::ptrdiff_t first_reach = 16 * 1024 / sizeof(Slot);

} // namespace

Result<std::unique_ptr<Store::Stack>> Store::Stack::make(std::uint64_t bytes)
{
    const auto usable = round_up_to_page(bytes);
    auto pages = TRELLIS_TRY(Pages::reserve(usable + os_page_bytes));
    if (!pages.make_usable(0, usable))
        return fail(ErrorCode::limit, "no memory for the guest stack");
    auto* base = reinterpret_cast<Slot*>(pages.base());
    auto* limit = base + usable / sizeof(Slot);
    auto* reached = base + std::min(first_reach, limit - base);
    return std::unique_ptr<Stack>(new Stack{base, limit, base, reached, std::move(pages)});
}

void Store::Stack::move_reached(const Slot* end)
{
    const auto slots = std::bit_ceil(static_cast<std::size_t>(end - base));
    reached = base + std::min(static_cast<std::ptrdiff_t>(slots), limit - base);
}

void Store::Stack::wipe()
{
    const auto written =
        reinterpret_cast<std::byte*>(reached) - pages.base() + static_cast<std::ptrdiff_t>(os_page_bytes);
    const auto all = std::min(round_up_to_page(static_cast<std::uint64_t>(written)), bytes());
    const auto kept = std::min(all, kept_bytes);
    std::memset(static_cast<void*>(base), 0, kept);
    pages.discard(kept, all - kept);
    resident = std::max(resident, kept);
    top = base;
    reached = base + std::min(first_reach, limit - base);
}

} // namespace trellis::wasm
