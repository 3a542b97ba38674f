#include "base/format.hpp"
#include "base/native_stack.hpp"
#include "wasm/execution/guest_stack.hpp"
#include "wasm/execution/object_layout.hpp"
#include "wasm/execution/signal_handler.hpp"

namespace trellis::wasm {
namespace {

/// Native stack that a host function may count on.
constexpr std::size_t native_headroom = 64 * 1024;

std::size_t slots_of(std::span<const ValType> types)
{
    std::size_t slots = 0;
    for (const auto type : types)
        slots += type.slots();
    return slots;
}

/// Whether an argument of the type may be given for the parameter. Between types that name a module's types only the
/// validator can tell; an embedder's references are of abstract types or just what another guest gave.
bool fits(ValType given, ValType param)
{
    return given == param || (given.is_ref() && param.is_ref());
}

Result<> check_arguments(const FuncType& type, std::span<const Value> arguments)
{
    if (arguments.size() != type.params.size())
        return fail(ErrorCode::usage,
                    format("the function takes {} arguments, {} given", type.params.size(), arguments.size()));
    for (std::size_t i = 0; i < arguments.size(); ++i)
        if (!fits(arguments[i].type, type.params[i]))
            return fail(ErrorCode::usage, format("argument {} is of the wrong type", i));
    return {};
}

std::vector<Value> take_results(const FuncType& type, const Slot* frame)
{
    std::vector<Value> results;
    results.reserve(type.results.size());
    for (const auto result : type.results) {
        auto& value = results.emplace_back(result);
        std::copy_n(frame, result.slots(), value.slots.begin());
        frame += result.slots();
    }
    return results;
}

Trap call_prepared(Store& store, Function& function, Slot* frame)
{
    if (native_stack_left() < native_headroom)
        return Trap::call_stack_exhausted;
    if (store.interrupt_state().deadline_reached)
        return Trap::deadline_exceeded;
    if (function.host)
        return function.host(function.context, {store, nullptr}, frame);
    return store.tier().call(store, function, frame);
}

} // namespace

namespace {

[[clang::preserve_most, gnu::noinline]] bool make_guest_stack(Store& store)
{
    return store.guest_stack().has_value();
}

[[clang::preserve_most, gnu::noinline]] void forget_last_trap(Store& store)
{
    store.last_trap = {};
}

} // namespace

Trap call(Store& store, Function& function, Slot* frame)
{
    if (!store.stack && !make_guest_stack(store)) [[unlikely]]
        return Trap::limit_exceeded;
    if (!thread_is_prepared) [[unlikely]]
        prepare_thread_for_guests();
    if (failed(store.last_trap.trap)) [[unlikely]]
        forget_last_trap(store);
    const auto trap = call_prepared(store, function, frame);
    store.last_trap.trap = trap;
    return trap;
}

Result<std::vector<Value>> invoke(Store& store, Function& function, std::span<const Value> arguments)
{
    const auto& type = function.type->function();
    TRELLIS_TRY(check_arguments(type, arguments));
    auto& stack = *TRELLIS_TRY(store.guest_stack());
    const auto slots = std::max(slots_of(type.params), slots_of(type.results));
    auto* const frame = stack.top;
    auto trap = Trap::call_stack_exhausted;
    if (stack.take_room(slots)) {
        for (const auto& argument : arguments)
            stack.top = std::copy_n(argument.slots.begin(), argument.type.slots(), stack.top);
        stack.top = frame + slots;
        trap = call(store, function, frame);
        stack.top = frame;
    }
    if (failed(trap))
        return fail(ErrorCode::trap, std::string(message_of(trap)));
    return take_results(type, frame);
}

} // namespace trellis::wasm
