// Built-ins of resources and error contexts.
#include "wasm/component/execution/builtin_call.hpp"

#include <array>

namespace trellis::wasm::component {
namespace {

// Resources

Trap resource_new(BuiltinCall& call)
{
    std::uint32_t index = 0;
    const Trap trap =
        lower_own({call.store, {.instance = &call.instance}}, call.context.resource, call.argument(0), index);
    return failed(trap) ? trap : call.give(index);
}

Trap resource_rep(BuiltinCall& call)
{
    Handle* handle = nullptr;
    const Trap trap = find_resource_handle(call.store, call.instance, call.context.resource, call.argument(0), handle);
    return failed(trap) ? trap : call.give(handle->representation);
}

Trap resource_drop(BuiltinCall& call)
{
    Handle* handle = nullptr;
    if (const Trap trap =
            find_resource_handle(call.store, call.instance, call.context.resource, call.argument(0), handle);
        failed(trap))
        return trap;
    if (handle->lends != 0)
        return call.trap("cannot remove owned resource while borrowed");
    const Handle gone = *handle;
    call.instance.handles.remove(call.argument(0));
    if (!gone.is_own) {
        --gone.borrow_scope->borrows;
        return Trap::none;
    }
    return drop_resource(call.store, &call.instance, *gone.type, gone.representation);
}

// Error contexts

/// Of a message, which may be anything to the specification: a guest must not make the host keep more for it than it
/// has itself.
constexpr std::size_t most_kept = 1024;

void shorten(std::string& message)
{
    if (message.size() <= most_kept)
        return;
    std::size_t end = most_kept;
    while ((static_cast<unsigned char>(message[end]) & 0xc0) == 0x80) // inside a character
        --end;
    message.resize(end);
    message.shrink_to_fit();
}

Trap error_context_new(BuiltinCall& call)
{
    auto error = std::make_shared<ErrorContext>();
    CanonicalSide side = call.context.side;
    side.instance = &call.instance;
    if (const Trap trap = lift_string({call.store, side}, {call.argument(0), call.argument(1)}, error->message);
        failed(trap))
        return trap;
    shorten(error->message);
    std::uint32_t index = 0;
    const Trap trap =
        add_handle(call.store, call.instance, {.kind = Handle::Kind::error_context, .error = std::move(error)}, index);
    return failed(trap) ? trap : call.give(index);
}

Trap error_context_debug_message(BuiltinCall& call)
{
    CanonicalSide side = call.context.side;
    side.instance = &call.instance;
    std::shared_ptr<ErrorContext> error;
    if (const Trap trap = lift_error_context({call.store, side}, call.argument(0), error); failed(trap))
        return trap;
    const std::uint32_t at = call.argument(1);
    const auto target = side.memory->range(at, 8);
    if (at % 4 != 0 || !target)
        return call.trap("invalid debug message pointer: pointer out of bounds of memory");
    Range text;
    if (const Trap trap = lower_string({call.store, side}, error->message, text); failed(trap))
        return trap;
    std::memcpy(target->data(), &text.at, 4);
    std::memcpy(target->data() + 4, &text.length, 4);
    return Trap::none;
}

Trap error_context_drop(BuiltinCall& call)
{
    std::shared_ptr<ErrorContext> error;
    if (const Trap trap = lift_error_context({call.store, {.instance = &call.instance}}, call.argument(0), error);
        failed(trap))
        return trap;
    call.instance.handles.remove(call.argument(0));
    return Trap::none;
}

constexpr std::array rows = {
    RunnableBuiltin{Builtin::resource_new, resource_new},
    RunnableBuiltin{Builtin::resource_drop, resource_drop},
    RunnableBuiltin{Builtin::resource_rep, resource_rep, false},
    RunnableBuiltin{Builtin::error_context_new, error_context_new},
    RunnableBuiltin{Builtin::error_context_debug_message, error_context_debug_message},
    RunnableBuiltin{Builtin::error_context_drop, error_context_drop},
};

} // namespace

std::span<const RunnableBuiltin> resource_builtins()
{
    return rows;
}

} // namespace trellis::wasm::component
