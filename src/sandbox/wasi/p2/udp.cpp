// wasi:sockets: udp, udp-create-socket.
#include "base/format.hpp"
#include "base/result.hpp"
#include "sandbox/network/udp_socket.hpp"
#include "sandbox/wasi/p2/interfaces.hpp"
#include "sandbox/wasi/p2/network_types.hpp"

namespace trellis::sandbox::preview2 {
namespace {

/// How many datagrams one call moves at most.
constexpr std::uint64_t most_datagrams = 16;

/// The resource udp-socket; its streams share it.
struct UdpResource {
    explicit UdpResource(UdpSocket socket_made) : socket(std::move(socket_made)) {}

    UdpSocket socket;
    bool is_binding = false;
};

struct IncomingStream {
    std::shared_ptr<UdpResource> udp;
};
struct OutgoingStream {
    std::shared_ptr<UdpResource> udp;
    std::uint64_t budget = 0; ///< what the last check-send said
};
using Streams = std::tuple<Own<IncomingStream>, Own<OutgoingStream>>;

struct IncomingDatagram {
    std::vector<std::uint8_t> data = {};
    SocketAddressVariant remote_address = {};

    static constexpr auto fields =
        std::tuple{wasm::component::Field{"data", &IncomingDatagram::data},
                   wasm::component::Field{"remote-address", &IncomingDatagram::remote_address}};
};
struct OutgoingDatagram {
    GuestBytes data = {};
    std::optional<SocketAddressVariant> remote_address = {};

