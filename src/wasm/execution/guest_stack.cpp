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
    if (compiled.size() != 0)
        wipe_compiled();
}

Result<> Store::Stack::make_compiled()
{
    if (compiled.size() != 0)
        return {};
    auto made = TRELLIS_TRY(Pages::reserve(compiled_guard_bytes + bytes()));
    if (!made.make_usable(compiled_guard_bytes, bytes()))
        return fail(ErrorCode::limit, "no memory for the guest stack");
    compiled = std::move(made);
    return {};
}

void Store::Stack::wipe_compiled()
{
    const auto kept = std::min(bytes(), compiled_kept_bytes);
    std::memset(compiled.base() + compiled.size() - kept, 0, kept);
    compiled.discard(compiled_guard_bytes, bytes() - kept);
    resident = std::max(resident, kept_bytes + kept);
}

} // namespace trellis::wasm
