// A TCP socket of a guest, with states of its own: what does not fit the state is SystemError::invalid_state and
// changes nothing. Every way to the outside passes the guest's Network. Nothing waits: EAGAIN, and then writable() for
// a connection or for sending, readable() for accepting or receiving. One thread at a time, the store's.
#pragma once

#include "sandbox/network/socket.hpp"

#include <cstddef>
#include <span>

namespace trellis::sandbox {

class TcpSocket {
public:
    enum class State : std::uint8_t { unbound, bound, connecting, connected, listening, closed };

    /// Errors: EMFILE, EAFNOSUPPORT.
    static Outcome<TcpSocket> create(Network& network, Family family);

    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] Family family() const { return socket_.family(); }
    [[nodiscard]] pollfd readable() const { return socket_.readable(); }
    [[nodiscard]] pollfd writable() const { return socket_.writable(); }
    /// What the state waits for: writable() for a connection to be made, readable() for one to come, otherwise either.
    /// Sockets with nothing to wait for are ready.
    [[nodiscard]] pollfd next_step() const;

    /// No particular address and port need no grant, as long as nobody listens there. Errors: invalid_state,
    /// EAFNOSUPPORT, EINVAL (mapped or not of one host), EACCES (not granted), EADDRINUSE, EADDRNOTAVAIL.
    Outcome<> bind(const SocketAddress& local);

    /// Begins; the end of it is what finish_connect() gives. Where the address is refused (EAFNOSUPPORT, EINVAL,
    /// EACCES), and in the wrong state, nothing changes; other errors close the socket.
    Outcome<> start_connect(const SocketAddress& remote);
    /// EAGAIN: not yet. Other errors close the socket: ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH and the like.
    Outcome<> finish_connect();

    /// A socket that nobody bound is bound to every address and a port of the system's choice. Errors: invalid_state,
    /// EACCES, EADDRINUSE.
    Outcome<> listen();
    /// The next connection, with the options of this socket. Connections that failed while they waited are passed over.
    /// Errors: invalid_state, EAGAIN, EMFILE.
    Outcome<TcpSocket> accept();

    /// At least one byte, or 0 at the end. Errors: invalid_state, EAGAIN; those of a connection close the socket.
    Outcome<std::size_t> receive(std::span<std::byte> to);
    /// How many bytes the system took. Errors: invalid_state, EAGAIN, EPIPE; those of a connection close the socket.
    Outcome<std::size_t> send(std::span<const std::byte> bytes);
    /// `how`: SHUT_RD (what has come and was not received is gone), SHUT_WR or SHUT_RDWR. Errors: invalid_state.
    Outcome<> shut_down(int how);

    [[nodiscard]] Outcome<SocketAddress> local_address() const;
    [[nodiscard]] Outcome<SocketAddress> remote_address() const;

    /// How many connections may wait to be accepted; clamped. Errors: invalid_state, EINVAL for 0.
    Outcome<> set_listen_backlog(std::uint64_t size);
    [[nodiscard]] Outcome<std::uint64_t> option(const SocketOption& option) const;
    [[nodiscard]] Outcome<> set_option(const SocketOption& option, std::uint64_t value) const;

private:
    TcpSocket(Socket socket, State state) : socket_(std::move(socket)), state_(state) {}
    template <class... States>
    [[nodiscard]] Outcome<> must_be(States... states) const;
    Outcome<std::size_t> moved(ssize_t count);

    Socket socket_;
    State state_;
    bool may_listen_ = false; ///< where it is bound
    bool receives_no_more_ = false;
    int backlog_ = 128;
};

} // namespace trellis::sandbox
