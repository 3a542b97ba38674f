// wasi:sockets: tcp, tcp-create-socket. What the interface splits in start and finish is done at the start, but for
// connecting; finishing only tells.
#include "base/result.hpp"
#include "sandbox/network/tcp_socket.hpp"
#include "sandbox/wasi/p2/interfaces.hpp"
#include "sandbox/wasi/p2/network_types.hpp"

#include <sys/socket.h>

namespace trellis::sandbox::preview2 {
namespace {

class TcpOutput;

/// The resource tcp-socket.
struct TcpResource {
    enum class Step : std::uint8_t { none, bind, connect, listen };

    explicit TcpResource(TcpSocket socket_made) : socket(std::move(socket_made)) {}

    TcpSocket socket;
    Step in_progress = Step::none;
    std::weak_ptr<OutputStream> output = {};
};

using Step = TcpResource::Step;
using TcpStreams = std::tuple<Own<InputStream>, Own<OutputStream>>;

/// A connection that the other side has ended in whatever way is closed.
template <class T>
Outcome<T> of_connection(Outcome<T> moved)
{
    if (!moved && moved.error() == SystemError::invalid_state)
        return failure(stream_closed);
    return moved;
}

class TcpInput final : public InputStream {
public:
    explicit TcpInput(std::shared_ptr<TcpResource> tcp) : tcp_(std::move(tcp)) {}
    [[nodiscard]] ErrorOrigin origin() const override { return ErrorOrigin::socket; }

private:
    Outcome<std::size_t> try_read(std::span<std::byte> to, Wait&) override
    {
        return of_connection(tcp_->socket.receive(to));
    }
    [[nodiscard]] Need readable() const override { return Need::of(tcp_->socket.readable()); }

    std::shared_ptr<TcpResource> tcp_;
};

class TcpOutput final : public OutputStream {
public:
    explicit TcpOutput(std::shared_ptr<TcpResource> tcp) : tcp_(std::move(tcp)) {}
    [[nodiscard]] ErrorOrigin origin() const override { return ErrorOrigin::socket; }

private:
    Outcome<std::size_t> try_write(std::span<const std::byte> bytes, Wait&) override
    {
        return of_connection(tcp_->socket.send(bytes));
    }
    [[nodiscard]] Need writable() const override { return Need::of(tcp_->socket.writable()); }
    /// What a socket that is writable takes for certain, so that nothing has to be kept.
    [[nodiscard]] std::size_t room() const override
    {
        const auto buffer = tcp_->socket.option(socket_option::send_buffer_bytes);
        return std::max<std::size_t>(buffer.value_or(0) / 4, 4096);
    }

