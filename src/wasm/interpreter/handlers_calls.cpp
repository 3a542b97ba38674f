// Handlers that enter and leave functions: calls, returns, exceptions, and calls of plain functions.
#include "wasm/interpreter/handlers_control.hpp"

#include "wasm/execution/memory.hpp"
#include "wasm/execution/operations.hpp"
#include "wasm/interpreter/activation.hpp"
#include "wasm/interpreter/handlers_arithmetic.hpp"

namespace trellis::wasm::interpreter {
namespace {

std::uint32_t u32(Code at)
{
    return read<std::uint32_t>(at);
}

/// A plain function failed: an exception is looked for a handler, anything else leaves. The trap is in the accumulator.
[[gnu::cold]] TRELLIS_HANDLER Trap leave(TRELLIS_STATE)
{
    auto trap = static_cast<Trap>(acc);
    publish(*inst, pc, fp);
    if (trap == Trap::uncaught_exception)
        trap = unwind(*inst, pc, fp);
    if (failed(trap))
        return trap;
    TRELLIS_NEXT(0);
}
#define TRELLIS_LEAVE(trap)                                                                                            \
    do {                                                                                                               \
        acc = static_cast<std::uint64_t>(trap);                                                                        \
        [[clang::musttail]] return leave(pc, fp, mem, inst, acc, vacc);                                                \
    } while (false)

// Entering and leaving functions.

template <int locals> // -1: as many as the operation says
TRELLIS_HANDLER Trap enter_function(TRELLIS_STATE)
{
    Slot* const end = fp + u32(pc + 8);
    if (should_poll(end, inst)) [[unlikely]] {
        publish(*inst, pc, fp);
        if (const auto trap = inst->store->check_stack(end); failed(trap))
            return trap;
    }
    Slot* const first = fp + u32(pc + 12);
    const auto count = locals < 0 ? u32(pc + 16) : static_cast<std::uint32_t>(locals);
    for (std::uint32_t i = 0; i < count; ++i)
        first[i].u64 = 0;
    TRELLIS_NEXT(20);
}

TRELLIS_HANDLER Trap compile_function(TRELLIS_STATE)
{
    auto& entry = *reinterpret_cast<FunctionEntry*>(acc);
    pc = entry.module->compile(entry);
    TRELLIS_NEXT(0);
}

TRELLIS_HANDLER Trap exit_to_caller(TRELLIS_STATE)
{
    return Trap::none;
}

#define TRELLIS_RETURN(header)                                                                                         \
    do {                                                                                                               \
        pc = reinterpret_cast<Code>((header)[0].u64);                                                                  \
        fp = reinterpret_cast<Slot*>((header)[1].u64);                                                                 \
        TRELLIS_NEXT(0);                                                                                               \
    } while (false)

TRELLIS_HANDLER Trap do_return_nothing(TRELLIS_STATE)
{
    const Slot* const header = fp + u32(pc + 8);
    TRELLIS_RETURN(header);
}

template <class T, Source source>
TRELLIS_HANDLER Trap do_return_value(TRELLIS_STATE)
{
    const T value = operand<source, T>(pc + 12, fp, acc, vacc);
    const Slot header[2] = {fp[u32(pc + 8)], fp[u32(pc + 8) + 1]};
    set_accumulator(value, acc, vacc);
    write_slot(fp, value);
    TRELLIS_RETURN(header);
}

TRELLIS_HANDLER Trap do_return_many(TRELLIS_STATE)
{
    const Slot header[2] = {fp[u32(pc + 8)], fp[u32(pc + 8) + 1]};
    std::memmove(static_cast<void*>(fp), &fp[u32(pc + 12)], u32(pc + 16) * sizeof(Slot));
    TRELLIS_RETURN(header);
}

/// Other code ended in a tail call: its arguments are in the frame, which is given to the function. The header is in
/// the activation's way no more: pc and frame are its caller's.
TRELLIS_HANDLER Trap do_tail_call_of_other_code(TRELLIS_STATE)
{
    auto& activation = *static_cast<Activation*>(current_activation);
    auto& function = *std::exchange(activation.tail_call, nullptr);
    const auto parameters = parameter_slots(function.type->function());
    const bool is_outermost = activation.pc == nullptr;
    const Slot header[2] = {{.u64 = is_outermost ? exit_address() : reinterpret_cast<std::uint64_t>(activation.pc) + 1},
                            {.u64 = reinterpret_cast<std::uint64_t>(activation.slots())}};
    fp[parameters] = header[0];
    fp[parameters + 1] = header[1];
    if (function.instance == inst) {
        auto* const entry = entry_of(function);
        acc = reinterpret_cast<std::uint64_t>(entry);
        pc = entry->code.load(std::memory_order_acquire);
        TRELLIS_NEXT(0);
    }
    if (is_outermost && !function.host) {
        activation.tail_call = &function;
        return Trap::none;
    }
    inst->store->stack->top = fp + std::max(parameters, result_slots(function.type->function()));
    const auto trap = call(*inst->store, function, fp);
    if (failed(trap)) [[unlikely]] {
        if (is_outermost)
            return trap;
        pc = reinterpret_cast<Code>(header[0].u64) - 1;
        fp = reinterpret_cast<Slot*>(header[1].u64);
        TRELLIS_LEAVE(trap);
    }
    acc = fp->u64;
    std::memcpy(&vacc, fp, 8);
    TRELLIS_RETURN(header);
}

/// In place of this frame, and back to its caller. What is in the way of the results is the frame itself.
TRELLIS_HANDLER Trap do_run_other_code(TRELLIS_STATE)
{
    const auto& other = *read<const OtherCode*>(pc + 8);
    const Slot header[2] = {fp[other.parameter_slots], fp[other.parameter_slots + 1]};
    const bool is_outermost = header[0].u64 == exit_address();
    pc = is_outermost ? nullptr : reinterpret_cast<Code>(header[0].u64) - 1;
    publish(*inst, pc, reinterpret_cast<Slot*>(header[1].u64),
            fp + std::max(other.parameter_slots + header_slots, other.result_slots));
    inst->store->last_trap.trap = Trap::none;
    const auto trap = other.run(*inst, other, fp);
    if (failed(trap)) [[unlikely]] {
        if (is_outermost)
            return trap;
        fp = reinterpret_cast<Slot*>(header[1].u64);
        TRELLIS_LEAVE(trap);
    }
    if (static_cast<Activation*>(current_activation)->tail_call) [[unlikely]]
        [[clang::musttail]] return do_tail_call_of_other_code(pc, fp, mem, inst, acc, vacc);
    acc = fp->u64;
    std::memcpy(&vacc, fp, 8);
    TRELLIS_RETURN(header);
}

// Calls.

TRELLIS_HANDLER Trap do_call(TRELLIS_STATE)
{
    auto* const entry = read<FunctionEntry*>(pc + 8);
    Slot* const frame = fp + u32(pc + 16);
    Slot* const header = frame + u32(pc + 20);
    header[0].u64 = reinterpret_cast<std::uint64_t>(pc + 24);
    header[1].u64 = reinterpret_cast<std::uint64_t>(fp);
    fp = frame;
    acc = reinterpret_cast<std::uint64_t>(entry);
    pc = entry->code.load(std::memory_order_acquire);
    TRELLIS_NEXT(0);
}

/// The host, or another instance: a C++ call. `used` is the end of what the callee's frame has now or with its results.
Trap call_outside(Instance& inst, Code pc, Slot* fp, Slot* frame, Slot* used, Function& function)
{
    publish(inst, pc, fp, used);
    inst.store->last_trap.trap = Trap::none; // so that a trap met inside is told from one returned by the host
    if (!function.host)
        return call(*inst.store, function, frame);
    auto& activation = *current_activation;
    activation.in_host = true;
    const auto trap = function.host(function.context, Caller{*inst.store, &inst}, frame);
    activation.in_host = false;
    return trap;
}

#define TRELLIS_CALL_OUTSIDE(function, frame, slots, size)                                                             \
    do {                                                                                                               \
        const auto outside_trap = call_outside(*inst, pc, fp, frame, (frame) + (slots), function);                     \
        if (failed(outside_trap)) [[unlikely]]                                                                         \
            TRELLIS_LEAVE(outside_trap);                                                                               \
        acc = (frame)->u64;                                                                                            \
        std::memcpy(&vacc, frame, 8);                                                                                  \
        TRELLIS_NEXT(size);                                                                                            \
    } while (false)

TRELLIS_HANDLER Trap do_call_import(TRELLIS_STATE)
{
    Function& function = *inst->functions[u32(pc + 8)];
    Slot* const frame = fp + u32(pc + 12);
    TRELLIS_CALL_OUTSIDE(function, frame, u32(pc + 16), 20);
}

/// A function of this instance: as do_call. Others: outside.
#define TRELLIS_CALL_FUNCTION(function, frame, parameter_slots, slots, size)                                           \
    do {                                                                                                               \
        if ((function).instance != inst)                                                                               \
            TRELLIS_CALL_OUTSIDE(function, frame, slots, size);                                                        \
        Slot* const header = (frame) + (parameter_slots);                                                              \
        header[0].u64 = reinterpret_cast<std::uint64_t>(pc + (size));                                                  \
        header[1].u64 = reinterpret_cast<std::uint64_t>(fp);                                                           \
        fp = frame;                                                                                                    \
        auto* const entry = entry_of(function);                                                                        \
        acc = reinterpret_cast<std::uint64_t>(entry);                                                                  \
        pc = entry->code.load(std::memory_order_acquire);                                                              \
        TRELLIS_NEXT(0);                                                                                               \
    } while (false)

/// What a call through a table finds, or why not.
[[gnu::always_inline]] inline Trap find_in_table(const Table& table, std::uint64_t index, const CanonicalType* type,
                                                 Function*& function)
{
    if (index >= table.size) [[unlikely]]
        return Trap::undefined_element;
    function = reinterpret_cast<Function*>(table.elements[index]);
    if (!function) [[unlikely]]
        return Trap::uninitialized_element;
    if (function->type != type && !is_subtype(function->type, type)) [[unlikely]]
        return Trap::indirect_call_type_mismatch;
    return Trap::none;
}

template <Source source, class Index>
TRELLIS_HANDLER Trap do_call_indirect(TRELLIS_STATE)
{
    constexpr int size = 32 + operand_size<source, Index>;
    Function* function;
    const auto trap = find_in_table(*inst->tables[u32(pc + 16)], operand<source, Index>(pc + 32, fp, acc, vacc),
                                    read<const CanonicalType*>(pc + 8), function);
    if (failed(trap)) [[unlikely]]
        return raise(pc, fp, inst, trap);
    Slot* const frame = fp + u32(pc + 20);
    TRELLIS_CALL_FUNCTION(*function, frame, u32(pc + 24), u32(pc + 28), size);
}

template <Source source>
TRELLIS_HANDLER Trap do_call_reference(TRELLIS_STATE)
{
    constexpr int size = 20 + operand_size<source, std::uint64_t>;
    auto* const function = reinterpret_cast<Function*>(operand<source, std::uint64_t>(pc + 20, fp, acc, vacc));
    if (!function) [[unlikely]]
        return raise(pc, fp, inst, Trap::null_function_reference);
    Slot* const frame = fp + u32(pc + 8);
    TRELLIS_CALL_FUNCTION(*function, frame, u32(pc + 12), u32(pc + 16), size);
}

// Tail calls: the arguments move down over this frame's parameters, its header moves behind them.

Slot* move_frame_down(Slot* fp, std::uint32_t arguments, std::uint32_t parameter_slots, std::uint32_t header)
{
    const Slot saved[2] = {fp[header], fp[header + 1]};
    std::memmove(static_cast<void*>(fp), fp + arguments, parameter_slots * sizeof(Slot));
    fp[parameter_slots] = saved[0];
    fp[parameter_slots + 1] = saved[1];
    return fp + parameter_slots;
}

/// Calls a function of any instance in place of this frame; `tail` is the layout [arguments 4, parameter slots 4,
/// header 4, result slots 4]. The outermost frame of an activation leaves the call to the C++ caller, so that the
/// native stack does not grow either.
#define TRELLIS_TAIL_CALL(function, tail)                                                                              \
    do {                                                                                                               \
        if ((function).instance == inst) {                                                                             \
            move_frame_down(fp, u32(tail), u32((tail) + 4), u32((tail) + 8));                                          \
            auto* const entry = entry_of(function);                                                                    \
            acc = reinterpret_cast<std::uint64_t>(entry);                                                              \
            pc = entry->code.load(std::memory_order_acquire);                                                          \
            TRELLIS_NEXT(0);                                                                                           \
        }                                                                                                              \
        if (fp[u32((tail) + 8)].u64 == exit_address() && !(function).host) {                                           \
            move_frame_down(fp, u32(tail), u32((tail) + 4), u32((tail) + 8));                                          \
            leave_tail_call(*inst, function);                                                                          \
            return Trap::none;                                                                                         \
        }                                                                                                              \
        Slot* const frame = fp + u32(tail);                                                                            \
        const auto outside_trap =                                                                                      \
            call_outside(*inst, pc, fp, frame, frame + std::max(u32((tail) + 4), u32((tail) + 12)), function);         \
        if (failed(outside_trap)) [[unlikely]]                                                                         \
            TRELLIS_LEAVE_FRAME(outside_trap, tail);                                                                   \
        const Slot header[2] = {fp[u32((tail) + 8)], fp[u32((tail) + 8) + 1]};                                         \
        std::memmove(static_cast<void*>(fp), frame, u32((tail) + 12) * sizeof(Slot));                                  \
        acc = fp->u64;                                                                                                 \
        std::memcpy(&vacc, fp, 8);                                                                                     \
        TRELLIS_RETURN(header);                                                                                        \
    } while (false)

/// An exception from a tail call is thrown in the caller, not here: the frame is gone.
#define TRELLIS_LEAVE_FRAME(trap, tail)                                                                                \
    do {                                                                                                               \
        const Slot* const left = fp + u32((tail) + 8);                                                                 \
        if ((trap) == Trap::uncaught_exception && left[0].u64 != exit_address()) {                                     \
            pc = reinterpret_cast<Code>(left[0].u64) - 1;                                                              \
            fp = reinterpret_cast<Slot*>(left[1].u64);                                                                 \
            TRELLIS_LEAVE(trap);                                                                                       \
        }                                                                                                              \
        return raise(pc, fp, inst, trap);                                                                              \
    } while (false)

TRELLIS_HANDLER Trap do_return_call(TRELLIS_STATE)
{
    auto* const entry = read<FunctionEntry*>(pc + 8);
    move_frame_down(fp, u32(pc + 16), u32(pc + 20), u32(pc + 24));
    acc = reinterpret_cast<std::uint64_t>(entry);
    pc = entry->code.load(std::memory_order_acquire);
    TRELLIS_NEXT(0);
}

TRELLIS_HANDLER Trap do_return_call_import(TRELLIS_STATE)
{
    Function& function = *inst->functions[u32(pc + 8)];
    TRELLIS_TAIL_CALL(function, pc + 12);
}

/// [type 8, table 4, index slot 4, tail 16]
template <class Index>
TRELLIS_HANDLER Trap do_return_call_indirect(TRELLIS_STATE)
{
    Function* function;
    const auto trap = find_in_table(*inst->tables[u32(pc + 16)], operand<Source::slot, Index>(pc + 20, fp, acc, vacc),
                                    read<const CanonicalType*>(pc + 8), function);
    if (failed(trap)) [[unlikely]]
        return raise(pc, fp, inst, trap);
    TRELLIS_TAIL_CALL(*function, pc + 24);
}

/// [slot 4, tail 16]
TRELLIS_HANDLER Trap do_return_call_reference(TRELLIS_STATE)
{
    auto* const function = reinterpret_cast<Function*>(fp[u32(pc + 8)].ref);
    if (!function) [[unlikely]]
        return raise(pc, fp, inst, Trap::null_function_reference);
    TRELLIS_TAIL_CALL(*function, pc + 12);
}

// Everything else.

TRELLIS_HANDLER Trap call_operation(TRELLIS_STATE)
{
    publish(*inst, pc, fp, fp + u32(pc + 20));
    const OperationImmediates immediates{u32(pc + 24), u32(pc + 28), read<std::uint64_t>(pc + 32)};
    const auto trap = read<Operation>(pc + 8)(*inst, fp + u32(pc + 16), immediates);
    if (failed(trap)) [[unlikely]]
        TRELLIS_LEAVE(trap);
    TRELLIS_NEXT(40);
}

TRELLIS_HANDLER Trap do_throw(TRELLIS_STATE)
{
    publish(*inst, pc, fp, fp + u32(pc + 16));
    Ref exception = null_ref;
    auto trap = exception_new(*inst, static_cast<TagIndex>(u32(pc + 8)), fp + u32(pc + 12), exception);
    if (!failed(trap))
        trap = inst->store->raise(exception);
    TRELLIS_LEAVE(trap);
}

TRELLIS_HANDLER Trap do_throw_reference(TRELLIS_STATE)
{
    const auto exception = fp[u32(pc + 8)].ref;
    if (exception == null_ref)
        return raise(pc, fp, inst, Trap::null_exception_reference);
    TRELLIS_LEAVE(inst->store->raise(exception));
}

template <class T>
struct ReturnValue {
    template <Source s>
    struct For {
        static constexpr Handler handler = do_return_value<T, s>;
    };
};
template <class Index>
struct CallIndirect {
    template <Source s>
    struct For {
        static constexpr Handler handler = do_call_indirect<s, Index>;
    };
};
template <Source s>
struct CallReference {
    static constexpr Handler handler = do_call_reference<s>;
};

} // namespace

namespace handlers {

const std::array<Handler, 6> enter = {enter_function<0>, enter_function<1>, enter_function<2>,
                                      enter_function<3>, enter_function<4>, enter_function<-1>};
const Handler compile_on_call = compile_function;
const Handler run_other_code = do_run_other_code;
const Handler exit = exit_to_caller;
const Handler return_nothing = do_return_nothing, return_many = do_return_many;
const Handler call = do_call, call_import = do_call_import;
const Handler return_call = do_return_call, return_call_import = do_return_call_import,
              return_call_indirect = do_return_call_indirect<std::uint32_t>,
              return_call_indirect_64 = do_return_call_indirect<std::uint64_t>,
              return_call_reference = do_return_call_reference;
const Handler operation = call_operation;
const Handler throw_exception = do_throw, throw_reference = do_throw_reference;

Handler return_word(Source value)
{
    return by_source<ReturnValue<std::uint64_t>::For>(value);
}

Handler return_float(Source value)
{
    return by_source<ReturnValue<double>::For>(value);
}

Handler call_indirect(Source index, bool is_64)
{
    return is_64 ? by_source<CallIndirect<std::uint64_t>::For>(index)
                 : by_source<CallIndirect<std::uint32_t>::For>(index);
}

Handler call_reference(Source function)
{
    return by_source<CallReference>(function);
}

} // namespace handlers
} // namespace trellis::wasm::interpreter
