// For tests of the client: a loop to be on, and a server that says what it was told to.
#pragma once

#include "base/format.hpp"
#include "net/http/client.hpp"
#include "net/http/test_server.hpp"

#include <algorithm>
#include <vector>

namespace trellis::net::http {

/// Runs on a fiber of a loop of its own, to its end.
inline void on_a_loop(const std::function<void(EventLoop&)>& body)
{
    EventLoop loop;
    ASSERT_TRUE(loop.spawn([&] { body(loop); }));
    loop.run();
    EXPECT_EQ(loop.fibers(), 0U);
}

inline std::string read_all(ClientResponse& response, std::size_t piece = 5000)
{
    std::string text;
    std::vector<std::byte> bytes(piece);
    while (true) {
        const auto count = response.read(bytes);
        if (!count)
            return text + "<" + count.error().message + ">";
        if (*count == 0)
            return text;
        text.append(reinterpret_cast<const char*>(bytes.data()), *count);
    }
}

inline ClientRequest request_to(std::uint16_t port)
{
    return {.host = "127.0.0.1", .port = port, .authority = format("127.0.0.1:{}", port)};
}

/// Accepts one connection after the other, and says what it was told to without listening much.
class RawServer {
public:
    /// `patience`: how long it stays silent before the end, in milliseconds; it goes at once when the client goes.
    explicit RawServer(std::string answer, bool stays_open = false)
        : listener_(std::move(Listener::open("127.0.0.1:0").value())), answer_(std::move(answer)),
          stays_open_(stays_open)
    {
        thread_ = std::thread([this] { serve(); });
    }
    ~RawServer() { stop(); }
    void stop()
    {
        ::shutdown(listener_.fd(), SHUT_RDWR);
        if (thread_.joinable())
            thread_.join();
    }
    [[nodiscard]] std::uint16_t port() const { return listener_.port(); }
    [[nodiscard]] std::string received() const { return received_; }

private:
    void serve()
    {
        pollfd waited = {.fd = listener_.fd(), .events = POLLIN, .revents = 0};
        while (::poll(&waited, 1, -1) > 0 && (waited.revents & POLLHUP) == 0) {
            const int connection = ::accept(listener_.fd(), nullptr, nullptr);
            if (connection < 0)
                break;
            char bytes[4096];
            const auto count = ::recv(connection, bytes, sizeof bytes, 0);
            received_.assign(bytes, static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
            (void)!::send(connection, answer_.data(), answer_.size(), MSG_NOSIGNAL);
            for (auto more = count; stays_open_ && more > 0;
                 received_.append(bytes, static_cast<std::size_t>(std::max<ssize_t>(more, 0))))
                more = ::recv(connection, bytes, sizeof bytes, 0);
            ::close(connection);
        }
    }

    Listener listener_;
    std::string answer_;
    bool stays_open_;
    std::string received_;
    std::thread thread_;
};

} // namespace trellis::net::http
