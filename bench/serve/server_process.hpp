// A server that is started for a measurement, waited for, watched through /proc, and ended with it. Linux.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace trellis::bench {

/// One that is free now.
std::uint16_t free_port();

class ServerProcess {
public:
    /// Starts the command and waits until `port` accepts connections. What it prints goes to `log`. Errors: not_found,
    /// limit (no connection within ten seconds), io (it ended; its log says why).
    static Result<ServerProcess> start(const std::vector<std::string>& command, std::uint16_t port,
                                       const std::string& log);
    ServerProcess(ServerProcess&& other) noexcept;
    ServerProcess& operator=(ServerProcess&&) = delete;
    ~ServerProcess();

    /// SIGTERM, and the exit code; 128 + signal. After ten seconds SIGKILL.
    int stop();

    [[nodiscard]] std::uint64_t resident_bytes() const;
    [[nodiscard]] std::size_t descriptors() const;
    [[nodiscard]] std::size_t threads() const;
    [[nodiscard]] double processor_seconds() const;
    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    ServerProcess(pid_t pid, std::uint16_t port) : pid_(pid), port_(port) {}
    [[nodiscard]] std::string proc(const std::string& name) const;

    pid_t pid_;
    std::uint16_t port_;
};

} // namespace trellis::bench
