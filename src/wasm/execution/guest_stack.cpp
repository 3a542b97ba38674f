#include "wasm/execution/guest_stack.hpp"

namespace trellis::wasm {

Result<std::unique_ptr<Store::Stack>> Store::Stack::make(std::uint64_t bytes)
{
    const auto usable = round_up_to_page(bytes);
    auto pages = TRELLIS_TRY(Pages::reserve(usable + os_page_bytes));
    if (!pages.make_usable(0, usable))
        return fail(ErrorCode::limit, "no memory for the guest stack");
    auto* base = reinterpret_cast<Slot*>(pages.base());
    return std::unique_ptr<Stack>(new Stack{base, base + usable / sizeof(Slot), base, std::move(pages)});
}

} // namespace trellis::wasm
