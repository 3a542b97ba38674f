#include "wasm/component/execution/instance.hpp"

#include "wasm/component/execution/concurrency.hpp"

namespace trellis::wasm::component {

const ItemValue* InstanceValue::find(std::string_view name) const
{
    const auto found = std::ranges::find(exports, name, [](const auto& one) { return one.first; });
    return found == exports.end() ? nullptr : &found->second;
}

std::optional<Extern> CoreInstanceValue::find(std::string_view name) const
{
    if (instance)
        return find_export(*instance, name);
    const auto found = std::ranges::find(items, name, [](const auto& one) { return one.first; });
    return found == items.end() ? std::nullopt : std::optional(found->second);
}

std::uint32_t ThreadTable::add(Thread* thread)
{
    if (!free_.empty()) {
        const std::uint32_t index = free_.back();
        free_.pop_back();
        threads_[index] = thread;
        return index;
    }
    threads_.push_back(thread);
    return static_cast<std::uint32_t>(threads_.size() - 1);
}

void ThreadTable::remove(std::uint32_t index)
{
    threads_[index] = nullptr;
    free_.push_back(index);
}

RuntimeResourceType* ComponentInstance::resource(ResourceId id) const
{
    const auto found = std::ranges::lower_bound(resources, id, {}, [](const auto& one) { return one.first; });
    return found == resources.end() || found->first != id ? nullptr : found->second;
}

bool ComponentInstance::is_around(const ComponentInstance* other) const
{
    while (other && other != this)
        other = other->parent;
    return other == this;
}

bool ComponentInstance::may_enter_from(const ComponentInstance* caller) const
{
    for (const ComponentInstance* one = this; one && !one->is_around(caller); one = one->parent)
        if (!one->may_enter)
            return false;
    return true;
}

void ComponentInstance::set_entered(const ComponentInstance* caller, bool may_enter_now)
{
    for (ComponentInstance* one = this; one && !one->is_around(caller); one = one->parent)
        one->may_enter = may_enter_now;
}

} // namespace trellis::wasm::component
