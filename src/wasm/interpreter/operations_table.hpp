// Instructions that the interpreter runs by calling a plain function with their operands' slots.
#pragma once

#include "wasm/execution/canonical_nan.hpp"
#include "wasm/interpreter/handlers_control.hpp"

namespace trellis::wasm::interpreter {

/// The function of an instruction, or null if it is not one of these.
Operation operation_of(Op op);

/// References against a heap type: immediates.value is its encoding, plus 1 << 32 if null matches too.
Trap test_reference(Instance&, Slot* operands, const OperationImmediates&);
Trap cast_reference(Instance&, Slot* operands, const OperationImmediates&);
/// Makes every lane that is a NaN the canonical one; null for no lanes.
Operation canonical_nan_operation(NanLanes lanes);
std::uint64_t heap_type_immediate(ValType type);

} // namespace trellis::wasm::interpreter
