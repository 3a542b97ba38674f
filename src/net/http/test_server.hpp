// For tests: a server on a thread of its own, and a client that says exactly what it is told to.
#pragma once

#include "net/http/server.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace trellis::net::http {

class TestServer {
public:
    explicit TestServer(Handler handler, ServerLimits limits = {})
        : listener(std::move(Listener::open("127.0.0.1:0").value())),
          server(loop, limits, std::move(handler),
                 [this](const Peer&, unsigned status, std::string_view) { refused = status; })
    {
        server.accept_from(listener);
        thread = std::thread([this] { loop.run(); });
    }
    ~TestServer() { stop(); }
    void stop()
    {
        if (!thread.joinable())
            return;
        loop.post([this] { server.cut(); });
        thread.join();
    }

    EventLoop loop;
    Listener listener;
    std::atomic<unsigned> refused = 0;
    Server server;
    std::thread thread;
};

class TestClient {
public:
    explicit TestClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        const timeval patience = {.tv_sec = 20, .tv_usec = 0}; // a hang becomes a failure
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    ~TestClient() { close(); }
    TestClient(const TestClient&) = delete;
    TestClient& operator=(const TestClient&) = delete;

    void close()
    {
        if (fd_ >= 0)
            ::close(std::exchange(fd_, -1));
    }
    void send(std::string_view text) { (void)!::send(fd_, text.data(), text.size(), MSG_NOSIGNAL); }
    void end() { ::shutdown(fd_, SHUT_WR); }
    /// Up to and with `mark`, or all there is until the end.
    std::string read_until(std::string_view mark)
    {
        while (received_.find(mark) == std::string::npos && receive()) {
        }
        const auto at = received_.find(mark);
        const auto length = at == std::string::npos ? received_.size() : at + mark.size();
        auto taken = received_.substr(0, length);
        received_.erase(0, length);
        return taken;
    }
    std::string read_all()
    {
        while (receive()) {
        }
        return std::exchange(received_, {});
    }
    [[nodiscard]] int fd() const { return fd_; }

private:
    bool receive()
    {
        char bytes[16384];
        const auto count = ::recv(fd_, bytes, sizeof bytes, 0);
        if (count > 0)
            received_.append(bytes, static_cast<std::size_t>(count));
        return count > 0;
    }

    int fd_;
    std::string received_;
};

/// Answers with the request as it was understood: "METHOD target body\n".
inline void echo(Exchange& exchange)
{
    std::string text = exchange.request().method + " " + exchange.request().target + " ";
    std::array<std::byte, 1000> bytes;
    while (true) {
        const auto count = exchange.read(bytes);
        if (!count) {
            exchange.start({.status = 400});
            return;
        }
        if (*count == 0)
            break;
        text.append(reinterpret_cast<const char*>(bytes.data()), *count);
    }
    text += '\n';
    exchange.start({});
    (void)exchange.write(std::as_bytes(std::span(text)));
}

} // namespace trellis::net::http
