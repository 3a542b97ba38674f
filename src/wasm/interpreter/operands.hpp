// The words that emitter and handlers share: where operands come from and results go to, and which handler that takes.
#pragma once

#include "wasm/interpreter/code.hpp"
#include "wasm/syntax/instruction.hpp"

namespace trellis::wasm::interpreter {

enum class Source : std::uint8_t { slot, accumulator, immediate };

enum class Destination : std::uint8_t {
    accumulator, ///< only there
    slot,        ///< there and in the accumulator
    branch_if,   ///< no result: jump forward on true
    branch_unless,
    loop_if, ///< jump back to a loop, and poll
    loop_unless,
};
inline constexpr std::size_t plain_destinations = 2;
inline constexpr std::size_t branch_destinations = 6;

/// The handlers of one operation with its operands' sources chosen, by destination.
struct HandlerRow {
    const Handler* by_destination = nullptr; ///< null: this combination does not exist
    bool can_branch = false;

    [[nodiscard]] Handler at(Destination destination) const
    {
        return by_destination[static_cast<std::size_t>(destination)];
    }
    explicit operator bool() const { return by_destination != nullptr; }
};

/// Arithmetic: rows of shape pure and trapping with one or two operands (the second ignored for one), and with three
/// (all in slots). Null where an operand can't be an immediate.
HandlerRow scalar_handlers(Op op, Source a, Source b);
HandlerRow vector_handlers(Op op, Source a, Source b);
inline HandlerRow arithmetic_handlers(Op op, Source a, Source b)
{
    const auto& facts = info(op);
    return facts.signature.find('v') == std::string_view::npos ? scalar_handlers(op, a, b) : vector_handlers(op, a, b);
}
/// Whether an i32 is not zero; for branches on what is no comparison. The result is the value.
HandlerRow test_handlers(Source a);
/// The same for a reference or i64.
HandlerRow is_null_handlers(Source a);
HandlerRow ref_eq_handlers(Source a, Source b);
/// Lanes are part of the handler.
HandlerRow extract_lane_handlers(Op op, std::uint8_t lane, Source a);
HandlerRow replace_lane_handlers(Op op, std::uint8_t lane, Source a, Source b);

/// How a guarded access to memory 0 finds its address: an operand, a sum, or an index shifted and added.
enum class Address : std::uint8_t {
    slot,
    accumulator,
    immediate,
    sum_slot_slot,
    sum_slot_accumulator,
    sum_slot_immediate,
    sum_accumulator_immediate,
    scaled_slot_slot,        ///< (slot << immediate) + slot
    scaled_accumulator_slot, ///< (accumulator << immediate) + slot
    count_,
};
HandlerRow load_handlers(Op op, Address address);
Handler store_handler(Op op, Address address, Source value);
/// (a << immediate) + slot as a value.
HandlerRow scaled_sum_handlers(Source a);
/// Accesses with explicit checks, for any memory: address in a slot, 32 or 64 bits wide.
HandlerRow checked_load_handlers(Op op, bool is_64);
Handler checked_store_handler(Op op, bool is_64, Source value);

} // namespace trellis::wasm::interpreter
