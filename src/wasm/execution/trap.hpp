// Why a guest stopped: a closed list, free of allocation. `none` means it did not. The messages begin with the official
// test suite's wording.
#pragma once

#include <cstdint>
#include <string_view>

namespace trellis::wasm {

enum class [[nodiscard]] Trap : std::uint8_t {
    none,
    unreachable,
    integer_divide_by_zero,
    integer_overflow,
    invalid_conversion_to_integer,
    out_of_bounds_memory_access,
    out_of_bounds_table_access,
    out_of_bounds_array_access,
    undefined_element,
    uninitialized_element,
    indirect_call_type_mismatch,
    null_reference,
    null_function_reference,
    null_structure_reference,
    null_array_reference,
    null_i31_reference,
    null_exception_reference,
    cast_failure,
    unaligned_atomic,
    expected_shared_memory,
    call_stack_exhausted,
    uncaught_exception, ///< an exception is on its way: Store::pending_exception
    out_of_fuel,
    deadline_exceeded,
    interrupted,
    gc_heap_exhausted,
    limit_exceeded,
    host_error, ///< a host function failed: Store::host_error says how
    exit,       ///< not a failure: the guest asked to end (WASI proc_exit): Store::exit_code
};

/// "integer divide by zero"
std::string_view message_of(Trap trap);

/// What the instruction functions of numeric.hpp and the operations of a tier return.
constexpr bool failed(Trap trap)
{
    return trap != Trap::none;
}

} // namespace trellis::wasm
