#include "sandbox/network/udp_socket.hpp"

namespace trellis::sandbox {

namespace {

/// How many datagrams of strangers one call passes over, so that a flood of them does not keep it.
constexpr int most_passed_over = 64;

/// Leaves the socket without a peer. The system forgets a port of its own choice with the peer, so it is bound again.
Outcome<> forget_peer(const Socket& socket, const SocketAddress& bound)
{
    const sockaddr nobody = {.sa_family = AF_UNSPEC, .sa_data = {}};
    TRELLIS_TRY(checked(::connect(socket.fd(), &nobody, sizeof nobody)));
    const auto local = TRELLIS_TRY(socket.local_address());
    return local.port == bound.port ? Outcome<>() : socket.bind(bound);
}

/// Who sends and who was connected to are the same where the parts that name a host are.
bool is_same_peer(const SocketAddress& a, const SocketAddress& b)
{
    return a.address == b.address && a.port == b.port;
}

} // namespace

Outcome<UdpSocket> UdpSocket::create(Network& network, Family family)
{
    return UdpSocket(TRELLIS_TRY(Socket::open(network, family, SOCK_DGRAM)));
}

Outcome<> UdpSocket::bind(const SocketAddress& local)
{
    if (bound_)
        return failure(SystemError::invalid_state);
    TRELLIS_TRY(check_family(local, family()));
    const bool granted = socket_.network().may_bind(local);
    if (!granted && !local.is_unspecified())
        return failure(EACCES);
    TRELLIS_TRY(socket_.bind(local));
    bound_ = TRELLIS_TRY(socket_.local_address());
    hears_all_ = granted;
    return {};
}

Outcome<> UdpSocket::bind_anywhere()
{
    return bound_ ? Outcome<>() : bind(SocketAddress::unspecified(family()));
}

Outcome<> UdpSocket::connect(const SocketAddress& remote)
{
    TRELLIS_TRY(check_remote(remote, family()));
    if (!socket_.network().may_send(remote))
        return failure(EACCES);
    TRELLIS_TRY(bind_anywhere());
    if (std::exchange(remote_, std::nullopt))
        TRELLIS_TRY(forget_peer(socket_, *bound_));
    TRELLIS_TRY(socket_.connect(remote));
    remote_ = remote;
    return {};
}

Outcome<> UdpSocket::disconnect()
{
    if (!std::exchange(remote_, std::nullopt))
        return failure(SystemError::invalid_state);
    return forget_peer(socket_, *bound_);
}

bool UdpSocket::hears_from(const SocketAddress& sender) const
{
    // What had come before the socket had a peer may still be there.
    if (remote_)
        return is_same_peer(*remote_, sender);
    return hears_all_ || socket_.network().may_send(sender);
}

Outcome<UdpSocket::Datagram> UdpSocket::receive_any(std::span<std::byte> to) const
{
    iovec part = {.iov_base = to.data(), .iov_len = to.size()};
    SystemAddress from;
    msghdr message = {};
    message.msg_name = from.data();
    message.msg_namelen = from.size();
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    const auto count = uninterrupted([&] { return ::recvmsg(socket_.fd(), &message, MSG_DONTWAIT); });
    if (count == -1)
        return last_failure();
    return Datagram{.bytes = static_cast<std::size_t>(count),
                    .truncated = (message.msg_flags & MSG_TRUNC) != 0,
                    .from = TRELLIS_TRY(from.value())};
}

Outcome<UdpSocket::Datagram> UdpSocket::receive(std::span<std::byte> to)
{
    if (!bound_)
        return failure(SystemError::invalid_state);
    for (int passed_over = 0; passed_over < most_passed_over; ++passed_over) {
        const auto datagram = TRELLIS_TRY(receive_any(to));
        if (hears_from(datagram.from))
            return datagram;
    }
    return failure(EAGAIN);
}

Outcome<> UdpSocket::check_destination(const std::optional<SocketAddress>& remote) const
{
    if (!remote)
        return remote_ ? Outcome<>() : failure(EDESTADDRREQ);
    TRELLIS_TRY(check_remote(*remote, family()));
    if (remote_)
        return *remote == *remote_ ? Outcome<>() : failure(EINVAL);
    return socket_.network().may_send(*remote) ? Outcome<>() : failure(EACCES);
}

Outcome<> UdpSocket::send(std::span<const std::byte> bytes, const std::optional<SocketAddress>& remote)
{
    TRELLIS_TRY(check_destination(remote));
    TRELLIS_TRY(bind_anywhere());
    const auto to = remote && !remote_ ? std::optional<SystemAddress>(*remote) : std::nullopt;
    const auto sent = uninterrupted([&] {
        return ::sendto(socket_.fd(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                        to ? to->data() : nullptr, to ? to->size() : 0);
    });
    return checked(static_cast<int>(std::min<ssize_t>(sent, 0)));
}

Outcome<SocketAddress> UdpSocket::local_address() const
{
    if (!bound_)
        return failure(SystemError::invalid_state);
    return socket_.local_address();
}

Outcome<SocketAddress> UdpSocket::remote_address() const
{
    if (!remote_)
        return failure(SystemError::invalid_state);
    return *remote_;
}

} // namespace trellis::sandbox
