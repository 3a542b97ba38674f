// Checks for mistakes in our own code. TRELLIS_CHECK is always on, TRELLIS_ASSERT only in debug builds; both stop the
// process with file and line. What can happen in a correct program (bad input, missing file) is a Result, never a
// check.
#pragma once

namespace trellis {

[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;

} // namespace trellis

#define TRELLIS_CHECK(condition)                                                                                       \
    (__builtin_expect(static_cast<bool>(condition), 1) ? void(0)                                                       \
                                                       : ::trellis::check_failed(#condition, __FILE__, __LINE__))

#ifdef NDEBUG
#define TRELLIS_ASSERT(condition) void(sizeof(static_cast<bool>(condition))) // not evaluated, but used
#else
#define TRELLIS_ASSERT(condition) TRELLIS_CHECK(condition)
#endif
