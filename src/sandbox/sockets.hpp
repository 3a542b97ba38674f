// Listening sockets granted by name, and the connections they accept. Guests can't make sockets of their own.
// One thread at a time per socket.
#pragma once

#include "base/result.hpp"
#include "sandbox/streams.hpp"

#include <string>

namespace trellis::sandbox {

/// A TCP socket that listens on "host:port" or "[v6 address]:port", in non-blocking mode. Port 0: the system chooses.
/// Errors: usage, not_found (no such host), denied, io; they name the address.
Result<HostFd> listen_on(const std::string& address);

/// The next connection, waited for unless the listener is non-blocking. In non-blocking mode.
Outcome<HostFd> accept_connection(const Stream& listener, Wait& wait);

struct Received {
    std::size_t bytes;
    bool truncated; ///< the message was longer
};
/// `peek`: leave the data there. `all`: wait until everything asked for has come.
Outcome<Received> receive(Stream& socket, std::span<iovec> parts, bool peek, bool all, Wait& wait);

/// `how`: SHUT_RD, SHUT_WR or SHUT_RDWR.
Outcome<> shut_down(const Stream& socket, int how);

} // namespace trellis::sandbox
