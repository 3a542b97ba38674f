// wasi:sockets: network, instance-network, ip-name-lookup.
#include "sandbox/wasi/p2/interfaces.hpp"
#include "sandbox/wasi/p2/network_types.hpp"

namespace trellis::sandbox::preview2 {
namespace {

/// The resource resolve-address-stream: a look-up, and how much of its answer was given.
struct AddressStream {
    NameLookup lookup;
    std::size_t given = 0;
};

Trap instance_network(Guest&, ComponentStore& store, Own<NetworkHandle>& result)
{
    result = give(store, std::make_shared<NetworkHandle>());
    return Trap::none;
}

Trap network_error_code(Guest&, ComponentStore& store, Borrow<IoError> error, std::optional<NetworkError>& result)
{
    const IoError& there = object(store, error);
    if (there.origin == ErrorOrigin::socket)
        result = network_error_of(there.error);
    return Trap::none;
}

Trap resolve_addresses(Guest& guest, ComponentStore& store, Borrow<NetworkHandle>, std::string name,
                       NetworkResult<Own<AddressStream>>& result)
{
    if (!guest.resolver) {
        result = std::unexpected(NetworkError::access_denied);
        return Trap::none;
    }
    auto lookup = NameLookup::start(guest.network, *guest.resolver, name);
    if (lookup)
        result = give(store, std::make_shared<AddressStream>(std::move(*lookup)));
    else
        result = std::unexpected(network_error_of(lookup.error()));
    return Trap::none;
}

Trap resolve_next_address(Guest&, ComponentStore& store, Borrow<AddressStream> self,
                          NetworkResult<std::optional<AddressVariant>>& result)
{
    AddressStream& stream = object(store, self);
    const auto addresses = stream.lookup.addresses();
    if (!addresses)
        result = std::unexpected(network_error_of(addresses.error()));
    else if (stream.given < addresses->size())
        result = address_to_guest((*addresses)[stream.given++]);
    return Trap::none;
}

Trap subscribe(Guest&, ComponentStore& store, Borrow<AddressStream> self, Own<Pollable>& result)
{
    result = give_pollable(store, [stream = share(store, self)](Wait&) { return Need::of(stream->lookup.readable()); });
    return Trap::none;
}

constexpr HostResource network_resources[] = {host_resource<NetworkHandle>("network"), host_resource<IoError>("error")};
constexpr HostFunction network_functions[] = {host_function<network_error_code>("network-error-code")};
constexpr HostFunction instance_functions[] = {host_function<instance_network>("instance-network")};

constexpr HostResource lookup_resources[] = {
    host_resource<NetworkHandle>("network"),
    host_resource<Pollable>("pollable"),
    host_resource<AddressStream>("resolve-address-stream"),
};
constexpr HostFunction lookup_functions[] = {
    host_function<resolve_addresses>("resolve-addresses"),
    host_function<resolve_next_address>("[method]resolve-address-stream.resolve-next-address"),
    host_function<subscribe>("[method]resolve-address-stream.subscribe"),
};

} // namespace

const HostInterface sockets_network = {"wasi:sockets/network@0.2.12", network_functions, network_resources};
const HostInterface sockets_instance_network = {"wasi:sockets/instance-network@0.2.12", instance_functions,
                                                network_resources};
const HostInterface sockets_lookup = {"wasi:sockets/ip-name-lookup@0.2.12", lookup_functions, lookup_resources};

} // namespace trellis::sandbox::preview2
