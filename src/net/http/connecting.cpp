#include "net/http/connecting.hpp"

#include "base/format.hpp"

#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace trellis::net::http {

namespace {

struct SocketAddress {
    SocketAddress(const IpAddress& address, std::uint16_t port)
    {
        if (address.is_v4()) {
            sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {}, .sin_zero = {}};
            std::memcpy(&v4.sin_addr, address.bytes().data() + 12, 4);
            std::memcpy(&storage, &v4, length = sizeof v4);
        } else {
            sockaddr_in6 v6 = {};
            v6.sin6_family = AF_INET6;
            v6.sin6_port = htons(port);
            std::memcpy(&v6.sin6_addr, address.bytes().data(), 16);
            std::memcpy(&storage, &v6, length = sizeof v6);
        }
    }
    sockaddr_storage storage = {};
    socklen_t length = 0;
};

ClientFault fault_of(int number)
{
    switch (number) {
    case ECONNREFUSED:
        return ClientFault::refused;
    case ETIMEDOUT:
        return ClientFault::connect_timeout;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case EADDRNOTAVAIL:
        return ClientFault::unreachable;
    default:
        return ClientFault::other;
    }
}

std::unexpected<ClientError> cannot_connect(const IpAddress& address, int number, ClientFault fault)
{
    return std::unexpected(ClientError(
        fault, {ErrorCode::io, format("can't connect to {}: {}", address.text(), std::strerror(number)), {}}));
}

std::unexpected<ClientError> cannot_connect(const IpAddress& address, int number)
{
    return cannot_connect(address, number, fault_of(number));
}

/// 0: it is there.
int error_of(int socket)
{
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length);
    return error;
}

} // namespace

Limit both(const Limit& one, const Limit& other)
{
    if (!one.until || !other.until)
        return one.until ? one : other;
    return *one.until <= *other.until ? one : other;
}

Limit from_now(std::optional<std::chrono::nanoseconds> time, ClientFault fault)
{
    using namespace std::chrono;
    constexpr nanoseconds for_ever = hours(24 * 365);
    if (!time || *time < nanoseconds(0) || *time > for_ever) // the guest's number; time does not overflow
        return {};
    return {.until = steady_clock::now() + duration_cast<steady_clock::duration>(*time), .fault = fault};
}

ClientResult<OwnedDescriptor> connect_to(EventLoop& loop, const IpAddress& address, std::uint16_t port,
                                         const Limit& limit, Cancellation* cancellation)
{
    const SocketAddress to(address, port);
    OwnedDescriptor socket(::socket(to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (socket.get() < 0)
        return cannot_connect(address, errno);
    const int at_once = 1; // a head and the pieces of a body must not wait for each other's acknowledgement
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to.storage), to.length) == 0)
        return socket;
    if (errno != EINPROGRESS)
        return cannot_connect(address, errno);
    pollfd waited = {.fd = socket.get(), .events = POLLOUT, .revents = 0};
    Pause cancelled(loop);
    const Cancellation::Wait wait(cancellation, [&cancelled] { cancelled.wake(); });
    if (!loop.wait_ready({&waited, 1}, limit.until, &cancelled))
        return cannot_connect(address, ETIMEDOUT, limit.is_past() ? limit.fault : ClientFault::other);
    if (const int error = error_of(socket.get()); error != 0)
        return cannot_connect(address, error);
    return socket;
}

} // namespace trellis::net::http
