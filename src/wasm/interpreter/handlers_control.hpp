// The handlers that are not made from a table: control, calls, copies, globals, and the one through which all other
// instructions call a plain function. The layout of each operation behind the handler's address is given in brackets:
// numbers are bytes, `value` is an operand of the given source.
#pragma once

#include "wasm/interpreter/operands.hpp"

namespace trellis::wasm::interpreter {

/// What an instruction that is a plain function gets: its operands' slots (results are written over them) and the
/// immediates behind the operation.
struct OperationImmediates {
    std::uint32_t index;
    std::uint32_t index2;
    std::uint64_t value;
};
using Operation = Trap (*)(Instance& instance, Slot* operands, const OperationImmediates& immediates);

namespace handlers {

/// [frame size 4, first local 4, locals to clear 4]; by number of locals, the last for any number.
extern const std::array<Handler, 6> enter;
/// Stands for a function without code: makes it, then enters it. The entry is in the accumulator.
extern const Handler compile_on_call;
/// Stands for a function that another tier has made code of: [other code 8]
extern const Handler run_other_code;
/// Back to the C++ caller.
extern const Handler exit;

/// [distance 4]
extern const Handler jump, jump_to_loop;
/// [number of targets without the default 4, value, distance 4 each, default last]; distances from the operation
Handler branch_table(Source index);

/// [header slot 4, value 8]
extern const Handler return_nothing;
Handler return_word(Source value);
Handler return_float(Source value);
/// [header slot 4, first slot 4, slots 4]
extern const Handler return_many;

/// [entry 8, frame 4, parameter slots 4]
extern const Handler call;
/// [function 4, frame 4, result slots 4]
extern const Handler call_import;
/// [type 8, table 4, frame 4, parameter slots 4, result slots 4, value]
Handler call_indirect(Source index, bool is_64);
/// [frame 4, parameter slots 4, result slots 4, value]
Handler call_reference(Source function);
/// The tail calls: [..., first argument slot 4, parameter slots 4, header slot 4, ...] see handlers_control.cpp
extern const Handler return_call, return_call_import, return_call_indirect, return_call_indirect_64,
    return_call_reference;

extern const Handler unreachable;

/// [to 4, from 4] one to four times
extern const std::array<Handler, 4> copy;
/// [to 4, from 4]
extern const Handler copy_vector;
/// [to 4, from 4, slots 4]; may overlap
extern const Handler move_slots;
/// [to 4, value 8 or 16]
extern const Handler constant, constant_vector;
/// [to 4]
extern const Handler keep_word, keep_float, keep_vector;

/// [to 4, condition, a, b]: values are 8 bytes wide, vectors only in slots
HandlerRow select_word(Source condition, Source a, Source b);
HandlerRow select_float(Source condition, Source a, Source b);
HandlerRow select_vector(Source condition);

/// [to 4, global 4]
HandlerRow global_get_word(), global_get_float(), global_get_vector();
/// [global 4, value 8 or 16]
Handler global_set_word(Source value), global_set_float(Source value), global_set_vector(Source value);
/// [to 4, memory 4]
HandlerRow memory_size();
/// [to 4, slot 4, slot 4, lanes 16]
HandlerRow shuffle();

/// [function 8, first operand 4, slots in use 4, index 4, index2 4, value 8]
extern const Handler operation;
/// [units 4]
extern const Handler charge;
/// [tag 4, first operand 4, slots in use 4]
extern const Handler throw_exception;
/// [slot of the reference 4, slots in use 4]
extern const Handler throw_reference;

} // namespace handlers
} // namespace trellis::wasm::interpreter
