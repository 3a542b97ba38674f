// Handles on their way between tables.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#loading
#include "base/format.hpp"
#include "wasm/component/execution/canonical_abi.hpp"
#include "wasm/component/execution/copies.hpp"

namespace trellis::wasm::component {
namespace {

std::string_view described(const Handle& handle)
{
    switch (handle.kind) {
    case Handle::Kind::resource:
        return "resource";
    case Handle::Kind::waitable:
        return handle.waitable->kind == Waitable::Kind::subtask ? "subtask" : "stream or future";
    case Handle::Kind::waitable_set:
        return "waitable set";
    case Handle::Kind::error_context:
        return "error context";
    case Handle::Kind::free:
        break;
    }
    return "nothing";
}

Trap unknown(ComponentStore& store, std::uint32_t index)
{
    return store.trap(format("unknown handle index {}", index));
}

Trap find_resource(ComponentStore& store, ComponentInstance& instance, const RuntimeResourceType* type,
                   std::uint32_t index, Handle*& handle)
{
    handle = instance.handles.find(index);
    if (!handle)
        return unknown(store, index);
    if (handle->kind != Handle::Kind::resource)
        return store.trap(format("handle index {} used with the wrong type, expected resource but found {}", index,
                                 described(*handle)));
    if (handle->type != type)
        return store.trap(format("handle index {} used with the wrong type, expected {}-defined resource but found a "
                                 "different {}-defined resource",
                                 index, type && type->instance ? "guest" : "host",
                                 handle->type->instance ? "guest" : "host"));
    return Trap::none;
}

} // namespace

Trap find_resource_handle(ComponentStore& store, ComponentInstance& instance, const RuntimeResourceType* type,
                          std::uint32_t index, Handle*& handle)
{
    return find_resource(store, instance, type, index, handle);
}

Trap add_handle(ComponentStore& store, ComponentInstance& instance, Handle handle, std::uint32_t& index)
{
    index = instance.handles.add(std::move(handle));
    return index != 0 ? Trap::none : store.trap("resource table has no free keys: too many handles");
}

Trap lift_own(const Lifting& from, const RuntimeResourceType* type, std::uint32_t index, std::uint32_t& rep)
{
    Handle* handle = nullptr;
    if (const Trap trap = find_resource(from.store, *from.side.instance, type, index, handle); failed(trap))
        return trap;
    if (handle->lends != 0)
        return from.store.trap("cannot remove owned resource while borrowed");
    if (!handle->is_own)
        return from.store.trap("cannot lift own resource from a borrow");
    rep = handle->representation;
    from.side.instance->handles.remove(index);
    return Trap::none;
}

Trap lift_borrow(const Lifting& from, const RuntimeResourceType* type, std::uint32_t index, std::uint32_t& rep)
{
    Handle* handle = nullptr;
    if (const Trap trap = find_resource(from.store, *from.side.instance, type, index, handle); failed(trap))
        return trap;
    rep = handle->representation;
    if (from.lender) {
        ++handle->lends;
        from.lender->lenders.push_back(index);
    }
    return Trap::none;
}

Trap lower_own(const Lowering& to, RuntimeResourceType* type, std::uint32_t rep, std::uint32_t& index)
{
    return add_handle(to.store, *to.side.instance,
                      {.kind = Handle::Kind::resource, .is_own = true, .representation = rep, .type = type}, index);
}

Trap lower_borrow(const Lowering& to, RuntimeResourceType* type, std::uint32_t rep, std::uint32_t& index)
{
    if (to.side.instance == type->instance) {
        index = rep;
        return Trap::none;
    }
    ++to.task->borrows;
    return add_handle(to.store, *to.side.instance,
                      {.kind = Handle::Kind::resource, .representation = rep, .type = type, .borrow_scope = to.task},
                      index);
}

Trap lift_error_context(const Lifting& from, std::uint32_t index, std::shared_ptr<ErrorContext>& error)
{
    const Handle* const handle = from.side.instance->handles.find(index);
    if (!handle || handle->kind != Handle::Kind::error_context)
        return unknown(from.store, index);
    error = handle->error;
    return Trap::none;
}

Trap lift_copy_end(const Lifting& from, bool is_future, const ElementType& elements, std::uint32_t index,
                   std::shared_ptr<SharedCopy>& shared)
{
    using Kind = Waitable::Kind;
    ComponentStore& store = from.store;
    const Handle* const handle = from.side.instance->handles.find(index);
    if (!handle)
        return unknown(store, index);
    const std::string_view what = is_future ? "future" : "stream";
    if (handle->kind != Handle::Kind::waitable ||
        handle->waitable->kind != (is_future ? Kind::future_readable : Kind::stream_readable))
        return store.trap(format("unknown handle index {}: expected the readable end of a {}, found {}", index, what,
                                 described(*handle)));
    auto& end = static_cast<CopyEnd&>(*handle->waitable);
    if (!is_same(elements, end.shared->elements))
        return store.trap(format("handle index {} used with the wrong type: a {} of other elements", index, what));
    if (end.state == CopyEnd::State::done)
        return store.trap(is_future ? "cannot lift future after previous read succeeded"
                                    : "cannot lift stream after being notified that the writable end dropped");
    if (end.state != CopyEnd::State::idle)
        return store.trap(format("cannot remove busy {}", what));
    if (end.set)
        return store.trap(format("cannot lift {} while it's in a waitable set", what));
    shared = end.shared;
    from.side.instance->handles.remove(index);
    return Trap::none;
}

Trap lower_copy_end(const Lowering& to, std::shared_ptr<SharedCopy> shared, std::uint32_t& index)
{
    const auto kind = shared->is_future ? Waitable::Kind::future_readable : Waitable::Kind::stream_readable;
    auto end = std::make_shared<CopyEnd>(kind, std::move(shared));
    CopyEnd& added = *end;
    const Trap trap =
        add_handle(to.store, *to.side.instance, {.kind = Handle::Kind::waitable, .waitable = std::move(end)}, index);
    added.index = index;
    return trap;
}

} // namespace trellis::wasm::component
