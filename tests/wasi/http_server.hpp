// An HTTP server of the harness, as a description of the official WASI suite wants it: one request on a connection, on
// a thread of its own.
#pragma once

#include "wasi/component_description.hpp"

#include <cstdint>
#include <thread>

namespace trellis::test {

class HttpServer {
public:
    explicit HttpServer(const ServerDescription& description);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// "127.0.0.1:port"; of a closed one, nothing listens there.
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
    /// The environment variable that tells a program the address.
    [[nodiscard]] std::string variable() const;

private:
    void run();

    const ServerDescription& description_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

} // namespace trellis::test
