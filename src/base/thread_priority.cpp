#include "base/thread_priority.hpp"

#include <cerrno>
#include <sys/resource.h>
#include <unistd.h>

namespace trellis {

void lower_thread_priority()
{
    // On Linux a thread has a nice value of its own.
    const auto thread = static_cast<id_t>(gettid());
    errno = 0;
    const int now = getpriority(PRIO_PROCESS, thread);
    if (errno == 0)
        (void)setpriority(PRIO_PROCESS, thread, now + 5);
}

} // namespace trellis
