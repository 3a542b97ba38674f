// A component as the other program serves it: what peer.mjs says, at a port that the system chooses, ended with the
// scope. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>

namespace trellis::testing {

class PeerServer {
public:
    /// Returns when it listens, or has ended: then the port is 0.
    explicit PeerServer(const std::string& script);
    ~PeerServer();
    PeerServer(const PeerServer&) = delete;
    PeerServer& operator=(const PeerServer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    pid_t process_;
    std::uint16_t port_ = 0;
};

} // namespace trellis::testing
