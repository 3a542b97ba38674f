#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace trellis {

void check_failed(const char* condition, const char* file, int line) noexcept
{
    std::fprintf(stderr, "trellis: internal error: %s (%s:%d); please report this\n", condition, file, line);
    std::abort();
}

} // namespace trellis
