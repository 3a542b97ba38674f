#include "sandbox/network/socket.hpp"

#include <algorithm>
#include <climits>
#include <netinet/in.h>
#include <netinet/tcp.h>

namespace trellis::sandbox {

namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::uint64_t longest_keep_alive_s = 32'767; // what Linux takes
constexpr std::uint64_t most_probes = 127;

constexpr SocketOption of_both(int level, int name, const SocketOption& rest)
{
    auto option = rest;
    option.v4 = option.v6 = {level, name};
    return option;
}

} // namespace

namespace socket_option {
constexpr SocketOption keep_alive = of_both(SOL_SOCKET, SO_KEEPALIVE, {.v4 = {}, .v6 = {}, .least = 0});
constexpr SocketOption keep_alive_idle_ns =
    of_both(IPPROTO_TCP, TCP_KEEPIDLE, {.v4 = {}, .v6 = {}, .scale = second_ns, .most = longest_keep_alive_s});
constexpr SocketOption keep_alive_interval_ns =
    of_both(IPPROTO_TCP, TCP_KEEPINTVL, {.v4 = {}, .v6 = {}, .scale = second_ns, .most = longest_keep_alive_s});
constexpr SocketOption keep_alive_count = of_both(IPPROTO_TCP, TCP_KEEPCNT, {.v4 = {}, .v6 = {}, .most = most_probes});
constexpr SocketOption hop_limit = {.v4 = {IPPROTO_IP, IP_TTL}, .v6 = {IPPROTO_IPV6, IPV6_UNICAST_HOPS}, .most = 255};
constexpr SocketOption receive_buffer_bytes =
    of_both(SOL_SOCKET, SO_RCVBUF, {.v4 = {}, .v6 = {}, .most = INT_MAX / 2, .doubled = true});
constexpr SocketOption send_buffer_bytes =
    of_both(SOL_SOCKET, SO_SNDBUF, {.v4 = {}, .v6 = {}, .most = INT_MAX / 2, .doubled = true});
} // namespace socket_option

Outcome<Socket> Socket::open(Network& network, Family family, int type)
{
    auto place = TRELLIS_TRY(network.take_place());
    auto fd = TRELLIS_TRY(opened(::socket(system_family(family), type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)));
    const int on = 1;
    if (family == Family::ipv6)
        TRELLIS_TRY(checked(::setsockopt(fd.number(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on)));
    return Socket(network, std::move(place), std::move(fd), family);
}

bool Socket::is_ready(pollfd what)
{
    return uninterrupted([&] { return ::poll(&what, 1, 0); }) > 0;
}

Outcome<std::uint64_t> Socket::option(const SocketOption& option) const
{
    const auto [level, name] = family_ == Family::ipv4 ? option.v4 : option.v6;
    int value = 0;
    socklen_t size = sizeof value;
    TRELLIS_TRY(checked(::getsockopt(fd(), level, name, &value, &size)));
    return static_cast<std::uint64_t>(value) * option.scale / (option.doubled ? 2 : 1);
}

Outcome<> Socket::set_option(const SocketOption& option, std::uint64_t value) const
{
    if (value < option.least)
        return failure(EINVAL);
    const auto [level, name] = family_ == Family::ipv4 ? option.v4 : option.v6;
    const auto units = value / option.scale + (value % option.scale != 0 ? 1 : 0);
    const auto given = static_cast<int>(std::min(units, option.most));
    return checked(::setsockopt(fd(), level, name, &given, sizeof given));
}

Outcome<> Socket::bind(const SocketAddress& address) const
{
    const SystemAddress system(address);
    return checked(::bind(fd(), system.data(), system.size()));
}

Outcome<> Socket::connect(const SocketAddress& address) const
{
    const SystemAddress system(address);
    return checked(::connect(fd(), system.data(), system.size()));
}

Outcome<SocketAddress> Socket::local_address() const
{
    SystemAddress address;
    TRELLIS_TRY(checked(::getsockname(fd(), address.data(), address.size_to_fill())));
    return address.value();
}

Outcome<SocketAddress> Socket::remote_address() const
{
    SystemAddress address;
    TRELLIS_TRY(checked(::getpeername(fd(), address.data(), address.size_to_fill())));
    return address.value();
}

Outcome<> Socket::pending_error() const
{
    int error = 0;
    socklen_t size = sizeof error;
    TRELLIS_TRY(checked(::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &size)));
    if (error != 0)
        return failure(error);
    return {};
}

} // namespace trellis::sandbox
