// Handlers of loads and stores. A guarded access has no check: the address is a 32-bit index plus a 32-bit offset, the
// memory's reservation is larger than both together, and a fault becomes a trap (wasm/execution). Others check first.
#include "wasm/execution/memory.hpp"
#include "wasm/interpreter/handlers_arithmetic.hpp"

namespace trellis::wasm::interpreter {
namespace {

/// Makes sure that a fault between two of these finds code pointer and frame in their registers, which is where the
/// signal handler looks for them.
[[gnu::always_inline]] inline void pin([[maybe_unused]] Code pc, [[maybe_unused]] Slot* fp)
{
#if defined(__x86_64__)
    register Code pinned_pc asm("r12") = pc;
    register Slot* pinned_fp asm("r13") = fp;
    asm volatile("" ::"r"(pinned_pc), "r"(pinned_fp));
#endif
}

template <class Raw>
[[gnu::always_inline]] inline Raw load_raw(const std::byte* at)
{
    struct [[gnu::packed, gnu::may_alias]] Unaligned {
        Raw value;
    };
    return reinterpret_cast<const volatile Unaligned*>(at)->value;
}
template <class Raw>
[[gnu::always_inline]] inline void store_raw(std::byte* at, Raw value)
{
    struct [[gnu::packed, gnu::may_alias]] Unaligned {
        Raw value;
    };
    reinterpret_cast<volatile Unaligned*>(at)->value = value;
}
using U64x2 = std::uint64_t __attribute__((vector_size(16)));
template <>
[[gnu::always_inline]] inline Vector load_raw<Vector>(const std::byte* at)
{
    Vector value;
#if defined(__x86_64__)
    asm volatile("movups %1, %0" : "=x"(value) : "m"(*reinterpret_cast<const std::array<std::byte, 16>*>(at)));
#else
    std::memcpy(&value, at, sizeof value);
#endif
    return value;
}
template <>
[[gnu::always_inline]] inline void store_raw<Vector>(std::byte* at, Vector value)
{
#if defined(__x86_64__)
    asm volatile("movups %1, %0" : "=m"(*reinterpret_cast<std::array<std::byte, 16>*>(at)) : "x"(value));
#else
    std::memcpy(at, &value, sizeof value);
#endif
}

/// What an access reads from memory, and the value it becomes.
template <class Raw_, class Value_, auto convert_>
struct LoadAccess {
    using Raw = Raw_;
    using Value = Value_;
    static Value convert(Raw raw) { return convert_(raw); }
};
template <class Raw_, class Value_>
struct StoreAccess {
    using Raw = Raw_;
    using Value = Value_;
    static Raw convert(Value value) { return static_cast<Raw>(value); }
};
template <class To>
constexpr auto as = [](auto raw) { return static_cast<To>(raw); };
/// Sign-extended to 32 or 64 bits, as unsigned.
constexpr auto signed_32 = [](auto raw) { return static_cast<std::uint32_t>(static_cast<std::int32_t>(raw)); };
constexpr auto signed_64 = [](auto raw) { return static_cast<std::uint64_t>(static_cast<std::int64_t>(raw)); };

using std::int16_t, std::int32_t, std::int8_t, std::uint16_t, std::uint32_t, std::uint64_t, std::uint8_t;

template <Op op>
struct AccessOf;
#define TRELLIS_ACCESS(name, ...)                                                                                      \
    template <>                                                                                                        \
    struct AccessOf<Op::name> : __VA_ARGS__ {}
TRELLIS_ACCESS(i32_load, LoadAccess<uint32_t, uint32_t, as<uint32_t>>);
TRELLIS_ACCESS(i64_load, LoadAccess<uint64_t, uint64_t, as<uint64_t>>);
TRELLIS_ACCESS(f32_load, LoadAccess<float, float, as<float>>);
TRELLIS_ACCESS(f64_load, LoadAccess<double, double, as<double>>);
TRELLIS_ACCESS(i32_load8_s, LoadAccess<int8_t, uint32_t, signed_32>);
TRELLIS_ACCESS(i32_load8_u, LoadAccess<uint8_t, uint32_t, as<uint32_t>>);
TRELLIS_ACCESS(i32_load16_s, LoadAccess<int16_t, uint32_t, signed_32>);
TRELLIS_ACCESS(i32_load16_u, LoadAccess<uint16_t, uint32_t, as<uint32_t>>);
TRELLIS_ACCESS(i64_load8_s, LoadAccess<int8_t, uint64_t, signed_64>);
TRELLIS_ACCESS(i64_load8_u, LoadAccess<uint8_t, uint64_t, as<uint64_t>>);
TRELLIS_ACCESS(i64_load16_s, LoadAccess<int16_t, uint64_t, signed_64>);
TRELLIS_ACCESS(i64_load16_u, LoadAccess<uint16_t, uint64_t, as<uint64_t>>);
TRELLIS_ACCESS(i64_load32_s, LoadAccess<int32_t, uint64_t, signed_64>);
TRELLIS_ACCESS(i64_load32_u, LoadAccess<uint32_t, uint64_t, as<uint64_t>>);
TRELLIS_ACCESS(v128_load, LoadAccess<Vector, Vector, as<Vector>>);
TRELLIS_ACCESS(v128_load8x8_s, LoadAccess<uint64_t, Vector, &numeric::v128_load8x8_s>);
TRELLIS_ACCESS(v128_load8x8_u, LoadAccess<uint64_t, Vector, &numeric::v128_load8x8_u>);
TRELLIS_ACCESS(v128_load16x4_s, LoadAccess<uint64_t, Vector, &numeric::v128_load16x4_s>);
TRELLIS_ACCESS(v128_load16x4_u, LoadAccess<uint64_t, Vector, &numeric::v128_load16x4_u>);
TRELLIS_ACCESS(v128_load32x2_s, LoadAccess<uint64_t, Vector, &numeric::v128_load32x2_s>);
TRELLIS_ACCESS(v128_load32x2_u, LoadAccess<uint64_t, Vector, &numeric::v128_load32x2_u>);
TRELLIS_ACCESS(v128_load8_splat, LoadAccess<uint8_t, Vector, &numeric::v128_load8_splat>);
TRELLIS_ACCESS(v128_load16_splat, LoadAccess<uint16_t, Vector, &numeric::v128_load16_splat>);
TRELLIS_ACCESS(v128_load32_splat, LoadAccess<uint32_t, Vector, &numeric::v128_load32_splat>);
TRELLIS_ACCESS(v128_load64_splat, LoadAccess<uint64_t, Vector, &numeric::v128_load64_splat>);
TRELLIS_ACCESS(v128_load32_zero, LoadAccess<uint32_t, Vector, &numeric::v128_load32_zero>);
TRELLIS_ACCESS(v128_load64_zero, LoadAccess<uint64_t, Vector, &numeric::v128_load64_zero>);
TRELLIS_ACCESS(i32_store, StoreAccess<uint32_t, uint32_t>);
TRELLIS_ACCESS(i64_store, StoreAccess<uint64_t, uint64_t>);
TRELLIS_ACCESS(f32_store, StoreAccess<float, float>);
TRELLIS_ACCESS(f64_store, StoreAccess<double, double>);
TRELLIS_ACCESS(i32_store8, StoreAccess<uint8_t, uint32_t>);
TRELLIS_ACCESS(i32_store16, StoreAccess<uint16_t, uint32_t>);
TRELLIS_ACCESS(i64_store8, StoreAccess<uint8_t, uint64_t>);
TRELLIS_ACCESS(i64_store16, StoreAccess<uint16_t, uint64_t>);
TRELLIS_ACCESS(i64_store32, StoreAccess<uint32_t, uint64_t>);
TRELLIS_ACCESS(v128_store, StoreAccess<Vector, Vector>);
#undef TRELLIS_ACCESS

/// How an address is computed from the code, and how many bytes of code say so.
template <Address>
struct AddressOf;

template <Source source>
struct OperandAddress {
    static constexpr int size = operand_size<source, uint32_t>;
    [[gnu::always_inline]] static uint32_t of(Code at, const Slot* fp, uint64_t acc)
    {
        return operand<source, uint32_t>(at, fp, acc, Vector{});
    }
};
template <Source a, Source b>
struct SumAddress {
    static constexpr int size = operand_size<a, uint32_t> + operand_size<b, uint32_t>;
    [[gnu::always_inline]] static uint32_t of(Code at, const Slot* fp, uint64_t acc)
    {
        return operand<a, uint32_t>(at, fp, acc, Vector{}) +
               operand<b, uint32_t>(at + operand_size<a, uint32_t>, fp, acc, Vector{});
    }
};
/// In code: the index (slot or nothing), the shift (4 bytes), the slot to add.
template <Source a>
struct ScaledAddress {
    static constexpr int size = operand_size<a, uint32_t> + 8;
    [[gnu::always_inline]] static uint32_t of(Code at, const Slot* fp, uint64_t acc)
    {
        const auto index = operand<a, uint32_t>(at, fp, acc, Vector{});
        const auto shift = read<uint32_t>(at + operand_size<a, uint32_t>) & 31;
        return (index << shift) +
               operand<Source::slot, uint32_t>(at + operand_size<a, uint32_t> + 4, fp, acc, Vector{});
    }
};
template <>
struct AddressOf<Address::slot> : OperandAddress<Source::slot> {};
template <>
struct AddressOf<Address::accumulator> : OperandAddress<Source::accumulator> {};
template <>
struct AddressOf<Address::immediate> : OperandAddress<Source::immediate> {};
template <>
struct AddressOf<Address::sum_slot_slot> : SumAddress<Source::slot, Source::slot> {};
template <>
struct AddressOf<Address::sum_slot_accumulator> : SumAddress<Source::slot, Source::accumulator> {};
template <>
struct AddressOf<Address::sum_slot_immediate> : SumAddress<Source::slot, Source::immediate> {};
template <>
struct AddressOf<Address::sum_accumulator_immediate> : SumAddress<Source::accumulator, Source::immediate> {};
template <>
struct AddressOf<Address::scaled_slot_slot> : ScaledAddress<Source::slot> {};
template <>
struct AddressOf<Address::scaled_accumulator_slot> : ScaledAddress<Source::accumulator> {};
constexpr std::size_t address_count = static_cast<std::size_t>(Address::count_);

/// In code: destination, address, offset.
template <Op op, Address address, Destination destination>
TRELLIS_HANDLER Trap load(TRELLIS_STATE)
{
    using Access = AccessOf<op>;
    constexpr int offset_at = operands_at + AddressOf<address>::size;
    const uint64_t index = AddressOf<address>::of(pc + operands_at, fp, acc);
    pin(pc, fp);
    const auto raw = load_raw<typename Access::Raw>(mem + index + read<uint32_t>(pc + offset_at));
    pin(pc, fp);
    TRELLIS_FINISH(destination, offset_at + 4, Access::convert(raw));
}

/// In code: (no destination), address, offset, value.
template <Op op, Address address, Source value>
TRELLIS_HANDLER Trap store(TRELLIS_STATE)
{
    using Access = AccessOf<op>;
    using Value = typename Access::Value;
    constexpr int offset_at = operands_at + AddressOf<address>::size;
    const uint64_t index = AddressOf<address>::of(pc + operands_at, fp, acc);
    const auto raw = Access::convert(operand<value, Value>(pc + offset_at + 4, fp, acc, vacc));
    const auto at = mem + index + read<uint32_t>(pc + offset_at);
    pin(pc, fp);
    store_raw<typename Access::Raw>(at, raw);
    pin(pc, fp);
    TRELLIS_NEXT(offset_at + 4 + (operand_size<value, Value>));
}

/// Where a checked access goes, or null if it is out of bounds.
template <bool is_64>
std::byte* checked_address(Instance* inst, uint32_t memory_index, const Slot& index, uint64_t offset, uint64_t size)
{
    Memory& memory = *inst->memories[memory_index];
    uint64_t effective;
    if (__builtin_add_overflow(is_64 ? index.u64 : index.u32, offset, &effective))
        return nullptr;
    const auto bytes = memory.size();
    return effective <= bytes && size <= bytes - effective ? memory.base() + effective : nullptr;
}

/// In code: destination, slot of the address, memory (4 bytes), offset (8 bytes).
template <Op op, bool is_64, Destination destination>
TRELLIS_HANDLER Trap checked_load(TRELLIS_STATE)
{
    using Access = AccessOf<op>;
    using Raw = typename Access::Raw;
    const auto at =
        checked_address<is_64>(inst, read<uint32_t>(pc + operands_at + 4), fp[read<uint32_t>(pc + operands_at)],
                               read<uint64_t>(pc + operands_at + 8), sizeof(Raw));
    if (!at) [[unlikely]]
        return raise(pc, fp, inst, Trap::out_of_bounds_memory_access);
    TRELLIS_FINISH(destination, operands_at + 16, Access::convert(load_raw<Raw>(at)));
}

/// In code: (no destination), slot of the address, memory, offset, value.
template <Op op, bool is_64, Source value>
TRELLIS_HANDLER Trap checked_store(TRELLIS_STATE)
{
    using Access = AccessOf<op>;
    using Raw = typename Access::Raw;
    using Value = typename Access::Value;
    const auto at =
        checked_address<is_64>(inst, read<uint32_t>(pc + operands_at + 4), fp[read<uint32_t>(pc + operands_at)],
                               read<uint64_t>(pc + operands_at + 8), sizeof(Raw));
    if (!at) [[unlikely]]
        return raise(pc, fp, inst, Trap::out_of_bounds_memory_access);
    store_raw<Raw>(at, Access::convert(operand<value, Value>(pc + operands_at + 16, fp, acc, vacc)));
    TRELLIS_NEXT(operands_at + 16 + (operand_size<value, Value>));
}

template <Source a, Destination destination>
TRELLIS_HANDLER Trap scaled_sum(TRELLIS_STATE)
{
    constexpr int size = operands_at + ScaledAddress<a>::size;
    TRELLIS_FINISH(destination, size, ScaledAddress<a>::of(pc + operands_at, fp, acc));
}

template <Op op, Address address>
struct MakeLoad {
    template <Destination d>
    struct For {
        static constexpr Handler handler = load<op, address, d>;
    };
};
template <Op op, bool is_64>
struct MakeCheckedLoad {
    template <Destination d>
    struct For {
        static constexpr Handler handler = checked_load<op, is_64, d>;
    };
};
template <Source a>
struct MakeScaledSum {
    template <Destination d>
    struct For {
        static constexpr Handler handler = scaled_sum<a, d>;
    };
};

struct LoadRows {
    std::array<const Handler*, address_count> guarded;
    std::array<const Handler*, 2> checked; ///< by width of the address
};
template <Op op>
constexpr LoadRows load_rows = []<std::size_t... i>(std::index_sequence<i...>) {
    return LoadRows{{Row<MakeLoad<op, static_cast<Address>(i)>::template For, false>::handlers.data()...},
                    {Row<MakeCheckedLoad<op, false>::template For, false>::handlers.data(),
                     Row<MakeCheckedLoad<op, true>::template For, false>::handlers.data()}};
}(std::make_index_sequence<address_count>());

/// Vectors are no immediates, and address and value can't both be in the integer accumulator.
template <class Value, Address address, Source value>
constexpr bool store_exists()
{
    constexpr bool address_in_accumulator =
        address == Address::accumulator || address == Address::sum_slot_accumulator ||
        address == Address::sum_accumulator_immediate || address == Address::scaled_accumulator_slot;
    if (value == Source::immediate)
        return !std::is_same_v<Value, Vector>;
    return !(value == Source::accumulator && address_in_accumulator && !in_vector_accumulator<Value>);
}
template <Op op, Address address, Source value>
constexpr Handler store_or_null()
{
    if constexpr (store_exists<typename AccessOf<op>::Value, address, value>())
        return store<op, address, value>;
    else
        return nullptr;
}
template <Op op, bool is_64, Source value>
constexpr Handler checked_store_or_null()
{
    if constexpr (store_exists<typename AccessOf<op>::Value, Address::slot, value>())
        return checked_store<op, is_64, value>;
    else
        return nullptr;
}

struct StoreRows {
    std::array<Handler, address_count * source_count> guarded;
    std::array<Handler, 2 * source_count> checked;
};
template <Op op>
constexpr StoreRows store_rows = []<std::size_t... i>(std::index_sequence<i...>) {
    return StoreRows{
        {store_or_null<op, static_cast<Address>(i / source_count), sources[i % source_count]>()...},
        {checked_store_or_null<op, false, Source::slot>(), checked_store_or_null<op, false, Source::accumulator>(),
         checked_store_or_null<op, false, Source::immediate>(), checked_store_or_null<op, true, Source::slot>(),
         checked_store_or_null<op, true, Source::accumulator>(), checked_store_or_null<op, true, Source::immediate>()}};
}(std::make_index_sequence<address_count * source_count>());

const LoadRows& loads_of(Op op)
{
    switch (op) {
#define TRELLIS_ROWS_load(name)                                                                                        \
    case Op::name:                                                                                                     \
        return load_rows<Op::name>;
#include "wasm/interpreter/no_rows.inc"
#define TRELLIS_INSTRUCTION(name, text, prefix, code, signature, immediate, feature, shape) TRELLIS_ROWS_##shape(name)
#include "wasm/syntax/instructions.def"
    default:
        break;
    }
    __builtin_unreachable();
}
const StoreRows& stores_of(Op op)
{
    switch (op) {
#undef TRELLIS_ROWS_load
#undef TRELLIS_ROWS_store
#define TRELLIS_ROWS_load(name)
#define TRELLIS_ROWS_store(name)                                                                                       \
    case Op::name:                                                                                                     \
        return store_rows<Op::name>;
#include "wasm/syntax/instructions.def"
#undef TRELLIS_INSTRUCTION
    default:
        break;
    }
    __builtin_unreachable();
}

constexpr const Handler* scaled_sum_rows[] = {
    Row<MakeScaledSum<Source::slot>::template For, false>::handlers.data(),
    Row<MakeScaledSum<Source::accumulator>::template For, false>::handlers.data()};

} // namespace

HandlerRow load_handlers(Op op, Address address)
{
    return {loads_of(op).guarded[static_cast<std::size_t>(address)]};
}
Handler store_handler(Op op, Address address, Source value)
{
    return stores_of(op).guarded[static_cast<std::size_t>(address) * source_count + static_cast<std::size_t>(value)];
}
HandlerRow scaled_sum_handlers(Source a)
{
    return {scaled_sum_rows[static_cast<std::size_t>(a)]};
}
HandlerRow checked_load_handlers(Op op, bool is_64)
{
    return {loads_of(op).checked[is_64]};
}
Handler checked_store_handler(Op op, bool is_64, Source value)
{
    return stores_of(op).checked[is_64 * source_count + static_cast<std::size_t>(value)];
}

} // namespace trellis::wasm::interpreter
