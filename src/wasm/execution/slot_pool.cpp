#include "wasm/execution/slot_pool.hpp"

#include "base/check.hpp"
#include "wasm/execution/start_up.hpp"

#include <algorithm>

namespace trellis::wasm {

SlotPool::~SlotPool()
{
    TRELLIS_CHECK(taken_ == 0); // stores end before their pool
}

Result<std::shared_ptr<Memory>> SlotPool::take_memory(MemoryType type, std::uint64_t max_bytes,
                                                      std::shared_ptr<const MemoryImage> image)
{
    auto memory = find_memory(type, max_bytes, image.get());
    if (!memory && memories_.size() >= limits_.slots)
        memory = remake_oldest(type, max_bytes, image);
    if (!memory) {
        memory = TRELLIS_TRY(make_memory(type, max_bytes));
        if (!memory->set_image(std::move(image)))
            return fail(ErrorCode::limit, "memory limit exceeded: the system has no room for a module's data");
    }
    taken_ += 1;
    return memory;
}

std::shared_ptr<Memory> SlotPool::find_memory(const MemoryType& type, std::uint64_t max_bytes, const MemoryImage* image)
{
    for (auto i = memories_.size(); i-- > 0;)
        if (memories_[i].memory->is_like(type, max_bytes, image))
            return take_out(i);
    return nullptr;
}

std::shared_ptr<Memory> SlotPool::remake_oldest(const MemoryType& type, std::uint64_t max_bytes,
                                                const std::shared_ptr<const MemoryImage>& image)
{
    if (memories_.empty())
        return nullptr;
    auto memory = take_out(0);
    return memory->renew(type, max_bytes, image) ? memory : nullptr;
}

/// Kept slots go where they stand in the way of a new one.
Result<std::shared_ptr<Memory>> SlotPool::make_memory(const MemoryType& type, std::uint64_t max_bytes)
{
    auto made = Memory::make(type, max_bytes);
    const bool is_short = !made || (*made)->is_short_of_space();
    if (is_short && !(memories_.empty() && stacks_.empty())) {
        made = nullptr;
        drop_all();
        made = Memory::make(type, max_bytes);
    }
    made_ += made ? 1 : 0;
    short_of_space_ += made && (*made)->is_short_of_space() ? 1 : 0;
    return made;
}

std::shared_ptr<Memory> SlotPool::take_out(std::size_t index)
{
    auto memory = std::move(memories_[index].memory);
    resident_bytes_ -= memories_[index].resident_bytes;
    memories_.erase(memories_.begin() + static_cast<std::ptrdiff_t>(index));
    return memory;
}

Result<std::unique_ptr<Store::Stack>> SlotPool::take_stack(std::uint64_t bytes)
{
    const auto found = std::ranges::find(stacks_.rbegin(), stacks_.rend(), round_up_to_page(bytes),
                                         [](const auto& stack) { return stack->bytes(); });
    std::unique_ptr<Store::Stack> stack;
    if (found != stacks_.rend()) {
        stack = std::move(*found);
        stacks_.erase(std::next(found).base());
        resident_bytes_ -= stack->resident_bytes();
    } else {
        auto made = Store::Stack::make(bytes);
        if (!made) {
            drop_all();
            made = Store::Stack::make(bytes);
        }
        stack = TRELLIS_TRY(std::move(made));
    }
    taken_ += 1;
    return stack;
}

void SlotPool::give_back(std::shared_ptr<Memory> memory)
{
    taken_ -= 1;
    if (memory.use_count() != 1 || !memory->renew())
        return;
    const auto resident = memory->resident_bytes();
    memories_.push_back({std::move(memory), resident});
    resident_bytes_ += resident;
    shrink_to_limits();
}

void SlotPool::give_back(std::unique_ptr<Store::Stack> stack)
{
    taken_ -= 1;
    stack->wipe();
    resident_bytes_ += stack->resident_bytes();
    stacks_.push_back(std::move(stack));
    shrink_to_limits();
}

void SlotPool::shrink_to_limits()
{
    const auto too_much = [&] { return resident_bytes_ > limits_.resident_bytes; };
    while (memories_.size() > limits_.slots || (too_much() && !memories_.empty()))
        take_out(0);
    while (stacks_.size() > limits_.slots || (too_much() && !stacks_.empty())) {
        resident_bytes_ -= stacks_.front()->resident_bytes();
        stacks_.erase(stacks_.begin());
    }
}

void SlotPool::drop_all()
{
    memories_.clear();
    stacks_.clear();
    resident_bytes_ = 0;
}

SlotPool::Counts SlotPool::counts() const
{
    return {memories_.size(), stacks_.size(), resident_bytes_, taken_, made_, short_of_space_};
}

} // namespace trellis::wasm
