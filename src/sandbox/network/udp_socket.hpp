// A UDP socket of a guest. It sends to whom the guest's Network lets it, and nothing waits: EAGAIN, and then readable()
// or writable(). A socket that was bound nowhere in particular without a grant for that hears only from those whom it
// may send to. One thread at a time, the store's.
#pragma once

#include "sandbox/network/socket.hpp"

#include <cstddef>
#include <optional>
#include <span>

namespace trellis::sandbox {

class UdpSocket {
public:
    static constexpr std::size_t max_datagram_bytes = 65'536;

    /// Errors: EMFILE, EAFNOSUPPORT.
    static Outcome<UdpSocket> create(Network& network, Family family);

    [[nodiscard]] bool is_bound() const { return bound_.has_value(); }
    [[nodiscard]] bool is_connected() const { return remote_.has_value(); }
    [[nodiscard]] Family family() const { return socket_.family(); }
    [[nodiscard]] pollfd readable() const { return socket_.readable(); }
    [[nodiscard]] pollfd writable() const { return socket_.writable(); }

    /// No particular address and port need no grant. Errors: invalid_state (bound), EAFNOSUPPORT, EINVAL (mapped),
    /// EACCES (not granted), EADDRINUSE, EADDRNOTAVAIL.
    Outcome<> bind(const SocketAddress& local);
    /// From now on this one peer only; may be called again. Binds if nobody has. Errors: EAFNOSUPPORT, EINVAL, EACCES
    /// (not granted), EADDRINUSE, those of connect(2), after which there is no peer.
    Outcome<> connect(const SocketAddress& remote);
    /// Errors: invalid_state (no peer).
    Outcome<> disconnect();

    struct Datagram {
        std::size_t bytes;
        bool truncated; ///< there was more; not with max_datagram_bytes of room
        SocketAddress from;
    };
    /// Errors: invalid_state (not bound), EAGAIN, what an earlier datagram ran into (ECONNREFUSED and the like).
    Outcome<Datagram> receive(std::span<std::byte> to);
    /// To the peer, or to `remote`, which must be the peer if there is one. Binds if nobody has. Errors: EDESTADDRREQ
    /// (neither), EAFNOSUPPORT, EINVAL, EACCES (not granted), EAGAIN, EMSGSIZE, those of receive().
    Outcome<> send(std::span<const std::byte> bytes, const std::optional<SocketAddress>& remote);

    /// Errors: invalid_state (not bound; no peer).
    [[nodiscard]] Outcome<SocketAddress> local_address() const;
    [[nodiscard]] Outcome<SocketAddress> remote_address() const;

    [[nodiscard]] Outcome<std::uint64_t> option(const SocketOption& option) const { return socket_.option(option); }
    [[nodiscard]] Outcome<> set_option(const SocketOption& option, std::uint64_t value) const
    {
        return socket_.set_option(option, value);
    }

private:
    explicit UdpSocket(Socket socket) : socket_(std::move(socket)) {}
    Outcome<> bind_anywhere();
    [[nodiscard]] Outcome<> check_destination(const std::optional<SocketAddress>& remote) const;
    [[nodiscard]] bool hears_from(const SocketAddress& sender) const;
    [[nodiscard]] Outcome<Datagram> receive_any(std::span<std::byte> to) const;

    Socket socket_;
    std::optional<SocketAddress> bound_; ///< where, before any connect
    std::optional<SocketAddress> remote_;
    bool hears_all_ = false;
};

} // namespace trellis::sandbox
