// A guest's stream that is no file of the system: the host's own code reads and writes it, such as the body of a
// request or a line-wise log. One thread at a time, the store's. Calls may suspend the running fiber, within Wait's
// rules.
#pragma once

#include "sandbox/waiting.hpp"

#include <cstddef>
#include <span>
#include <sys/uio.h>

namespace trellis::sandbox {

class Channel {
public:
    virtual ~Channel() = default;
    /// Waits until there is at least one byte, and gives what there is; 0: the end.
    virtual Outcome<std::size_t> read(std::span<const iovec> parts, Wait& wait);
    /// What to wait for so that read() will hardly wait; a descriptor of -1: nothing.
    [[nodiscard]] virtual pollfd before_read() const { return {.fd = -1, .events = POLLIN, .revents = 0}; }
    /// Takes everything, or fails.
    virtual Outcome<std::size_t> write(std::span<const iovec> parts, Wait& wait);
};

// What a channel is not made for: EBADF.
inline Outcome<std::size_t> Channel::read(std::span<const iovec>, Wait&)
{
    return failure(EBADF);
}
inline Outcome<std::size_t> Channel::write(std::span<const iovec>, Wait&)
{
    return failure(EBADF);
}

} // namespace trellis::sandbox
