#include "load.hpp"

#include "base/format.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace trellis::bench {

namespace {

using Clock = std::chrono::steady_clock;

/// Closed at its end.
class Handle {
public:
    explicit Handle(int fd = -1) : fd_(fd) {}
    Handle(Handle&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Handle& operator=(Handle&& other) noexcept
    {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Handle()
    {
        if (fd_ >= 0)
            ::close(fd_);
    }
    [[nodiscard]] int get() const { return fd_; }

private:
    int fd_;
};

Result<Handle> connect_to(std::uint16_t port)
{
    Handle handle(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(handle.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return fail(ErrorCode::io, format("can't connect to port {}: {}", port, std::strerror(errno)));
    const int yes = 1;
    ::setsockopt(handle.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return handle;
}

struct Connection {
    Handle handle;
    ResponseReader reader;
    std::optional<Request> request;
    Clock::time_point began;
};

class Load {
public:
    explicit Load(const LoadPlan& plan) : plan_(plan), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

    Result<> run()
    {
        connections_.resize(plan_.connections);
        for (auto& connection : connections_)
            TRELLIS_TRY(open_and_start(connection));
        auto next_tick = Clock::now();
        while (busy_ > 0) {
            if (Clock::now() >= next_tick) {
                more_ = more_ && (!plan_.tick || plan_.tick());
                give_up_on_late_ones();
                next_tick = Clock::now() + std::chrono::milliseconds(100);
            }
            TRELLIS_TRY(serve_events());
        }
        return {};
    }

private:
    Result<> serve_events()
    {
        std::array<epoll_event, 64> events;
        const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 100);
        for (int i = 0; i < count; ++i)
            TRELLIS_TRY(serve(connections_[events[static_cast<std::size_t>(i)].data.u64]));
        return {};
    }

    Result<> open_and_start(Connection& connection)
    {
        TRELLIS_TRY(open(connection));
        return start(connection);
    }

    Result<> open(Connection& connection)
    {
        connection = Connection();
        connection.handle = TRELLIS_TRY(connect_to(plan_.port));
        epoll_event event = {.events = EPOLLIN,
                             .data = {.u64 = static_cast<std::uint64_t>(&connection - connections_.data())}};
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connection.handle.get(), &event);
        return {};
    }

    /// Takes the next request. What a client leaves half done is done here, connection after connection.
    Result<> start(Connection& connection)
    {
        for (;;) {
            connection.request = more_ ? plan_.next() : std::nullopt;
            if (!connection.request) {
                more_ = false;
                connection.handle = Handle();
                return {};
            }
            const auto leave = connection.request->leave;
            if (leave != Request::Leave::half_sent && leave != Request::Leave::sent)
                break;
            send_all(connection, leave == Request::Leave::sent ? connection.request->bytes.size()
                                                               : connection.request->bytes.size() / 2);
            TRELLIS_TRY(open(connection));
        }
        ++busy_;
        connection.began = Clock::now();
        if (!send_all(connection, connection.request->bytes.size()))
            return finish(connection, "can't send: " + std::string(std::strerror(errno)));
        return {};
    }

    static bool send_all(Connection& connection, std::size_t count)
    {
        std::string_view bytes = std::string_view(connection.request->bytes).substr(0, count);
        while (!bytes.empty()) {
            const auto sent = ::send(connection.handle.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0 && errno != EINTR)
                return false;
            bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
        }
        return true;
    }

    Result<> serve(Connection& connection)
    {
        if (!connection.request)
            return {};
        const auto count = ::recv(connection.handle.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
        if (count < 0 && (errno == EAGAIN || errno == EINTR))
            return {};
        if (count > 0 && connection.request->leave == Request::Leave::answering) {
            --busy_;
            return open_and_start(connection);
        }
        if (count <= 0)
            return finish(connection, count == 0 ? "closed without an answer" : std::strerror(errno));
        const auto whole = connection.reader.add({buffer_.data(), static_cast<std::size_t>(count)});
        if (!whole)
            return finish(connection, whole.error().message);
        return *whole ? finish(connection, {}) : Result<>();
    }

    Result<> finish(Connection& connection, const std::string& failure)
    {
        --busy_;
        Answer answer;
        answer.took = Clock::now() - connection.began;
        answer.failure = failure;
        if (failure.empty())
            answer.response = connection.reader.take();
        if (failure.empty() && connection.reader.has_more())
            answer.failure = "bytes behind the answer";
        plan_.done(*connection.request, answer);
        const bool keep = answer.failure.empty() && answer.response.field("connection") != "close";
        return keep ? start(connection) : open_and_start(connection);
    }

    void give_up_on_late_ones()
    {
        for (auto& connection : connections_)
            if (connection.request && Clock::now() - connection.began > plan_.patience)
                ::shutdown(connection.handle.get(), SHUT_RDWR); // read as closed without an answer
    }

    const LoadPlan& plan_;
    Handle epoll_;
    std::vector<Connection> connections_;
    std::vector<char> buffer_ = std::vector<char>(std::size_t(64) * 1024);
    std::size_t busy_ = 0;
    bool more_ = true;
};

} // namespace

Result<> send_load(const LoadPlan& plan)
{
    return Load(plan).run();
}

std::string get_request(const std::string& target)
{
    return format("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", target);
}

double percentile(std::vector<double>& values, double share)
{
    if (values.empty())
        return 0;
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
    std::ranges::nth_element(values, at);
    return *at;
}

} // namespace trellis::bench
