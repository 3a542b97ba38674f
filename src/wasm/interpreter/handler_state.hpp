// What the handlers are written with: operands of the three kinds, the accumulators, and the jump to the next handler.
// An operation in code is: handler (8 bytes), destination (4 bytes: a slot, or a jump's distance), operands in order.
#pragma once

#include "wasm/interpreter/code.hpp"
#include "wasm/interpreter/operands.hpp"

namespace trellis::wasm::interpreter {

template <class T>
T read(Code at)
{
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

/// The jump to the handler of the operation at pc.
[[gnu::always_inline]] TRELLIS_HANDLER inline Trap next(TRELLIS_STATE)
{
    [[clang::musttail]] return read<Handler>(pc)(pc, fp, mem, inst, acc, vacc);
}

#define TRELLIS_NEXT(size) [[clang::musttail]] return next(pc + (size), fp, mem, inst, acc, vacc)

/// Leaves the interpreter with a trap, remembering where.
[[gnu::cold, gnu::noinline]] Trap raise(Code pc, Slot* fp, Instance* inst, Trap trap);
/// A taken loop branch found the limit lowered: polls, then goes on at pc.
TRELLIS_HANDLER Trap poll_then_continue(TRELLIS_STATE);

inline bool should_poll(const Slot* fp, const Instance* inst)
{
    return reinterpret_cast<std::uintptr_t>(fp) >= inst->stack_limit->load(std::memory_order_relaxed);
}

template <class T>
inline constexpr bool in_vector_accumulator = std::is_floating_point_v<T> || std::is_same_v<T, Vector>;

template <class T>
T from_accumulator([[maybe_unused]] std::uint64_t acc, [[maybe_unused]] Vector vacc)
{
    if constexpr (std::is_same_v<T, Vector>)
        return vacc;
    else if constexpr (std::is_floating_point_v<T>) {
        using Lanes = T __attribute__((vector_size(16)));
        return __builtin_bit_cast(Lanes, vacc)[0];
    } else
        return static_cast<T>(acc);
}

template <class T>
Vector to_vector(T value)
{
    if constexpr (std::is_same_v<T, Vector>)
        return value;
    else {
        using Lanes = T __attribute__((vector_size(16)));
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wuninitialized"
        Lanes lanes; // the other lanes don't matter
        lanes[0] = value;
#pragma clang diagnostic pop
        return __builtin_bit_cast(Vector, lanes);
    }
}

/// Bytes that an operand takes in the code.
template <Source source, class T>
inline constexpr int operand_size = source == Source::accumulator ? 0
                                    : source == Source::slot      ? 4
                                                                  : static_cast<int>(sizeof(T));

template <Source source, class T>
[[gnu::always_inline]] inline T operand(Code at, const Slot* fp, std::uint64_t acc, Vector vacc)
{
    if constexpr (source == Source::accumulator)
        return from_accumulator<T>(acc, vacc);
    else if constexpr (source == Source::immediate)
        return read<T>(at);
    else {
        T value;
        std::memcpy(&value, &fp[read<std::uint32_t>(at)], sizeof value);
        return value;
    }
}

/// Slots are written whole, so that a later copy of eight bytes never waits for two stores.
template <class T>
[[gnu::always_inline]] inline void write_slot(Slot* slot, T value)
{
    if constexpr (std::is_same_v<T, Vector>)
        std::memcpy(static_cast<void*>(slot), &value, 16);
    else if constexpr (std::is_floating_point_v<T>) {
        const auto wide = to_vector(value);
        std::memcpy(static_cast<void*>(slot), &wide, 8);
    } else
        slot->u64 = static_cast<std::make_unsigned_t<T>>(value);
}

template <class T>
[[gnu::always_inline]] inline void set_accumulator(T value, std::uint64_t& acc, Vector& vacc)
{
    if constexpr (in_vector_accumulator<T>)
        vacc = to_vector(value);
    else
        acc = static_cast<std::make_unsigned_t<T>>(value);
}

inline constexpr int destination_at = 8;
inline constexpr int operands_at = 12;

// The end of a handler with a result: put it where the destination says, or branch on it, and go on. A macro because
// only the handler itself can make the tail call.
#define TRELLIS_FINISH(destination, size, result)                                                                      \
    do {                                                                                                               \
        const auto finished = (result);                                                                                \
        if constexpr (is_plain(destination)) {                                                                         \
            set_accumulator(finished, acc, vacc);                                                                      \
            if constexpr ((destination) == Destination::slot)                                                          \
                write_slot(&fp[read<std::uint32_t>(pc + destination_at)], finished);                                   \
            TRELLIS_NEXT(size);                                                                                        \
        } else {                                                                                                       \
            if ((finished != 0) == branches_on_true(destination)) {                                                    \
                pc += read<std::int32_t>(pc + destination_at);                                                         \
                if constexpr (branches_to_loop(destination))                                                           \
                    if (should_poll(fp, inst)) [[unlikely]]                                                            \
                        [[clang::musttail]] return poll_then_continue(pc, fp, mem, inst, acc, vacc);                   \
                TRELLIS_NEXT(0);                                                                                       \
            }                                                                                                          \
            TRELLIS_NEXT(size);                                                                                        \
        }                                                                                                              \
    } while (false)

constexpr bool is_plain(Destination destination)
{
    return destination == Destination::accumulator || destination == Destination::slot;
}
constexpr bool branches_on_true(Destination destination)
{
    return destination == Destination::branch_if || destination == Destination::loop_if;
}
constexpr bool branches_to_loop(Destination destination)
{
    return destination == Destination::loop_if || destination == Destination::loop_unless;
}

} // namespace trellis::wasm::interpreter