    std::shared_ptr<TcpResource> tcp_;
};

TcpStreams streams_of(ComponentStore& store, const std::shared_ptr<TcpResource>& tcp)
{
    auto output = std::make_shared<TcpOutput>(tcp);
    tcp->output = output;
    return {give<InputStream>(store, std::make_shared<TcpInput>(tcp)), give<OutputStream>(store, std::move(output))};
}

Trap create_tcp_socket(Guest& guest, ComponentStore& store, Family family, NetworkResult<Own<TcpResource>>& result)
{
    auto socket = TcpSocket::create(guest.network, family);
    if (socket)
        result = give(store, std::make_shared<TcpResource>(std::move(*socket)));
    else
        result = std::unexpected(network_error_of(socket.error()));
    return Trap::none;
}

/// Something is begun where nothing else is in progress.
Trap begin(TcpResource& tcp, Step step, Outcome<> (*work)(TcpSocket&, const SocketAddress*),
           const SocketAddressVariant* address, NetworkResult<>& result)
{
    if (tcp.in_progress != Step::none) {
        result = std::unexpected(NetworkError::concurrency_conflict);
        return Trap::none;
    }
    const auto given = address ? std::optional(socket_address_of(*address)) : std::nullopt;
    const auto begun = work(tcp.socket, given ? &*given : nullptr);
    if (begun)
        tcp.in_progress = step;
    return network_answer(begun, result);
}

template <Step step>
Trap finish(Guest&, ComponentStore& store, Borrow<TcpResource> self, NetworkResult<>& result)
{
    TcpResource& tcp = object(store, self);
    if (tcp.in_progress == step)
        tcp.in_progress = Step::none;
    else
        result = std::unexpected(NetworkError::not_in_progress);
    return Trap::none;
}

Trap start_bind(Guest&, ComponentStore& store, Borrow<TcpResource> self, Borrow<NetworkHandle>,
                SocketAddressVariant address, NetworkResult<>& result)
{
    const auto bind = [](TcpSocket& socket, const SocketAddress* local) { return socket.bind(*local); };
    return begin(object(store, self), Step::bind, bind, &address, result);
}

Trap start_connect(Guest&, ComponentStore& store, Borrow<TcpResource> self, Borrow<NetworkHandle>,
                   SocketAddressVariant address, NetworkResult<>& result)
{
    const auto connect = [](TcpSocket& socket, const SocketAddress* remote) { return socket.start_connect(*remote); };
    return begin(object(store, self), Step::connect, connect, &address, result);
}

/// Unlike the capability, the interface wants the socket bound.
Trap start_listen(Guest&, ComponentStore& store, Borrow<TcpResource> self, NetworkResult<>& result)
{
    const auto listen = [](TcpSocket& socket, const SocketAddress*) -> Outcome<> {
        if (socket.state() != TcpSocket::State::bound)
            return failure(SystemError::invalid_state);
        return socket.listen();
    };
    return begin(object(store, self), Step::listen, listen, nullptr, result);
}

Trap finish_connect(Guest&, ComponentStore& store, Borrow<TcpResource> self, NetworkResult<TcpStreams>& result)
{
    const auto tcp = share(store, self);
    if (tcp->in_progress != Step::connect) {
        result = std::unexpected(NetworkError::not_in_progress);
        return Trap::none;
    }
    const auto connected = tcp->socket.finish_connect();
    if (connected || connected.error() != system_error(EAGAIN))
        tcp->in_progress = Step::none;
    if (connected)
        result = streams_of(store, tcp);
    else
        result = std::unexpected(network_error_of(connected.error()));
    return Trap::none;
}

using Accepted = std::tuple<Own<TcpResource>, Own<InputStream>, Own<OutputStream>>;

Trap accept(Guest&, ComponentStore& store, Borrow<TcpResource> self, NetworkResult<Accepted>& result)
{
    auto socket = object(store, self).socket.accept();
    if (!socket) {
        result = std::unexpected(network_error_of(socket.error()));
        return Trap::none;
    }
    const auto tcp = std::make_shared<TcpResource>(std::move(*socket));
    const auto streams = streams_of(store, tcp);
    result = std::tuple_cat(std::tuple(give(store, tcp)), streams);
    return Trap::none;
}

template <Outcome<SocketAddress> (TcpSocket::*address)() const>
Trap address_of(Guest&, ComponentStore& store, Borrow<TcpResource> self, NetworkResult<SocketAddressVariant>& result)
{
    const auto there = (object(store, self).socket.*address)();
    if (there)
        result = socket_address_to_guest(*there);
    else
        result = std::unexpected(network_error_of(there.error()));
    return Trap::none;
}

Trap is_listening(Guest&, ComponentStore& store, Borrow<TcpResource> self, bool& result)
{
    const TcpResource& tcp = object(store, self);
    result = tcp.socket.state() == TcpSocket::State::listening && tcp.in_progress == Step::none;
    return Trap::none;
}

Trap address_family(Guest&, ComponentStore& store, Borrow<TcpResource> self, Family& result)
{
    result = object(store, self).socket.family();
    return Trap::none;
}

Trap set_listen_backlog_size(Guest&, ComponentStore& store, Borrow<TcpResource> self, std::uint64_t size,
                             NetworkResult<>& result)
{
    return network_answer(object(store, self).socket.set_listen_backlog(size), result);
}

template <const SocketOption& option, class T>
Trap get_option(Guest&, ComponentStore& store, Borrow<TcpResource> self, NetworkResult<T>& result)
{
    const auto value = object(store, self).socket.option(option);
    if (value)
        result = static_cast<T>(*value);
    else
        result = std::unexpected(network_error_of(value.error()));
    return Trap::none;
}

template <const SocketOption& option, class T>
Trap set_option(Guest&, ComponentStore& store, Borrow<TcpResource> self, T value, NetworkResult<>& result)
{
    return network_answer(object(store, self).socket.set_option(option, value), result);
}

Trap subscribe(Guest&, ComponentStore& store, Borrow<TcpResource> self, Own<Pollable>& result)
{
    result = give_pollable(store, [tcp = share(store, self)](Wait&) {
        const bool waits = tcp->in_progress == Step::none || tcp->in_progress == Step::connect;
        return waits ? Need::of(tcp->socket.next_step()) : Need::nothing();
    });
    return Trap::none;
}

/// What was written before goes out first.
Trap shutdown(Guest& guest, ComponentStore& store, Borrow<TcpResource> self, ShutdownType type, NetworkResult<>& result)
{
    constexpr std::array how = {SHUT_RD, SHUT_WR, SHUT_RDWR};
    TcpResource& tcp = object(store, self);
    const auto output = tcp.output.lock();
    if (output && type != ShutdownType::receive) {
        Wait wait = wait_of(guest, store);
        (void)flush_waiting(*output, wait); // an error is the stream's to tell
        if (failed(wait.trap))
            return wait.trap;
        output->close();
    }
    return network_answer(tcp.socket.shut_down(how[static_cast<std::size_t>(type)]), result);
}

template <const SocketOption& option, class T>
constexpr HostFunction getter(std::string_view name)
{
    return host_function<get_option<option, T>>(name);
}
template <const SocketOption& option, class T>
constexpr HostFunction setter(std::string_view name)
{
    return host_function<set_option<option, T>>(name);
}

constexpr HostResource tcp_resources[] = {
    host_resource<TcpResource>("tcp-socket"),   host_resource<NetworkHandle>("network"),
    host_resource<InputStream>("input-stream"), host_resource<OutputStream>("output-stream"),
    host_resource<Pollable>("pollable"),
};
constexpr HostFunction tcp_functions[] = {
    host_function<start_bind>("[method]tcp-socket.start-bind"),
    host_function<finish<Step::bind>>("[method]tcp-socket.finish-bind"),
    host_function<start_connect>("[method]tcp-socket.start-connect"),
    host_function<finish_connect>("[method]tcp-socket.finish-connect"),
    host_function<start_listen>("[method]tcp-socket.start-listen"),
    host_function<finish<Step::listen>>("[method]tcp-socket.finish-listen"),
    host_function<accept>("[method]tcp-socket.accept"),
    host_function<address_of<&TcpSocket::local_address>>("[method]tcp-socket.local-address"),
    host_function<address_of<&TcpSocket::remote_address>>("[method]tcp-socket.remote-address"),
    host_function<is_listening>("[method]tcp-socket.is-listening"),
    host_function<address_family>("[method]tcp-socket.address-family"),
    host_function<set_listen_backlog_size>("[method]tcp-socket.set-listen-backlog-size"),
    getter<socket_option::keep_alive, bool>("[method]tcp-socket.keep-alive-enabled"),
    setter<socket_option::keep_alive, bool>("[method]tcp-socket.set-keep-alive-enabled"),
    getter<socket_option::keep_alive_idle_ns, std::uint64_t>("[method]tcp-socket.keep-alive-idle-time"),
    setter<socket_option::keep_alive_idle_ns, std::uint64_t>("[method]tcp-socket.set-keep-alive-idle-time"),
    getter<socket_option::keep_alive_interval_ns, std::uint64_t>("[method]tcp-socket.keep-alive-interval"),
    setter<socket_option::keep_alive_interval_ns, std::uint64_t>("[method]tcp-socket.set-keep-alive-interval"),
    getter<socket_option::keep_alive_count, std::uint32_t>("[method]tcp-socket.keep-alive-count"),
    setter<socket_option::keep_alive_count, std::uint32_t>("[method]tcp-socket.set-keep-alive-count"),
    getter<socket_option::hop_limit, std::uint8_t>("[method]tcp-socket.hop-limit"),
    setter<socket_option::hop_limit, std::uint8_t>("[method]tcp-socket.set-hop-limit"),
    getter<socket_option::receive_buffer_bytes, std::uint64_t>("[method]tcp-socket.receive-buffer-size"),
    setter<socket_option::receive_buffer_bytes, std::uint64_t>("[method]tcp-socket.set-receive-buffer-size"),
    getter<socket_option::send_buffer_bytes, std::uint64_t>("[method]tcp-socket.send-buffer-size"),
    setter<socket_option::send_buffer_bytes, std::uint64_t>("[method]tcp-socket.set-send-buffer-size"),
    host_function<subscribe>("[method]tcp-socket.subscribe"),
    host_function<shutdown>("[method]tcp-socket.shutdown"),
};

constexpr HostResource create_resources[] = {host_resource<TcpResource>("tcp-socket"),
                                             host_resource<NetworkHandle>("network")};
constexpr HostFunction create_functions[] = {host_function<create_tcp_socket>("create-tcp-socket")};

} // namespace

const HostInterface sockets_tcp = {"wasi:sockets/tcp@0.2.12", tcp_functions, tcp_resources};
const HostInterface sockets_tcp_create = {"wasi:sockets/tcp-create-socket@0.2.12", create_functions, create_resources};

} // namespace trellis::sandbox::preview2
