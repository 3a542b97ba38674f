#include "base/native_stack.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

namespace trellis {

constinit thread_local std::uintptr_t native_stack_floor = 0;

namespace {

std::uintptr_t here()
{
    return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
}

/// The main thread's stack grows on demand up to the limit; asking the thread library would read /proc.
std::uintptr_t main_thread_floor()
{
    constexpr rlim_t most = 64 << 20, already_used = 256 << 10;
    rlimit limit = {};
    TRELLIS_CHECK(getrlimit(RLIMIT_STACK, &limit) == 0);
    const auto usable = std::min(limit.rlim_cur, most);
    return usable > 2 * already_used ? here() - (usable - already_used) : here() - usable / 2;
}

std::uintptr_t thread_floor()
{
    if (getpid() == gettid())
        return main_thread_floor();
    pthread_attr_t attributes;
    void* lowest = nullptr;
    std::size_t size = 0, guard = 0;
    TRELLIS_CHECK(pthread_getattr_np(pthread_self(), &attributes) == 0);
    TRELLIS_CHECK(pthread_attr_getstack(&attributes, &lowest, &size) == 0);
    TRELLIS_CHECK(pthread_attr_getguardsize(&attributes, &guard) == 0);
    pthread_attr_destroy(&attributes);
    return reinterpret_cast<std::uintptr_t>(lowest) + guard;
}

} // namespace

[[clang::preserve_most]] void detail::find_native_stack_floor()
{
    native_stack_floor = thread_floor();
}

} // namespace trellis
