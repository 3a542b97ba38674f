// Built-ins of streams and futures.
#include "wasm/component/execution/builtin_call.hpp"

#include <array>

namespace trellis::wasm::component {
namespace {

// Streams and futures

using Kind = Waitable::Kind;

/// As the built-in's type says.
ElementType elements_of(const BuiltinCall& call)
{
    const TypeArena& arena = call.instance.arena();
    const ValueTypeId element = arena[call.definition.value].element;
    return {&call.instance, element == no_type ? no_type : arena.canonical(element)};
}

Trap new_ends(BuiltinCall& call, bool is_future)
{
    auto shared = std::make_shared<SharedCopy>(call.store, elements_of(call), is_future);
    std::uint64_t both = 0;
    for (const auto& [kind, shift] : {std::pair(is_future ? Kind::future_readable : Kind::stream_readable, 0),
                                      std::pair(is_future ? Kind::future_writable : Kind::stream_writable, 32)}) {
        auto end = std::make_shared<CopyEnd>(kind, shared);
        CopyEnd& added = *end;
        if (const Trap trap = add_handle(call.store, call.instance,
                                         {.kind = Handle::Kind::waitable, .waitable = std::move(end)}, added.index);
            failed(trap))
            return trap;
        both |= std::uint64_t(added.index) << shift;
    }
    return call.give(both);
}

Trap find_end(BuiltinCall& call, Kind kind, std::shared_ptr<CopyEnd>& end)
{
    if (const Trap trap = find_waitable(call, call.argument(0), {kind}, end); failed(trap))
        return trap;
    if (end->checked == call.definition.value)
        return Trap::none;
    if (!is_same(elements_of(call), end->shared->elements))
        return call.trap(format("handle index {} used with the wrong type: of other elements", call.argument(0)));
    end->checked = call.definition.value;
    return Trap::none;
}

bool is_stream(Kind kind)
{
    return kind == Kind::stream_readable || kind == Kind::stream_writable;
}

Trap busy_or_done(BuiltinCall& call, const CopyEnd& end)
{
    if (end.is_copying())
        return call.trap("cannot have concurrent operations active on a future/stream");
    switch (end.kind) {
    case Kind::stream_readable:
        return call.trap("cannot read from stream after being notified that the writable end dropped: cannot read "
                         "after being notified that the writable end dropped");
    case Kind::stream_writable:
        return call.trap("cannot write to stream after being notified that the readable end dropped: cannot write "
                         "after being notified that the readable end dropped");
    case Kind::future_readable:
        return call.trap("cannot read from future after previous read succeeded: cannot read after being notified that "
                         "the writable end dropped");
    default:
        return call.trap("cannot write to future after previous write succeeded or readable end dropped: cannot write "
                         "after being notified that the readable end dropped");
    }
}

/// Where the guest's elements are.
Trap set_buffer(BuiltinCall& call, CopyEnd& end, std::uint32_t at, std::uint32_t length)
{
    if (length > HandleTable::most)
        return call.trap("stream read/write count too large");
    end.side = call.context.side;
    end.side.instance = &call.instance;
    end.length = length;
    end.progress = 0;
    end.at = nullptr;
    const Layout layout = end.shared->layout;
    if (layout.size == 0)
        return Trap::none;
    if (length > 0) {
        if (at % layout.alignment != 0)
            return call.trap("unaligned pointer");
        if (!end.side.memory->range(at, std::uint64_t(length) * layout.size))
            return call.trap("read/write pointer out of bounds of memory: out of bounds");
    }
    end.at = end.side.memory->base() + at;
    return Trap::none;
}

Trap copy(BuiltinCall& call, Kind kind)
{
    const bool is_async = call.definition.is_async;
    std::shared_ptr<CopyEnd> end;
    if (const Trap trap = find_end(call, kind, end); failed(trap))
        return trap;
    if (end->state != CopyEnd::State::idle)
        return busy_or_done(call, *end);
    if (const Trap trap = check_no_set(call, *end, is_async); failed(trap))
        return trap;
    if (const Trap trap = set_buffer(call, *end, call.argument(1), is_stream(kind) ? call.argument(2) : 1);
        failed(trap))
        return trap;
    end->state = CopyEnd::State::copying;
    if (const Trap trap = end->is_readable() ? end->shared->read(*end) : end->shared->write(*end); failed(trap))
        return trap;
    if (!end->has_event()) {
        if (is_async)
            return call.give(blocked);
        if (const Trap trap = wait_for(call, *end); failed(trap))
            return trap;
    }
    return call.give(end->take_event().payload);
}

Trap cancel_copy(BuiltinCall& call, Kind kind)
{
    const bool is_async = call.definition.is_async;
    std::shared_ptr<CopyEnd> end;
    if (const Trap trap = find_end(call, kind, end); failed(trap))
        return trap;
    if (end->state != CopyEnd::State::copying || end->has_sync_waiter)
        return call.trap("cannot cancel an operation that is not there: no active operation on the future/stream");
    if (const Trap trap = check_no_set(call, *end, is_async); failed(trap))
        return trap;
    end->state = CopyEnd::State::cancelling;
    if (!end->has_event()) {
        end->shared->cancel();
        if (!end->has_event()) {
            if (is_async)
                return call.give(blocked);
            if (const Trap trap = wait_for(call, *end); failed(trap))
                return trap;
        }
    }
    std::uint32_t payload = end->take_event().payload;
    if (is_stream(kind) && (payload & 0xf) == static_cast<std::uint32_t>(CopyResult::completed))
        payload |= static_cast<std::uint32_t>(CopyResult::cancelled); // what was copied so far stands beside it
    return call.give(payload);
}

Trap drop_end(BuiltinCall& call, Kind kind)
{
    std::shared_ptr<CopyEnd> end;
    if (const Trap trap = find_end(call, kind, end); failed(trap))
        return trap;
    if (end->is_copying())
        return call.trap(is_stream(kind) ? "cannot drop busy stream: cannot remove busy stream"
                                         : "cannot drop busy future");
    if (kind == Kind::future_writable && end->state != CopyEnd::State::done)
        return call.trap("cannot drop future write end without first writing a value");
    end->join(nullptr);
    call.instance.handles.remove(call.argument(0));
    end->shared->drop();
    return Trap::none;
}

template <Kind kind>
Trap copy(BuiltinCall& call)
{
    return copy(call, kind);
}
template <Kind kind>
Trap cancel_copy(BuiltinCall& call)
{
    return cancel_copy(call, kind);
}
template <Kind kind>
Trap drop_end(BuiltinCall& call)
{
    return drop_end(call, kind);
}
template <bool is_future>
Trap new_ends(BuiltinCall& call)
{
    return new_ends(call, is_future);
}

constexpr std::array rows = {
    RunnableBuiltin{Builtin::stream_new, new_ends<false>},
    RunnableBuiltin{Builtin::stream_read, copy<Kind::stream_readable>},
    RunnableBuiltin{Builtin::stream_write, copy<Kind::stream_writable>},
    RunnableBuiltin{Builtin::stream_cancel_read, cancel_copy<Kind::stream_readable>},
    RunnableBuiltin{Builtin::stream_cancel_write, cancel_copy<Kind::stream_writable>},
    RunnableBuiltin{Builtin::stream_drop_readable, drop_end<Kind::stream_readable>},
    RunnableBuiltin{Builtin::stream_drop_writable, drop_end<Kind::stream_writable>},
    RunnableBuiltin{Builtin::future_new, new_ends<true>},
    RunnableBuiltin{Builtin::future_read, copy<Kind::future_readable>},
    RunnableBuiltin{Builtin::future_write, copy<Kind::future_writable>},
    RunnableBuiltin{Builtin::future_cancel_read, cancel_copy<Kind::future_readable>},
    RunnableBuiltin{Builtin::future_cancel_write, cancel_copy<Kind::future_writable>},
    RunnableBuiltin{Builtin::future_drop_readable, drop_end<Kind::future_readable>},
    RunnableBuiltin{Builtin::future_drop_writable, drop_end<Kind::future_writable>},
};

} // namespace

std::span<const RunnableBuiltin> copy_builtins()
{
    return rows;
}

} // namespace trellis::wasm::component
