// How much of the native stack is left, on threads and fibers alike. Whatever nests without bound through native calls
// asks here first.
#pragma once

#include <cstddef>
#include <cstdint>

namespace trellis {

/// The lowest usable address of the stack the thread runs on now; 0: not known yet. Fibers set it when they are
/// entered and left.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local std::uintptr_t native_stack_floor;

namespace detail {
[[clang::preserve_most]] void find_native_stack_floor(); // keeps callers from saving registers
} // namespace detail

/// Bytes between the caller's frame and the lowest address its stack may reach.
inline std::size_t native_stack_left()
{
    if (native_stack_floor == 0) [[unlikely]]
        detail::find_native_stack_floor();
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    return here > native_stack_floor ? here - native_stack_floor : 0;
}

} // namespace trellis
