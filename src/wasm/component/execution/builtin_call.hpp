// One call of a built-in, and what several of them ask. For the files that define built-ins.
#pragma once

#include "base/format.hpp"
#include "wasm/component/execution/builtins.hpp"
#include "wasm/component/execution/canonical_abi.hpp"
#include "wasm/component/execution/copies.hpp"
#include "wasm/component/syntax/limits.hpp"

namespace trellis::wasm::component {

/// What a built-in gives that has begun something and not ended it.
inline constexpr std::uint32_t blocked = 0xffff'ffff;

/// What every built-in works with.
struct BuiltinCall {
    BuiltinContext& context;
    Slot* frame;
    ComponentInstance& instance = *context.instance;
    ComponentStore& store = instance.store;
    const CanonBuiltin& definition = *context.definition;

    [[nodiscard]] std::uint32_t argument(std::size_t i) const { return frame[i].u32; }
    Trap give(std::uint64_t result) const
    {
        frame[0].u64 = result;
        return Trap::none;
    }
    [[nodiscard]] Trap trap(std::string message) const { return store.trap(std::move(message)); }
    /// `blocks`: the built-in waits for what the handle stands for.
    Trap unknown(std::uint32_t index, bool blocks = false) const
    {
        const bool may_not = blocks && !task().is_async() && task().state != Task::State::resolved;
        return trap(format("unknown handle index {}{}", index,
                           may_not ? "; cannot block a synchronous task before returning" : ""));
    }
    [[nodiscard]] Thread& thread() const { return *store.current(); }
    [[nodiscard]] Task& task() const { return *store.current()->task; }
};

template <class Kind>
Trap find_waitable(BuiltinCall& call, std::uint32_t index, std::initializer_list<Waitable::Kind> kinds,
                   std::shared_ptr<Kind>& found)
{
    const Handle* const handle = call.instance.handles.find(index);
    if (!handle || handle->kind != Handle::Kind::waitable)
        return call.unknown(index, kinds.size() != 0 && !call.definition.is_async);
    if (kinds.size() != 0 && std::ranges::find(kinds, handle->waitable->kind) == kinds.end())
        return call.trap(format("unknown handle index {}: of another kind of waitable", index));
    found = std::static_pointer_cast<Kind>(handle->waitable);
    return Trap::none;
}

// wait_builtins
/// Without a set: the running thread alone waits for this one.
Trap wait_for(BuiltinCall& call, Waitable& waitable);
Trap check_no_set(BuiltinCall& call, const Waitable& waitable, bool is_async);

struct RunnableBuiltin {
    Builtin builtin;
    Trap (*run)(BuiltinCall&);
    bool checks_leave = true; ///< not while a realloc or post-return function runs
};

std::span<const RunnableBuiltin> resource_builtins();
std::span<const RunnableBuiltin> task_builtins();
std::span<const RunnableBuiltin> waitable_builtins();
std::span<const RunnableBuiltin> copy_builtins();
std::span<const RunnableBuiltin> thread_builtins();

} // namespace trellis::wasm::component
