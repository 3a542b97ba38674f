#include "wasm/validation/operand_stack.hpp"

#include "wasm/syntax/implementation_limits.hpp"

#include <algorithm>

namespace trellis::wasm {

/// False: the limit is reached.
bool OperandStack::grow()
{
    if (height() >= implementation_limits::operands) {
        overflowed_ = true;
        return false;
    }
    const auto used = top_ - base_.get();
    const auto floor = floor_ - base_.get();
    const auto capacity = std::max<std::ptrdiff_t>(64, 2 * (limit_ - base_.get())); // doubling ends at the limit
    auto larger = std::make_unique_for_overwrite<ValType[]>(static_cast<std::size_t>(capacity));
    std::copy(base_.get(), top_, larger.get());
    base_ = std::move(larger);
    floor_ = base_.get() + floor;
    top_ = base_.get() + used;
    limit_ = base_.get() + capacity;
    return true;
}

} // namespace trellis::wasm
