#include "wasm/component/execution/handles.hpp"

namespace trellis::wasm::component {

std::uint32_t HandleTable::add(Handle handle)
{
    if (first_free_ != 0) {
        const std::uint32_t index = first_free_;
        first_free_ = handles_[index].representation;
        handles_[index] = std::move(handle);
        return index;
    }
    if (handles_.size() > capacity_)
        return 0;
    handles_.push_back(std::move(handle));
    return static_cast<std::uint32_t>(handles_.size() - 1);
}

void HandleTable::remove(std::uint32_t index)
{
    handles_[index] = Handle{.representation = first_free_};
    first_free_ = index;
}

} // namespace trellis::wasm::component
