// wasi:sockets: each function is one of sandbox/network, and waits where that would.
#include "sandbox/network/tcp_socket.hpp"
#include "sandbox/network/udp_socket.hpp"
#include "sandbox/wasi/p3/sockets_types.hpp"
#include "sandbox/wasi/p3/state.hpp"

namespace trellis::sandbox::preview3 {

namespace {

using namespace wasm::component;

/// A socket, and which of its streams the guest has had: each once.
struct Tcp {
    TcpSocket socket;
    bool sends = false, receives = false;
};
struct Udp {
    UdpSocket socket;
};

using Done = std::expected<void, SocketError>;
template <class T>
using Answer = std::expected<T, SocketError>;

template <class Handle>
auto& socket_of(ComponentStore& store, Borrow<Handle> self)
{
    return static_cast<Handle*>(store.objects.find(self.rep))->socket;
}

Trap give(const Outcome<>& outcome, Done& result)
{
    result = result_of<SocketError>(outcome, socket_error);
    return Trap::none;
}

template <class T, class Value, class Make>
Trap give(const Outcome<Value>& outcome, Answer<T>& result, Make make)
{
    if (outcome)
        result = make(*outcome);
    else
        result = std::unexpected(socket_error(outcome.error()));
    return Trap::none;
}

/// Attempts until it would not wait any more.
template <class Attempt>
Trap wait_until_done(State& state, ComponentStore& store, pollfd what, Attempt&& attempt,
                     std::invoke_result_t<Attempt&>& outcome)
{
    while (true) {
        outcome = attempt();
        if (outcome || outcome.error() != system_error(EAGAIN))
            return Trap::none;
        if (const Trap trap = state.events.until_ready(store, what); failed(trap))
            return trap;
    }
}

// Of both kinds

template <class Handle, class Socket>
Trap create(State& state, ComponentStore& store, AddressFamily family, Answer<Own<Handle>>& result)
{
    auto socket = Socket::create(state.network, family == AddressFamily::ipv4 ? Family::ipv4 : Family::ipv6);
    if (socket)
        result = give_object(store, std::make_shared<Handle>(Handle{std::move(*socket)}));
    else if (socket.error() == system_error(EAFNOSUPPORT))
        result = std::unexpected(SocketError(SocketErrorCode::not_supported));
    else
        result = std::unexpected(socket_error(socket.error()));
    return Trap::none;
}

template <class Handle>
Trap bind(State&, ComponentStore& store, Borrow<Handle> self, GuestSocketAddress local, Done& result)
{
    return give(socket_of(store, self).bind(socket_address(local)), result);
}

template <class Handle>
Trap get_local_address(State&, ComponentStore& store, Borrow<Handle> self, Answer<GuestSocketAddress>& result)
{
    return give(socket_of(store, self).local_address(), result, guest_socket_address);
}

template <class Handle>
Trap get_remote_address(State&, ComponentStore& store, Borrow<Handle> self, Answer<GuestSocketAddress>& result)
{
    return give(socket_of(store, self).remote_address(), result, guest_socket_address);
}

template <class Handle>
Trap get_address_family(State&, ComponentStore& store, Borrow<Handle> self, AddressFamily& result)
{
    result = socket_of(store, self).family() == Family::ipv4 ? AddressFamily::ipv4 : AddressFamily::ipv6;
    return Trap::none;
}

template <class Handle, const SocketOption& option, class T>
Trap get_option(State&, ComponentStore& store, Borrow<Handle> self, Answer<T>& result)
{
    return give(socket_of(store, self).option(option), result,
                [](std::uint64_t value) { return static_cast<T>(value); });
}

template <class Handle, const SocketOption& option, class T>
Trap set_option(State&, ComponentStore& store, Borrow<Handle> self, T value, Done& result)
{
    return give(socket_of(store, self).set_option(option, value), result);
}

// TCP

Trap connect(State& state, ComponentStore& store, Borrow<Tcp> self, GuestSocketAddress remote, Done& result)
{
    const auto tcp = object_of(store, self);
    Outcome<> outcome = tcp->socket.start_connect(socket_address(remote));
    if (outcome) {
        const Trap trap = wait_until_done(
            state, store, tcp->socket.writable(), [&tcp] { return tcp->socket.finish_connect(); }, outcome);
        if (failed(trap))
            return trap;
    }
    return give(outcome, result);
}

/// While the system has no descriptors left, this long goes by before the next attempt.
constexpr std::chrono::milliseconds pause_without_descriptors{100};

/// False: nobody takes connections any more, or there will be none.
Trap accept_one(State& state, ComponentStore& store, Tcp& listener, StreamWriter<Own<Tcp>>& to, bool& goes_on)
{
    goes_on = false;
    auto accepted = listener.socket.accept();
    if (accepted) {
        const Own<Tcp> handle = give_object(store, std::make_shared<Tcp>(Tcp{std::move(*accepted)}));
        std::size_t written = 0;
        const Trap trap = to.write(store, {&handle, 1}, &written);
        goes_on = written == 1;
        if (!goes_on)
            take_object(store, handle);
        return trap;
    }
    goes_on = true;
    if (accepted.error() == system_error(EAGAIN))
        return state.events.until_ready(store, listener.socket.readable(), [&to] { return to.is_dropped(); });
    if (accepted.error() == system_error(EMFILE))
        return state.events.until(store, std::chrono::steady_clock::now() + pause_without_descriptors);
    goes_on = false;
    return Trap::none;
}

/// `listener` is there as long as `to` is not dropped.
Trap accept_all(State& state, ComponentStore& store, const std::shared_ptr<Tcp>& listener, StreamWriter<Own<Tcp>>& to)
{
    while (true) {
        if (const Trap trap = to.wait_for_reader(store); failed(trap) || to.is_dropped())
            return trap;
        bool goes_on = false;
        if (const Trap trap = accept_one(state, store, *listener, to, goes_on); failed(trap) || !goes_on)
            return trap;
    }
}

Trap listen(State& state, ComponentStore& store, Borrow<Tcp> self, Answer<StreamOf<Own<Tcp>>>& result)
{
    const auto tcp = object_of(store, self);
    if (const auto outcome = tcp->socket.listen(); !outcome) {
        result = std::unexpected(socket_error(outcome.error()));
        return Trap::none;
    }
    const auto to = std::make_shared<StreamWriter<Own<Tcp>>>(StreamWriter<Own<Tcp>>::make(store));
    result = to->readable();
    // A guest that drops the last handle may bind another socket to the address at once.
    const auto listener = std::make_shared<std::shared_ptr<Tcp>>(tcp);
    to->on_drop([listener] { listener->reset(); });
    return spawn(store, [&state, &store, listener, to] { return accept_all(state, store, *listener, *to); });
}

/// Whether the socket can have this stream now. Notes that it has.
bool begins(const Tcp& tcp, bool& flag)
{
    return tcp.socket.state() == TcpSocket::State::connected && !std::exchange(flag, true);
}

Trap send(State& state, ComponentStore& store, Borrow<Tcp> self, StreamOf<std::uint8_t> data,
          Finished<SocketError>& result)
{
    const auto tcp = object_of(store, self);
    if (!begins(*tcp, tcp->sends)) {
        StreamReader<std::uint8_t>(std::move(data)).drop();
        return give_value<Done>(store, std::unexpected(SocketError(SocketErrorCode::invalid_state)), result);
    }
    Sink sink{
        .write = [tcp](std::span<const std::uint8_t> bytes, Wait&) { return tcp->socket.send(std::as_bytes(bytes)); },
        .ready = tcp->socket.writable()};
    return take_stream(state, store, std::move(data), std::move(sink), socket_error, result,
                       [tcp] { (void)tcp->socket.shut_down(SHUT_WR); });
}

Trap receive(State& state, ComponentStore& store, Borrow<Tcp> self, ReadableBytes<SocketError>& result)
{
    const auto tcp = object_of(store, self);
    if (!begins(*tcp, tcp->receives)) {
        std::get<0>(result) = empty_stream<std::uint8_t>(store);
        return give_value<Done>(store, std::unexpected(SocketError(SocketErrorCode::invalid_state)),
                                std::get<1>(result));
    }
    Source source{
        .read = [tcp](std::span<std::uint8_t> to, Wait&) { return tcp->socket.receive(std::as_writable_bytes(to)); },
        .ready = [tcp] { return tcp->socket.readable(); }};
    return give_stream(state, store, std::move(source), socket_error, result,
                       [tcp] { (void)tcp->socket.shut_down(SHUT_RD); });
}

Trap get_is_listening(State&, ComponentStore& store, Borrow<Tcp> self, bool& result)
{
    result = socket_of(store, self).state() == TcpSocket::State::listening;
    return Trap::none;
}

Trap set_listen_backlog_size(State&, ComponentStore& store, Borrow<Tcp> self, std::uint64_t size, Done& result)
{
    return give(socket_of(store, self).set_listen_backlog(size), result);
}

// UDP

Trap connect_udp(State&, ComponentStore& store, Borrow<Udp> self, GuestSocketAddress remote, Done& result)
{
    return give(socket_of(store, self).connect(socket_address(remote)), result);
}

Trap disconnect(State&, ComponentStore& store, Borrow<Udp> self, Done& result)
{
    return give(socket_of(store, self).disconnect(), result);
}

Trap send_datagram(State& state, ComponentStore& store, Borrow<Udp> self, ByteList data,
                   std::optional<GuestSocketAddress> remote, Done& result)
{
    const auto udp = object_of(store, self);
    std::optional<SocketAddress> to;
    if (remote)
        to = socket_address(*remote);
    Outcome<> outcome;
    const Trap trap = wait_until_done(
        state, store, udp->socket.writable(), [&] { return udp->socket.send(std::as_bytes(std::span(data)), to); },
        outcome);
    return failed(trap) ? trap : give(outcome, result);
}

Trap receive_datagram(State& state, ComponentStore& store, Borrow<Udp> self,
                      Answer<std::tuple<ByteList, GuestSocketAddress>>& result)
{
    const auto udp = object_of(store, self);
    ByteList bytes(UdpSocket::max_datagram_bytes);
    Outcome<UdpSocket::Datagram> outcome = failure(EAGAIN);
    const Trap trap = wait_until_done(
        state, store, udp->socket.readable(),
        [&] { return udp->socket.receive(std::as_writable_bytes(std::span(bytes))); }, outcome);
    if (failed(trap))
        return trap;
    return give(outcome, result, [&bytes](const UdpSocket::Datagram& datagram) {
        bytes.resize(datagram.bytes);
        return std::tuple(std::move(bytes), guest_socket_address(datagram.from));
    });
}

// ip-name-lookup

Trap resolve_addresses(State& state, ComponentStore& store, std::string name,
                       std::expected<std::vector<GuestIpAddress>, NameError>& result)
{
    auto lookup = NameLookup::start(state.network, state.resolver, name);
    if (!lookup) {
        result = std::unexpected(name_error(lookup.error()));
        return Trap::none;
    }
    auto addresses = lookup->addresses();
    while (!addresses && addresses.error() == LookupError::would_block) {
        if (const Trap trap = state.events.until_ready(store, lookup->readable()); failed(trap))
            return trap;
        addresses = lookup->addresses();
    }
    if (!addresses) {
        result = std::unexpected(name_error(addresses.error()));
        return Trap::none;
    }
    result.emplace();
    std::ranges::transform(*addresses, std::back_inserter(*result), guest_ip_address);
    return Trap::none;
}

namespace option = socket_option;

constexpr std::array functions = {
    host_function<create<Tcp, TcpSocket>>("[static]tcp-socket.create"),
    host_function<bind<Tcp>>("[method]tcp-socket.bind"),
    async_host_function<connect>("[method]tcp-socket.connect"),
    host_function<listen>("[method]tcp-socket.listen"),
    host_function<send>("[method]tcp-socket.send"),
    host_function<receive>("[method]tcp-socket.receive"),
    host_function<get_local_address<Tcp>>("[method]tcp-socket.get-local-address"),
    host_function<get_remote_address<Tcp>>("[method]tcp-socket.get-remote-address"),
    host_function<get_is_listening>("[method]tcp-socket.get-is-listening"),
    host_function<get_address_family<Tcp>>("[method]tcp-socket.get-address-family"),
    host_function<set_listen_backlog_size>("[method]tcp-socket.set-listen-backlog-size"),
    host_function<get_option<Tcp, option::keep_alive, bool>>("[method]tcp-socket.get-keep-alive-enabled"),
    host_function<set_option<Tcp, option::keep_alive, bool>>("[method]tcp-socket.set-keep-alive-enabled"),
    host_function<get_option<Tcp, option::keep_alive_idle_ns, std::uint64_t>>(
        "[method]tcp-socket.get-keep-alive-idle-time"),
    host_function<set_option<Tcp, option::keep_alive_idle_ns, std::uint64_t>>(
        "[method]tcp-socket.set-keep-alive-idle-time"),
    host_function<get_option<Tcp, option::keep_alive_interval_ns, std::uint64_t>>(
        "[method]tcp-socket.get-keep-alive-interval"),
    host_function<set_option<Tcp, option::keep_alive_interval_ns, std::uint64_t>>(
        "[method]tcp-socket.set-keep-alive-interval"),
    host_function<get_option<Tcp, option::keep_alive_count, std::uint32_t>>("[method]tcp-socket.get-keep-alive-count"),
    host_function<set_option<Tcp, option::keep_alive_count, std::uint32_t>>("[method]tcp-socket.set-keep-alive-count"),
    host_function<get_option<Tcp, option::hop_limit, std::uint8_t>>("[method]tcp-socket.get-hop-limit"),
    host_function<set_option<Tcp, option::hop_limit, std::uint8_t>>("[method]tcp-socket.set-hop-limit"),
    host_function<get_option<Tcp, option::receive_buffer_bytes, std::uint64_t>>(
        "[method]tcp-socket.get-receive-buffer-size"),
    host_function<set_option<Tcp, option::receive_buffer_bytes, std::uint64_t>>(
        "[method]tcp-socket.set-receive-buffer-size"),
    host_function<get_option<Tcp, option::send_buffer_bytes, std::uint64_t>>("[method]tcp-socket.get-send-buffer-size"),
    host_function<set_option<Tcp, option::send_buffer_bytes, std::uint64_t>>("[method]tcp-socket.set-send-buffer-size"),
    host_function<create<Udp, UdpSocket>>("[static]udp-socket.create"),
    host_function<bind<Udp>>("[method]udp-socket.bind"),
    host_function<connect_udp>("[method]udp-socket.connect"),
    host_function<disconnect>("[method]udp-socket.disconnect"),
    async_host_function<send_datagram>("[method]udp-socket.send"),
    async_host_function<receive_datagram>("[method]udp-socket.receive"),
    host_function<get_local_address<Udp>>("[method]udp-socket.get-local-address"),
    host_function<get_remote_address<Udp>>("[method]udp-socket.get-remote-address"),
    host_function<get_address_family<Udp>>("[method]udp-socket.get-address-family"),
    host_function<get_option<Udp, option::hop_limit, std::uint8_t>>("[method]udp-socket.get-unicast-hop-limit"),
    host_function<set_option<Udp, option::hop_limit, std::uint8_t>>("[method]udp-socket.set-unicast-hop-limit"),
    host_function<get_option<Udp, option::receive_buffer_bytes, std::uint64_t>>(
        "[method]udp-socket.get-receive-buffer-size"),
    host_function<set_option<Udp, option::receive_buffer_bytes, std::uint64_t>>(
        "[method]udp-socket.set-receive-buffer-size"),
    host_function<get_option<Udp, option::send_buffer_bytes, std::uint64_t>>("[method]udp-socket.get-send-buffer-size"),
    host_function<set_option<Udp, option::send_buffer_bytes, std::uint64_t>>("[method]udp-socket.set-send-buffer-size"),
};
constexpr std::array resources = {host_resource<Tcp>("tcp-socket"), host_resource<Udp>("udp-socket")};
constexpr std::array lookup_functions = {async_host_function<resolve_addresses>("resolve-addresses")};

constexpr std::array interfaces = {
    HostInterface{"wasi:sockets/types@0.3.0", functions, resources},
    HostInterface{"wasi:sockets/ip-name-lookup@0.3.0", lookup_functions},
};

} // namespace

std::span<const HostInterface> sockets_interfaces()
{
    return interfaces;
}

} // namespace trellis::sandbox::preview3
