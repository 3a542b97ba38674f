#include "base/format.hpp"
#include "net/http/server.hpp"

#include <charconv>
#include <cstring>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace trellis::net::http {

struct Listener::State {
    int fd = -1;
    std::string unix_path;

    ~State()
    {
        if (fd >= 0)
            ::close(fd);
        if (!unix_path.empty())
            ::unlink(unix_path.c_str());
    }
};

namespace {

constexpr int backlog = 4096;
constexpr std::string_view unix_prefix = "unix:";

std::unexpected<Error> failure(const std::string& address, int number)
{
    const auto code = number == EACCES || number == EPERM ? ErrorCode::denied : ErrorCode::io;
    return fail(code, format("can't listen on {}: {}", address, std::strerror(number)));
}

/// "host:port", "[v6]:port".
Result<std::pair<std::string, std::string>> split_address(const std::string& address)
{
    const auto colon = address.rfind(':');
    auto host = address.substr(0, colon);
    if (colon == std::string::npos || host.empty() || colon + 1 == address.size())
        return fail(ErrorCode::usage, format("{}: write HOST:PORT, [V6]:PORT or unix:PATH", address));
    if (host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    return std::pair(host, address.substr(colon + 1));
}

bool bind_and_listen(int fd, const sockaddr* address, socklen_t length)
{
    return ::bind(fd, address, length) == 0 && ::listen(fd, backlog) == 0;
}

/// A socket file that nobody listens on any more is in the way.
bool remove_stale(const sockaddr_un& address)
{
    struct stat status = {};
    if (::lstat(address.sun_path, &status) != 0)
        return true;
    if (!S_ISSOCK(status.st_mode))
        return false;
    const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool answered = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(probe);
    return !answered && ::unlink(address.sun_path) == 0;
}

} // namespace

Listener::Listener() : state_(std::make_unique<State>()) {}
Listener::Listener(Listener&&) noexcept = default;
Listener& Listener::operator=(Listener&&) noexcept = default;
Listener::~Listener() = default;

Result<Listener> Listener::open(const std::string& address)
{
    Listener listener;
    auto& state = *listener.state_;
    if (address.starts_with(unix_prefix)) {
        sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = {}};
        const auto path = address.substr(unix_prefix.size());
        if (path.empty() || path.size() >= sizeof name.sun_path)
            return fail(ErrorCode::usage, format("{}: the path is empty or too long for a socket", address));
        std::memcpy(name.sun_path, path.data(), path.size());
        state.fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (!remove_stale(name))
            return failure(address, EADDRINUSE);
        if (state.fd < 0 || !bind_and_listen(state.fd, reinterpret_cast<const sockaddr*>(&name), sizeof name))
            return failure(address, errno);
        state.unix_path = path;
        return listener;
    }
    const auto [host, port] = TRELLIS_TRY(split_address(address));
    addrinfo hints = {};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0)
        return fail(ErrorCode::usage, format("can't listen on {}: {}", address, ::gai_strerror(error)));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> guard(found, ::freeaddrinfo);
    state.fd = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;
    if (state.fd < 0 || ::setsockopt(state.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        !bind_and_listen(state.fd, found->ai_addr, found->ai_addrlen))
        return failure(address, errno);
    return listener;
}

int Listener::fd() const
{
    return state_->fd;
}

std::uint16_t Listener::port() const
{
    sockaddr_storage name = {};
    socklen_t length = sizeof name;
    ::getsockname(state_->fd, reinterpret_cast<sockaddr*>(&name), &length);
    if (name.ss_family == AF_INET)
        return ntohs(reinterpret_cast<const sockaddr_in&>(name).sin_port);
    if (name.ss_family == AF_INET6)
        return ntohs(reinterpret_cast<const sockaddr_in6&>(name).sin6_port);
    return 0;
}

std::string Listener::address() const
{
    if (!state_->unix_path.empty())
        return std::string(unix_prefix) + state_->unix_path;
    sockaddr_storage name = {};
    socklen_t length = sizeof name;
    ::getsockname(state_->fd, reinterpret_cast<sockaddr*>(&name), &length);
    char host[NI_MAXHOST] = {};
    ::getnameinfo(reinterpret_cast<const sockaddr*>(&name), length, host, sizeof host, nullptr, 0, NI_NUMERICHOST);
    const auto text = std::string(static_cast<const char*>(host));
    return format("{}:{}", name.ss_family == AF_INET6 ? "[" + text + "]" : text, port());
}

} // namespace trellis::net::http
