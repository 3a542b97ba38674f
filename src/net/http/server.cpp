#include "net/http/server.hpp"

#include "base/check.hpp"
#include "net/http/connection.hpp"

#include <array>
#include <ctime>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <unordered_set>

namespace trellis::net::http {
namespace {

constexpr std::chrono::milliseconds tls_handshake_time{10'000};
constexpr std::chrono::milliseconds pause_after_failure{100};
constexpr int most_accepted_at_once = 16;

/// "Date: ...\r\n" of this second. https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
std::string_view date_line()
{
    static thread_local std::time_t second = 0;
    static thread_local std::array<char, 64> line;
    static thread_local std::size_t length = 0;
    if (const auto now = std::time(nullptr); now != second) {
        std::tm parts = {};
        ::gmtime_r(&now, &parts);
        length = std::strftime(line.data(), line.size(), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
        second = now;
    }
    return {line.data(), length};
}

Peer peer_of(int fd, bool secure)
{
    Peer peer;
    peer.secure = secure;
    sockaddr_storage name = {};
    socklen_t length = sizeof name;
    std::array<char, NI_MAXHOST> host = {};
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&name), &length) != 0 ||
        (name.ss_family != AF_INET && name.ss_family != AF_INET6))
        return peer;
    ::getnameinfo(reinterpret_cast<const sockaddr*>(&name), length, host.data(), host.size(), nullptr, 0,
                  NI_NUMERICHOST);
    peer.address = host.data();
    peer.port = ntohs(name.ss_family == AF_INET ? reinterpret_cast<const sockaddr_in&>(name).sin_port
                                                : reinterpret_cast<const sockaddr_in6&>(name).sin6_port);
    return peer;
}

/// There was no connection, or it is gone already. Other failures last: no descriptors, or another loop's server has
/// shut the listener down, which then looks ready for ever.
bool is_of_one_connection(int number)
{
    return number == EAGAIN || number == EWOULDBLOCK || number == ECONNABORTED || number == EINTR || number == EPROTO;
}

} // namespace

/// Shared with the fibers of acceptors and connections.
struct Server::State {
    State(EventLoop& its_loop, ServerLimits its_limits, Handler its_handler, Refusal its_refusal,
          tls::ServerContext* its_tls)
        : loop(its_loop), limits(its_limits), handler(std::move(its_handler)), refusal(std::move(its_refusal)),
          tls(its_tls), deadlines(its_loop)
    {
    }

    struct Open {
        Socket* socket;
        Connection* connection; ///< null: still shaking hands
    };

    EventLoop& loop;
    ServerLimits limits;
    Handler handler;
    Refusal refusal;
    tls::ServerContext* tls;
    Deadlines deadlines;
    bool draining = false;
    std::uint64_t accepted = 0;
    std::unordered_set<Open*> open;
    std::unordered_set<Pause*> acceptors;

    void accept(int listener, std::uint16_t port, const std::shared_ptr<State>& self);
    bool accept_some(int listener, std::uint16_t port, const std::shared_ptr<State>& self);
    bool accept_one(int listener, std::uint16_t port, const std::shared_ptr<State>& self);
    void serve(int fd, std::uint16_t port);
    void cut_idle();
    void take(int fd, std::uint16_t port, const std::shared_ptr<State>& self);
};

Server::Server(EventLoop& loop, ServerLimits limits, Handler handler, Refusal refusal, tls::ServerContext* tls)
    : state_(std::make_shared<State>(loop, limits, std::move(handler), std::move(refusal), tls))
{
}

Server::~Server()
{
    TRELLIS_CHECK(state_->open.empty() && state_->acceptors.empty());
}

void Server::accept_from(Listener& listener)
{
    const auto started = state_->loop.spawn(
        [state = state_, fd = listener.fd(), port = listener.port()] { state->accept(fd, port, state); });
    TRELLIS_CHECK(started.has_value());
}

/// A fiber's work until the server drains.
void Server::State::accept(int listener, std::uint16_t port, const std::shared_ptr<State>& self)
{
    Pause stop(loop);
    acceptors.insert(&stop);
    while (!draining) {
        pollfd wanted = {.fd = listener, .events = POLLIN, .revents = 0};
        const bool has_room = open.size() < limits.connections;
        if (has_room)
            loop.wait_ready({&wanted, 1}, std::nullopt, &stop);
        if (!has_room || (!draining && !accept_some(listener, port, self)))
            stop.wait(std::chrono::steady_clock::now() + pause_after_failure);
    }
    acceptors.erase(&stop);
    // Who has connected before it was said is not turned away; who comes now learns at once to ask elsewhere.
    for (std::size_t i = open.size(); i < limits.connections && accept_one(listener, port, self); ++i) {
    }
    ::shutdown(listener, SHUT_RD);
}

/// False: it would fail again, so one has to wait.
bool Server::State::accept_some(int listener, std::uint16_t port, const std::shared_ptr<State>& self)
{
    for (int i = 0; i < most_accepted_at_once && open.size() < limits.connections; ++i)
        if (!accept_one(listener, port, self))
            return is_of_one_connection(errno);
    return true;
}

/// False: there is none, or it can't be had; errno says which.
bool Server::State::accept_one(int listener, std::uint16_t port, const std::shared_ptr<State>& self)
{
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0)
        take(fd, port, self);
    return fd >= 0;
}

void Server::take(int connection_fd, std::uint16_t local_port)
{
    state_->take(connection_fd, local_port, state_);
}

void Server::State::take(int fd, std::uint16_t port, const std::shared_ptr<State>& self)
{
    if (!loop.spawn([self, fd, port] { self->serve(fd, port); }))
        ::close(fd); // no memory for another fiber
}

/// A connection's fiber.
void Server::State::serve(int fd, std::uint16_t port)
{
    ++accepted;
    auto peer = peer_of(fd, tls != nullptr);
    peer.local_port = port;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Socket socket(loop, deadlines, fd);
    Open entry = {&socket, nullptr};
    open.insert(&entry);
    std::unique_ptr<tls::Session> session;
    if (tls != nullptr)
        if (auto made = tls->accept())
            session = std::move(*made);
    if (tls == nullptr || session != nullptr) {
        Transport transport(socket, std::move(session));
        const ConnectionContext context = {limits, handler, refusal, draining, date_line};
        Connection connection(context, transport, std::move(peer));
        if (transport.open(std::chrono::steady_clock::now() + tls_handshake_time)) {
            entry.connection = &connection;
            connection.serve();
            entry.connection = nullptr;
        }
    }
    open.erase(&entry);
}

void Server::drain()
{
    state_->draining = true;
    for (auto* const acceptor : state_->acceptors)
        acceptor->wake();
    // Behind what the loop has received already, and the fibers have not seen.
    state_->loop.post([state = state_] { state->cut_idle(); });
}

void Server::State::cut_idle()
{
    for (auto* const one : open)
        if (one->connection == nullptr || one->connection->is_idle())
            one->socket->cut();
}

void Server::cut()
{
    drain();
    for (auto* const one : state_->open) {
        one->socket->cut();
        if (one->connection != nullptr)
            one->connection->tell_gone();
    }
}

void Server::look_for_gone_clients()
{
    for (auto* const one : state_->open)
        if (one->connection != nullptr)
            one->connection->look_for_client();
}

std::uint64_t Server::accepted() const
{
    return state_->accepted;
}

std::size_t Server::connections() const
{
    return state_->open.size();
}

} // namespace trellis::net::http
