#include "wasm/interpreter/handlers_control.hpp"

#include "wasm/execution/memory.hpp"
#include "wasm/execution/operations.hpp"
#include "wasm/interpreter/activation.hpp"
#include "wasm/interpreter/handlers_arithmetic.hpp"

namespace trellis::wasm::interpreter {

Trap raise(Code pc, Slot* fp, Instance* inst, Trap trap)
{
    publish(*inst, pc, fp);
    return trap;
}

TRELLIS_HANDLER Trap poll_then_continue(TRELLIS_STATE)
{
    publish(*inst, pc, fp);
    if (const auto trap = inst->store->check_stack(fp); failed(trap))
        return trap;
    if (const Code replacement = static_cast<ModuleCode*>(inst->code)->replacement_at(pc))
        pc = replacement;
    TRELLIS_NEXT(0);
}

namespace {

std::uint32_t u32(Code at)
{
    return read<std::uint32_t>(at);
}

TRELLIS_HANDLER Trap trap_unreachable(TRELLIS_STATE)
{
    return raise(pc, fp, inst, Trap::unreachable);
}

TRELLIS_HANDLER Trap jump_forward(TRELLIS_STATE)
{
    TRELLIS_NEXT(read<std::int32_t>(pc + 8));
}

TRELLIS_HANDLER Trap jump_back(TRELLIS_STATE)
{
    pc += read<std::int32_t>(pc + 8);
    if (should_poll(fp, inst)) [[unlikely]]
        [[clang::musttail]] return poll_then_continue(pc, fp, mem, inst, acc, vacc);
    TRELLIS_NEXT(0);
}

template <Source index>
TRELLIS_HANDLER Trap jump_by_table(TRELLIS_STATE)
{
    const auto last = u32(pc + 8);
    const auto wanted = operand<index, std::uint32_t>(pc + 12, fp, acc, vacc);
    const Code targets = pc + 12 + operand_size<index, std::uint32_t>;
    pc += read<std::int32_t>(targets + std::size_t(4) * (wanted < last ? wanted : last));
    if (should_poll(fp, inst)) [[unlikely]]
        [[clang::musttail]] return poll_then_continue(pc, fp, mem, inst, acc, vacc);
    TRELLIS_NEXT(0);
}

// Moving values.

template <int count>
TRELLIS_HANDLER Trap copy_slots(TRELLIS_STATE)
{
    for (int i = 0; i < count; ++i)
        fp[u32(pc + 8 + i * 8)].u64 = fp[u32(pc + 12 + i * 8)].u64;
    TRELLIS_NEXT(8 + count * 8);
}

TRELLIS_HANDLER Trap copy_two_slots(TRELLIS_STATE)
{
    write_slot(&fp[u32(pc + 8)], operand<Source::slot, Vector>(pc + 12, fp, acc, vacc));
    TRELLIS_NEXT(16);
}

TRELLIS_HANDLER Trap move_many_slots(TRELLIS_STATE)
{
    std::memmove(static_cast<void*>(&fp[u32(pc + 8)]), &fp[u32(pc + 12)], u32(pc + 16) * sizeof(Slot));
    TRELLIS_NEXT(20);
}

TRELLIS_HANDLER Trap set_constant(TRELLIS_STATE)
{
    fp[u32(pc + 8)].u64 = read<std::uint64_t>(pc + 12);
    TRELLIS_NEXT(20);
}

TRELLIS_HANDLER Trap set_constant_vector(TRELLIS_STATE)
{
    write_slot(&fp[u32(pc + 8)], read<Vector>(pc + 12));
    TRELLIS_NEXT(28);
}

template <class T>
TRELLIS_HANDLER Trap keep(TRELLIS_STATE)
{
    write_slot(&fp[u32(pc + 8)], from_accumulator<T>(acc, vacc));
    TRELLIS_NEXT(12);
}

template <class T, Source condition, Source a, Source b, Destination destination>
TRELLIS_HANDLER Trap do_select(TRELLIS_STATE)
{
    constexpr int a_at = operands_at + operand_size<condition, std::uint32_t>;
    constexpr int b_at = a_at + operand_size<a, T>;
    const auto chosen = operand<condition, std::uint32_t>(pc + operands_at, fp, acc, vacc);
    const T x = operand<a, T>(pc + a_at, fp, acc, vacc);
    const T y = operand<b, T>(pc + b_at, fp, acc, vacc);
    TRELLIS_FINISH(destination, b_at + (operand_size<b, T>), chosen ? x : y);
}

// Globals and memory size.

template <class T, Destination destination>
TRELLIS_HANDLER Trap get_global(TRELLIS_STATE)
{
    T value;
    std::memcpy(&value, inst->globals[u32(pc + operands_at)], sizeof value);
    TRELLIS_FINISH(destination, operands_at + 4, value);
}

template <class T, Source source>
TRELLIS_HANDLER Trap set_global(TRELLIS_STATE)
{
    write_slot(inst->globals[u32(pc + 8)], operand<source, T>(pc + 12, fp, acc, vacc));
    TRELLIS_NEXT(12 + (operand_size<source, T>));
}

template <Destination destination>
TRELLIS_HANDLER Trap get_memory_size(TRELLIS_STATE)
{
    TRELLIS_FINISH(destination, operands_at + 4, inst->memories[u32(pc + operands_at)]->pages());
}

/// One straight-line run of instructions.
TRELLIS_HANDLER Trap charge_fuel(TRELLIS_STATE)
{
    auto& fuel = inst->store->fuel;
    const auto units = u32(pc + 8);
    if (fuel < units) [[unlikely]] {
        fuel = 0;
        return raise(pc, fp, inst, Trap::out_of_fuel);
    }
    fuel -= units;
    TRELLIS_NEXT(12);
}

template <class T, Source condition, Source a, Source b>
struct MakeSelect {
    template <Destination d>
    struct For {
        static constexpr Handler handler = do_select<T, condition, a, b, d>;
    };
};
template <class T>
struct MakeGlobalGet {
    template <Destination d>
    struct For {
        static constexpr Handler handler = get_global<T, d>;
    };
};
struct MakeMemorySize {
    template <Destination d>
    struct For {
        static constexpr Handler handler = get_memory_size<d>;
    };
};

/// A condition in a slot or the accumulator; values in slots, constants or (float class) the other accumulator.
template <class T>
HandlerRow select_row(Source condition, Source a, Source b)
{
    static constexpr auto rows = []<std::size_t... i>(std::index_sequence<i...>) {
        return std::array{Row<MakeSelect<T, sources[i / 4], (i / 2) % 2 ? Source::immediate : Source::slot,
                                         i % 2 ? Source::immediate : Source::slot>::template For,
                              false>::handlers.data()...};
    }(std::make_index_sequence<8>());
    return {rows[static_cast<std::size_t>(condition) * 4 + (a == Source::immediate) * 2 + (b == Source::immediate)]};
}

template <class T>
struct SetGlobal {
    template <Source s>
    struct For {
        static constexpr Handler handler = set_global<T, s>;
    };
};
template <Source s>
struct BranchTable {
    static constexpr Handler handler = jump_by_table<s>;
};
} // namespace

namespace handlers {

const Handler jump = jump_forward, jump_to_loop = jump_back;
const Handler unreachable = trap_unreachable;
const std::array<Handler, 4> copy = {copy_slots<1>, copy_slots<2>, copy_slots<3>, copy_slots<4>};
const Handler copy_vector = copy_two_slots;
const Handler move_slots = move_many_slots;
const Handler constant = set_constant, constant_vector = set_constant_vector;
const Handler keep_word = keep<std::uint64_t>, keep_float = keep<double>, keep_vector = keep<Vector>;
const Handler charge = charge_fuel;

Handler branch_table(Source index)
{
    return by_source<BranchTable>(index);
}
HandlerRow select_word(Source condition, Source a, Source b)
{
    return select_row<std::uint64_t>(condition, a, b);
}
HandlerRow select_float(Source condition, Source a, Source b)
{
    return select_row<double>(condition, a, b);
}
HandlerRow select_vector(Source condition)
{
    static constexpr std::array rows{
        Row<MakeSelect<Vector, Source::slot, Source::slot, Source::slot>::For, false>::handlers.data(),
        Row<MakeSelect<Vector, Source::accumulator, Source::slot, Source::slot>::For, false>::handlers.data()};
    return {rows[static_cast<std::size_t>(condition)]};
}
HandlerRow global_get_word()
{
    return {Row<MakeGlobalGet<std::uint64_t>::For, false>::handlers.data()};
}
HandlerRow global_get_float()
{
    return {Row<MakeGlobalGet<double>::For, false>::handlers.data()};
}
HandlerRow global_get_vector()
{
    return {Row<MakeGlobalGet<Vector>::For, false>::handlers.data()};
}
Handler global_set_word(Source value)
{
    return by_source<SetGlobal<std::uint64_t>::For>(value);
}
Handler global_set_float(Source value)
{
    return by_source<SetGlobal<double>::For>(value);
}
Handler global_set_vector(Source value)
{
    return by_source<SetGlobal<Vector>::For>(value);
}
HandlerRow memory_size()
{
    return {Row<MakeMemorySize::For, false>::handlers.data()};
}

} // namespace handlers
} // namespace trellis::wasm::interpreter
