// The connection of a client to one address. On a fiber of the loop.
#pragma once

#include "net/http/client.hpp"

#include <unistd.h>
#include <utility>

namespace trellis::net::http {

/// A descriptor until somebody else owns it.
class OwnedDescriptor {
public:
    explicit OwnedDescriptor(int fd) : fd_(fd) {}
    ~OwnedDescriptor()
    {
        if (fd_ >= 0)
            ::close(fd_);
    }
    OwnedDescriptor(OwnedDescriptor&& other) noexcept : fd_(other.release()) {}
    OwnedDescriptor& operator=(OwnedDescriptor&& other) noexcept
    {
        std::swap(fd_, other.fd_);
        return *this;
    }
    [[nodiscard]] int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }

private:
    int fd_;
};

/// A moment, and what it means that it has passed.
struct Limit {
    Deadline until = {};
    ClientFault fault = ClientFault::deadline;

    [[nodiscard]] bool is_past() const { return until && std::chrono::steady_clock::now() >= *until; }
};
/// The earlier one.
Limit both(const Limit& one, const Limit& other);
/// So long from now on, where there is such a limit.
Limit from_now(std::optional<std::chrono::nanoseconds> time, ClientFault fault);

ClientResult<OwnedDescriptor> connect_to(EventLoop& loop, const IpAddress& address, std::uint16_t port,
                                         const Limit& limit, Cancellation* cancellation);

} // namespace trellis::net::http