    static constexpr auto fields =
        std::tuple{wasm::component::Field{"data", &OutgoingDatagram::data},
                   wasm::component::Field{"remote-address", &OutgoingDatagram::remote_address}};
};

Trap create_udp_socket(Guest& guest, ComponentStore& store, Family family, NetworkResult<Own<UdpResource>>& result)
{
    auto socket = UdpSocket::create(guest.network, family);
    if (socket)
        result = give(store, std::make_shared<UdpResource>(std::move(*socket)));
    else
        result = std::unexpected(network_error_of(socket.error()));
    return Trap::none;
}

Trap start_bind(Guest&, ComponentStore& store, Borrow<UdpResource> self, Borrow<NetworkHandle>,
                SocketAddressVariant address, NetworkResult<>& result)
{
    UdpResource& udp = object(store, self);
    if (udp.is_binding) {
        result = std::unexpected(NetworkError::concurrency_conflict);
        return Trap::none;
    }
    const auto bound = udp.socket.bind(socket_address_of(address));
    udp.is_binding = bound.has_value();
    return network_answer(bound, result);
}

Trap finish_bind(Guest&, ComponentStore& store, Borrow<UdpResource> self, NetworkResult<>& result)
{
    if (!std::exchange(object(store, self).is_binding, false))
        result = std::unexpected(NetworkError::not_in_progress);
    return Trap::none;
}

Outcome<> set_peer(UdpResource& udp, const std::optional<SocketAddressVariant>& remote)
{
    if (!udp.socket.is_bound() || udp.is_binding)
        return failure(SystemError::invalid_state);
    if (remote)
        return udp.socket.connect(socket_address_of(*remote));
    return udp.socket.is_connected() ? udp.socket.disconnect() : Outcome<>();
}

Trap stream(Guest&, ComponentStore& store, Borrow<UdpResource> self, std::optional<SocketAddressVariant> remote,
            NetworkResult<Streams>& result)
{
    const auto udp = share(store, self);
    const auto set = set_peer(*udp, remote);
    if (set)
        result = std::tuple(give(store, std::make_shared<IncomingStream>(udp)),
                            give(store, std::make_shared<OutgoingStream>(udp)));
    else
        result = std::unexpected(network_error_of(set.error()));
    return Trap::none;
}

template <Outcome<SocketAddress> (UdpSocket::*address)() const>
Trap address_of(Guest&, ComponentStore& store, Borrow<UdpResource> self, NetworkResult<SocketAddressVariant>& result)
{
    const auto there = (object(store, self).socket.*address)();
    if (there)
        result = socket_address_to_guest(*there);
    else
        result = std::unexpected(network_error_of(there.error()));
    return Trap::none;
}

Trap address_family(Guest&, ComponentStore& store, Borrow<UdpResource> self, Family& result)
{
    result = object(store, self).socket.family();
    return Trap::none;
}

template <const SocketOption& option, class T>
Trap get_option(Guest&, ComponentStore& store, Borrow<UdpResource> self, NetworkResult<T>& result)
{
    const auto value = object(store, self).socket.option(option);
    if (value)
        result = static_cast<T>(*value);
    else
        result = std::unexpected(network_error_of(value.error()));
    return Trap::none;
}

template <const SocketOption& option, class T>
Trap set_option(Guest&, ComponentStore& store, Borrow<UdpResource> self, T value, NetworkResult<>& result)
{
    return network_answer(object(store, self).socket.set_option(option, value), result);
}

/// Nothing is ever waited for: binding is done when it has begun.
Trap subscribe_socket(Guest&, ComponentStore& store, Borrow<UdpResource>, Own<Pollable>& result)
{
    result = give_pollable(store, [](Wait&) { return Need::nothing(); });
    return Trap::none;
}

Outcome<IncomingDatagram> receive_one(UdpSocket& socket)
{
    std::vector<std::uint8_t> bytes(UdpSocket::max_datagram_bytes);
    const auto got = TRELLIS_TRY(socket.receive(std::as_writable_bytes(std::span(bytes))));
    bytes.resize(got.bytes);
    bytes.shrink_to_fit();
    return IncomingDatagram{std::move(bytes), socket_address_to_guest(got.from)};
}

/// An error behind datagrams is met again, or has passed.
Trap receive(Guest&, ComponentStore& store, Borrow<IncomingStream> self, std::uint64_t most,
             NetworkResult<std::vector<IncomingDatagram>>& result)
{
    std::vector<IncomingDatagram> datagrams;
    while (datagrams.size() < std::min(most, most_datagrams)) {
        auto one = receive_one(object(store, self).udp->socket);
        if (!one && one.error() != system_error(EAGAIN) && datagrams.empty()) {
            result = std::unexpected(network_error_of(one.error()));
            return Trap::none;
        }
        if (!one)
            break;
        datagrams.push_back(std::move(*one));
    }
    result = std::move(datagrams);
    return Trap::none;
}

Trap check_send(Guest&, ComponentStore& store, Borrow<OutgoingStream> self, NetworkResult<std::uint64_t>& result)
{
    OutgoingStream& stream = object(store, self);
    stream.budget = is_met(Need::of(stream.udp->socket.writable())) ? most_datagrams : 0;
    result = stream.budget;
    return Trap::none;
}

Outcome<> send_one(UdpSocket& socket, const OutgoingDatagram& datagram)
{
    std::optional<SocketAddress> remote;
    if (datagram.remote_address)
        remote = socket_address_of(*datagram.remote_address);
    return socket.send(datagram.data, remote);
}

Trap send(Guest&, ComponentStore& store, Borrow<OutgoingStream> self, std::vector<OutgoingDatagram> datagrams,
          NetworkResult<std::uint64_t>& result)
{
    OutgoingStream& stream = object(store, self);
    if (datagrams.size() > stream.budget)
        return store.trap(format("wasi:sockets/udp: {} datagrams sent, check-send gave room for {}", datagrams.size(),
                                 stream.budget));
    std::uint64_t sent = 0;
    for (const auto& one : datagrams) {
        const auto outcome = send_one(stream.udp->socket, one);
        if (!outcome && outcome.error() != system_error(EAGAIN) && sent == 0) {
            result = std::unexpected(network_error_of(outcome.error()));
            return Trap::none;
        }
        if (!outcome)
            break;
        ++sent;
    }
    stream.budget -= sent;
    result = sent;
    return Trap::none;
}

template <class Kind, pollfd (UdpSocket::*what)() const>
Trap subscribe(Guest&, ComponentStore& store, Borrow<Kind> self, Own<Pollable>& result)
{
    result = give_pollable(store, [udp = object(store, self).udp](Wait&) { return Need::of((udp->socket.*what)()); });
    return Trap::none;
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

constexpr HostResource udp_resources[] = {
    host_resource<UdpResource>("udp-socket"),
    host_resource<IncomingStream>("incoming-datagram-stream"),
    host_resource<OutgoingStream>("outgoing-datagram-stream"),
    host_resource<NetworkHandle>("network"),
    host_resource<Pollable>("pollable"),
};
constexpr HostFunction udp_functions[] = {
    host_function<start_bind>("[method]udp-socket.start-bind"),
    host_function<finish_bind>("[method]udp-socket.finish-bind"),
    host_function<stream>("[method]udp-socket.stream"),
    host_function<address_of<&UdpSocket::local_address>>("[method]udp-socket.local-address"),
    host_function<address_of<&UdpSocket::remote_address>>("[method]udp-socket.remote-address"),
    host_function<address_family>("[method]udp-socket.address-family"),
    getter<socket_option::hop_limit, std::uint8_t>("[method]udp-socket.unicast-hop-limit"),
    setter<socket_option::hop_limit, std::uint8_t>("[method]udp-socket.set-unicast-hop-limit"),
    getter<socket_option::receive_buffer_bytes, std::uint64_t>("[method]udp-socket.receive-buffer-size"),
    setter<socket_option::receive_buffer_bytes, std::uint64_t>("[method]udp-socket.set-receive-buffer-size"),
    getter<socket_option::send_buffer_bytes, std::uint64_t>("[method]udp-socket.send-buffer-size"),
    setter<socket_option::send_buffer_bytes, std::uint64_t>("[method]udp-socket.set-send-buffer-size"),
    host_function<subscribe_socket>("[method]udp-socket.subscribe"),
    host_function<receive>("[method]incoming-datagram-stream.receive"),
    host_function<subscribe<IncomingStream, &UdpSocket::readable>>("[method]incoming-datagram-stream.subscribe"),
    host_function<check_send>("[method]outgoing-datagram-stream.check-send"),
    host_function<send>("[method]outgoing-datagram-stream.send"),
    host_function<subscribe<OutgoingStream, &UdpSocket::writable>>("[method]outgoing-datagram-stream.subscribe"),
};

constexpr HostResource create_resources[] = {host_resource<UdpResource>("udp-socket"),
                                             host_resource<NetworkHandle>("network")};
constexpr HostFunction create_functions[] = {host_function<create_udp_socket>("create-udp-socket")};

} // namespace

const HostInterface sockets_udp = {"wasi:sockets/udp@0.2.12", udp_functions, udp_resources};
const HostInterface sockets_udp_create = {"wasi:sockets/udp-create-socket@0.2.12", create_functions, create_resources};

} // namespace trellis::sandbox::preview2
