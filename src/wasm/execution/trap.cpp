#include "wasm/execution/trap.hpp"

#include "base/check.hpp"

#include <array>
#include <utility>

namespace trellis::wasm {
namespace {

constexpr std::pair<Trap, std::string_view> messages[] = {
    {Trap::none, "no trap"},
    {Trap::unreachable, "unreachable"},
    {Trap::integer_divide_by_zero, "integer divide by zero"},
    {Trap::integer_overflow, "integer overflow"},
    {Trap::invalid_conversion_to_integer, "invalid conversion to integer"},
    {Trap::out_of_bounds_memory_access, "out of bounds memory access"},
    {Trap::out_of_bounds_table_access, "out of bounds table access"},
    {Trap::out_of_bounds_array_access, "out of bounds array access"},
    {Trap::undefined_element, "undefined element"},
    {Trap::uninitialized_element, "uninitialized element"},
    {Trap::indirect_call_type_mismatch, "indirect call type mismatch"},
    {Trap::null_reference, "null reference"},
    {Trap::null_function_reference, "null function reference"},
    {Trap::null_structure_reference, "null structure reference"},
    {Trap::null_array_reference, "null array reference"},
    {Trap::null_i31_reference, "null i31 reference"},
    {Trap::null_exception_reference, "null exception reference"},
    {Trap::cast_failure, "cast failure"},
    {Trap::unaligned_atomic, "unaligned atomic"},
    {Trap::expected_shared_memory, "expected shared memory"},
    {Trap::call_stack_exhausted, "call stack exhausted"},
    {Trap::uncaught_exception, "uncaught exception"},
    {Trap::out_of_fuel, "out of fuel"},
    {Trap::deadline_exceeded, "deadline exceeded"},
    {Trap::interrupted, "interrupted"},
    {Trap::gc_heap_exhausted, "garbage-collected heap exhausted"},
    {Trap::limit_exceeded, "limit exceeded"},
    {Trap::host_error, "host function failed"},
    {Trap::exit, "exit"},
};

} // namespace

std::string_view message_of(Trap trap)
{
    for (const auto& [known, message] : messages)
        if (known == trap)
            return message;
    TRELLIS_CHECK(false);
    __builtin_unreachable();
}

} // namespace trellis::wasm
