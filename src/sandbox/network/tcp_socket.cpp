#include "sandbox/network/tcp_socket.hpp"

#include <algorithm>
#include <array>

namespace trellis::sandbox {

namespace {

constexpr std::uint64_t longest_backlog = 4096;

/// What accept(2) says of a connection that has failed already, and not of the listener.
constexpr std::array of_a_connection = {ECONNABORTED, EPROTO,   ENOPROTOOPT, EHOSTDOWN, ENONET,
                                        EHOSTUNREACH, ENETDOWN, ENETUNREACH, EOPNOTSUPP};

bool has_ended(int error)
{
    return error != EAGAIN && error != EPIPE && error != ENOBUFS && error != ENOMEM;
}

} // namespace

template <class... States>
Outcome<> TcpSocket::must_be(States... states) const
{
    if (((state_ != states) && ...))
        return failure(SystemError::invalid_state);
    return {};
}

Outcome<TcpSocket> TcpSocket::create(Network& network, Family family)
{
    return TcpSocket(TRELLIS_TRY(Socket::open(network, family, SOCK_STREAM)), State::unbound);
}

pollfd TcpSocket::next_step() const
{
    auto step = state_ == State::connecting ? writable() : readable();
    if (state_ != State::connecting && state_ != State::listening)
        step.events |= POLLOUT;
    return step;
}

Outcome<> TcpSocket::bind(const SocketAddress& local)
{
    TRELLIS_TRY(must_be(State::unbound));
    TRELLIS_TRY(check_family(local, family()));
    if (local.address.is_of_many())
        return failure(EINVAL);
    const bool granted = socket_.network().may_listen(local);
    if (!granted && !local.is_unspecified())
        return failure(EACCES);
    // So that connections that have just ended don't keep the port.
    const int on = 1;
    TRELLIS_TRY(checked(::setsockopt(socket_.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on)));
    TRELLIS_TRY(socket_.bind(local));
    may_listen_ = granted;
    state_ = State::bound;
    return {};
}

Outcome<> TcpSocket::start_connect(const SocketAddress& remote)
{
    TRELLIS_TRY(must_be(State::unbound, State::bound));
    TRELLIS_TRY(check_remote(remote, family()));
    if (remote.address.is_of_many())
        return failure(EINVAL);
    if (!socket_.network().may_connect(remote))
        return failure(EACCES);
    const auto connected = socket_.connect(remote);
    if (connected || connected.error() == system_error(EINPROGRESS)) {
        state_ = State::connecting;
        return {};
    }
    const bool no_port = connected.error() == system_error(EADDRNOTAVAIL) || connected.error() == system_error(EAGAIN);
    const bool was_bound = std::exchange(state_, State::closed) == State::bound;
    return no_port && !was_bound ? failure(EADDRINUSE) : failure(connected.error());
}

Outcome<> TcpSocket::finish_connect()
{
    TRELLIS_TRY(must_be(State::connecting));
    if (!Socket::is_ready(writable()))
        return failure(EAGAIN);
    const auto connected = socket_.pending_error();
    state_ = connected ? State::connected : State::closed;
    return connected;
}

Outcome<> TcpSocket::listen()
{
    TRELLIS_TRY(must_be(State::unbound, State::bound));
    if (state_ == State::unbound && !socket_.network().may_listen(SocketAddress::unspecified(family())))
        return failure(EACCES);
    if (state_ == State::unbound)
        TRELLIS_TRY(bind(SocketAddress::unspecified(family())));
    if (!may_listen_)
        return failure(EACCES);
    TRELLIS_TRY(checked(::listen(socket_.fd(), backlog_)));
    state_ = State::listening;
    return {};
}

Outcome<TcpSocket> TcpSocket::accept()
{
    TRELLIS_TRY(must_be(State::listening));
    auto place = TRELLIS_TRY(socket_.network().take_place());
    while (true) {
        const int fd =
            uninterrupted([&] { return ::accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK); });
        if (fd >= 0)
            return TcpSocket(Socket(socket_.network(), std::move(place), HostFd(fd), family()), State::connected);
        if (std::ranges::find(of_a_connection, errno) == of_a_connection.end())
            return last_failure();
    }
}

Outcome<std::size_t> TcpSocket::moved(ssize_t count)
{
    if (count >= 0)
        return static_cast<std::size_t>(count);
    const int error = errno;
    if (has_ended(error))
        state_ = State::closed;
    return failure(error);
}

Outcome<std::size_t> TcpSocket::receive(std::span<std::byte> to)
{
    TRELLIS_TRY(must_be(State::connected));
    if (receives_no_more_ || to.empty())
        return 0;
    return moved(uninterrupted([&] { return ::recv(socket_.fd(), to.data(), to.size(), MSG_DONTWAIT); }));
}

Outcome<std::size_t> TcpSocket::send(std::span<const std::byte> bytes)
{
    TRELLIS_TRY(must_be(State::connected));
    if (bytes.empty())
        return 0;
    return moved(
        uninterrupted([&] { return ::send(socket_.fd(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL); }));
}

Outcome<> TcpSocket::shut_down(int how)
{
    TRELLIS_TRY(must_be(State::connected));
    receives_no_more_ = receives_no_more_ || how != SHUT_WR; // the system would still give what has come
    // The other side may have reset the connection meanwhile: then there is nothing left to shut down.
    if (::shutdown(socket_.fd(), how) == -1 && errno != ENOTCONN)
        return last_failure();
    return {};
}

Outcome<SocketAddress> TcpSocket::local_address() const
{
    TRELLIS_TRY(must_be(State::bound, State::connecting, State::connected, State::listening));
    return socket_.local_address();
}

Outcome<SocketAddress> TcpSocket::remote_address() const
{
    TRELLIS_TRY(must_be(State::connected));
    auto address = socket_.remote_address();
    if (!address && address.error() == system_error(ENOTCONN))
        return failure(SystemError::invalid_state);
    return address;
}

Outcome<> TcpSocket::set_listen_backlog(std::uint64_t size)
{
    TRELLIS_TRY(must_be(State::unbound, State::bound, State::listening));
    if (size == 0)
        return failure(EINVAL);
    backlog_ = static_cast<int>(std::min(size, longest_backlog));
    return state_ == State::listening ? checked(::listen(socket_.fd(), backlog_)) : Outcome<>();
}

Outcome<std::uint64_t> TcpSocket::option(const SocketOption& option) const
{
    if (state_ == State::closed)
        return failure(SystemError::invalid_state);
    return socket_.option(option);
}

Outcome<> TcpSocket::set_option(const SocketOption& option, std::uint64_t value) const
{
    if (state_ == State::closed)
        return failure(SystemError::invalid_state);
    return socket_.set_option(option, value);
}

} // namespace trellis::sandbox
