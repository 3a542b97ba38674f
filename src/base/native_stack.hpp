// How much of the native stack is left, on threads and fibers alike. Whatever nests without bound through native calls
// asks here first.
#pragma once

#include <cstddef>
#include <cstdint>

namespace trellis {

/// Bytes between the caller's frame and the lowest address its stack may reach.
std::size_t native_stack_left();

/// The lowest usable address of the stack the thread runs on now; 0: not known yet. Fibers set it when they are
/// entered and left.
extern constinit thread_local std::uintptr_t native_stack_floor;

} // namespace trellis
