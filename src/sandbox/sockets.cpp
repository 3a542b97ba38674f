#include "sandbox/sockets.hpp"

#include "base/format.hpp"

#include <algorithm>
#include <climits>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <sys/socket.h>

namespace trellis::sandbox {

namespace {

constexpr int waiting_connections = 128;

struct HostAndPort {
    std::string host, port;
};

Result<HostAndPort> split(const std::string& address)
{
    const auto colon = address.rfind(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == address.size())
        return fail(ErrorCode::usage, format("'{}' is no address to listen on; write host:port", address));
    auto host = address.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    return HostAndPort{host, address.substr(colon + 1)};
}

std::unexpected<Error> cannot_listen(const std::string& address, int error)
{
    const auto code = error == EACCES ? ErrorCode::denied : ErrorCode::io;
    return fail(code, format("cannot listen on '{}': {}", address, std::strerror(error)));
}

/// A socket that listens there, or an empty one with errno set.
HostFd try_listen(const addrinfo& at)
{
    HostFd fd(::socket(at.ai_family, at.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, at.ai_protocol));
    const int on = 1;
    if (!fd || ::setsockopt(fd.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        ::bind(fd.number(), at.ai_addr, at.ai_addrlen) != 0 || ::listen(fd.number(), waiting_connections) != 0)
        return {};
    return fd;
}

} // namespace

Result<HostFd> listen_on(const std::string& address)
{
    const auto [host, port] = TRELLIS_TRY(split(address));
    addrinfo hints = {};
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found))
        return fail(ErrorCode::not_found, format("cannot listen on '{}': {}", address, ::gai_strerror(error)));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
    int error = 0;
    for (const auto* at = found; at != nullptr; at = at->ai_next) {
        if (auto fd = try_listen(*at))
            return fd;
        error = errno;
    }
    return cannot_listen(address, error);
}

Outcome<HostFd> accept_connection(const Stream& listener, Wait& wait)
{
    while (true) {
        const int fd =
            uninterrupted([&] { return ::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK); });
        if (fd >= 0)
            return HostFd(fd);
        if (errno == ECONNABORTED) // it went away while it waited for us
            continue;
        if (errno != EAGAIN || listener.non_blocking())
            return last_failure();
        TRELLIS_TRY(wait.until_ready(listener.fd(), POLLIN));
    }
}

namespace {

std::size_t total(std::span<const iovec> parts)
{
    std::size_t sum = 0;
    for (const auto& part : parts)
        sum += part.iov_len;
    return sum;
}

ssize_t receive_once(const Stream& socket, std::span<iovec> parts, int flags, bool& truncated)
{
    msghdr message = {};
    message.msg_iov = parts.data();
    message.msg_iovlen = std::min<std::size_t>(parts.size(), IOV_MAX);
    const auto count = uninterrupted([&] { return ::recvmsg(socket.fd(), &message, flags | MSG_DONTWAIT); });
    truncated = message.msg_flags & MSG_TRUNC;
    return count;
}

} // namespace

Outcome<Received> receive(Stream& socket, std::span<iovec> parts, bool peek, bool all, Wait& wait)
{
    const auto wanted = total(parts);
    if (wanted == 0) // nothing to wait for
        return Received{0, false};
    std::size_t received = 0;
    while (true) {
        bool truncated = false;
        const auto count = receive_once(socket, parts, peek ? MSG_PEEK : 0, truncated);
        if (count > 0 && !peek)
            received += static_cast<std::size_t>(count);
        if (count >= 0 && (!all || peek || count == 0 || received == wanted))
            return Received{peek ? static_cast<std::size_t>(count) : received, truncated};
        if (count > 0) {
            parts = skip(parts, static_cast<std::size_t>(count));
        } else if (errno != EAGAIN || socket.non_blocking()) {
            return received != 0 ? Outcome<Received>(Received{received, false}) : last_failure();
        } else {
            TRELLIS_TRY(wait.until_ready(socket.fd(), POLLIN));
        }
    }
}

Outcome<> shut_down(const Stream& socket, int how)
{
    return checked(::shutdown(socket.fd(), how));
}

} // namespace trellis::sandbox
