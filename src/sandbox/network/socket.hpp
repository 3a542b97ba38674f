// What TCP and UDP sockets of a guest have in common: the descriptor, its addresses, its options, and what to wait for.
// Nothing here or in them waits: an attempt that would is EAGAIN, and whoever calls waits for readable() or writable()
// as it likes, by a Waiter, in a poll of many, or by wait_until_done(). One thread at a time, the store's.
#pragma once

#include "base/result.hpp"
#include "sandbox/network/network.hpp"
#include "sandbox/waiting.hpp"

#include <type_traits>

namespace trellis::sandbox {

/// A number that a socket has, in the guest's unit: `scale` of it are one of the system's. Other values than those the
/// system takes are clamped and rounded up.
struct SocketOption {
    struct Name {
        int level, name;
    };
    Name v4, v6;
    std::uint64_t scale = 1;
    std::uint64_t most = 1;  ///< in the system's unit
    std::uint64_t least = 1; ///< what is below is EINVAL
    bool doubled = false;    ///< the system gives back twice what it was given
};

namespace socket_option {
extern const SocketOption keep_alive;             ///< TCP only: 0 or 1
extern const SocketOption keep_alive_idle_ns;     ///< TCP only
extern const SocketOption keep_alive_interval_ns; ///< TCP only
extern const SocketOption keep_alive_count;       ///< TCP only
extern const SocketOption hop_limit;              ///< to 255
extern const SocketOption receive_buffer_bytes;
extern const SocketOption send_buffer_bytes;
} // namespace socket_option

class Socket {
public:
    /// `type`: SOCK_STREAM or SOCK_DGRAM. IPv6 sockets are for IPv6 only. Errors: EMFILE (also: the guest has as many
    /// as it may), EAFNOSUPPORT.
    static Outcome<Socket> open(Network& network, Family family, int type);
    /// One that exists, in non-blocking mode.
    Socket(Network& network, SocketPlace place, HostFd fd, Family family)
        : network_(&network), place_(std::move(place)), fd_(std::move(fd)), family_(family)
    {
    }

    [[nodiscard]] Network& network() const { return *network_; }
    [[nodiscard]] int fd() const { return fd_.number(); }
    [[nodiscard]] Family family() const { return family_; }
    [[nodiscard]] pollfd readable() const { return {.fd = fd(), .events = POLLIN, .revents = 0}; }
    [[nodiscard]] pollfd writable() const { return {.fd = fd(), .events = POLLOUT, .revents = 0}; }
    /// Whether that is so now.
    [[nodiscard]] static bool is_ready(pollfd what);

    [[nodiscard]] Outcome<std::uint64_t> option(const SocketOption& option) const;
    [[nodiscard]] Outcome<> set_option(const SocketOption& option, std::uint64_t value) const;

    // System calls with addresses.
    [[nodiscard]] Outcome<> bind(const SocketAddress& address) const;
    [[nodiscard]] Outcome<> connect(const SocketAddress& address) const;
    [[nodiscard]] Outcome<SocketAddress> local_address() const;
    [[nodiscard]] Outcome<SocketAddress> remote_address() const;
    /// Gives the error that the system keeps for the socket, once.
    [[nodiscard]] Outcome<> pending_error() const;

private:
    Network* network_;
    SocketPlace place_;
    HostFd fd_;
    Family family_;
};

/// Attempts again whenever `what` is there, as long as the outcome is EAGAIN. Errors: guest_trapped, those of the
/// attempt.
template <class Attempt>
std::invoke_result_t<Attempt&> wait_until_done(Wait& wait, pollfd what, Attempt&& attempt)
{
    while (true) {
        auto outcome = attempt();
        if (outcome || outcome.error() != system_error(EAGAIN))
            return outcome;
        TRELLIS_TRY(wait.until_ready(what.fd, what.events));
    }
}

} // namespace trellis::sandbox
