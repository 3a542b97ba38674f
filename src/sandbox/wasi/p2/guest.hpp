// What the functions of WASI 0.2 share: the state of one guest, its objects by handle, and how an outcome becomes a
// result or a trap. A function is plain C++ over types of components (wasm/component/execution/host_functions.hpp), one
// check and one call of a capability each; every interface is a constant table in the file of its package.
// One thread at a time, the store's.
#pragma once

#include "net/resolver.hpp"
#include "sandbox/clocks.hpp"
#include "sandbox/file_identity.hpp"
#include "sandbox/http/outbound.hpp"
#include "sandbox/network/network.hpp"
#include "sandbox/randomness.hpp"
#include "sandbox/wasi/p2/descriptor.hpp"
#include "wasm/component/execution/host_functions.hpp"

#include <string>
#include <tuple>

namespace trellis::sandbox::preview2 {

using wasm::Trap;
using wasm::component::Borrow;
using wasm::component::ComponentStore;
using wasm::component::Flags;
using wasm::component::host_function;
using wasm::component::host_resource;
using wasm::component::HostFunction;
using wasm::component::HostInterface;
using wasm::component::HostResource;
using wasm::component::Own;
using wasm::component::Variant;

/// What a guest may ask over HTTP.
struct HttpClientOfGuest {
    std::shared_ptr<const HttpPolicy> policy = {};
    std::optional<HttpSurroundings> surroundings = {};                        ///< absent: nothing
    std::shared_ptr<std::uint32_t> open = std::make_shared<std::uint32_t>(0); ///< answers
};

struct Guest {
    std::vector<std::string> arguments = {};
    std::vector<std::tuple<std::string, std::string>> environment = {};
    std::shared_ptr<InputStream> standard_input = {};
    std::shared_ptr<OutputStream> standard_output = {}, standard_error = {};
    bool input_is_terminal = false, output_is_terminal = false, error_is_terminal = false;
    std::vector<std::pair<std::shared_ptr<Descriptor>, std::string>> granted_directories = {};
    std::shared_ptr<std::uint32_t> descriptors_left = std::make_shared<std::uint32_t>(0);
    Network network;
    net::Resolver* resolver = nullptr; ///< null: no names
    HttpClientOfGuest http = {};
    Waiter* waiter = nullptr;
    InsecureRandom insecure;
    Secret secret = {}; ///< of hashes of files
};

// Objects by handle

template <class T>
T& object(ComponentStore& store, Borrow<T> handle)
{
    return *static_cast<T*>(store.objects.find(handle.rep));
}
/// The object for as long as it is needed.
template <class T>
std::shared_ptr<T> share(ComponentStore& store, Borrow<T> handle)
{
    return std::static_pointer_cast<T>(store.objects.share(handle.rep));
}
/// The object, which the guest has not any more.
template <class T>
std::shared_ptr<T> take(ComponentStore& store, Own<T> handle)
{
    return std::static_pointer_cast<T>(store.objects.remove(handle.rep));
}
template <class T>
Own<T> give(ComponentStore& store, std::shared_ptr<T> object)
{
    return {store.objects.add(std::move(object))};
}
inline Own<Pollable> give_pollable(ComponentStore& store, Pollable::Ask ask)
{
    return give(store, std::make_shared<Pollable>(std::move(ask)));
}

// Bytes that a guest gives: its memory itself, good for the call.
using GuestBytes = std::span<const std::byte>;

// Errors of streams

/// The resource of wasi:io/error.
struct IoError {
    SystemError error;
    ErrorOrigin origin = ErrorOrigin::stream;
    std::string text = {}; ///< absent: the system's
};

struct StreamErrorNames {
    static constexpr std::array<std::string_view, 2> names = {"last-operation-failed", "closed"};
};
using StreamError = Variant<StreamErrorNames, Own<IoError>, std::monostate>;
template <class T = void>
using StreamResult = std::expected<T, StreamError>;

/// The one place where errors of streams become the guest's.
StreamError stream_error_of(ComponentStore& store, SystemError error, ErrorOrigin origin);

/// What a function of a stream gives the guest; a trap where it was interrupted.
template <class T>
Trap answer(ComponentStore& store, const Wait& wait, Outcome<T> outcome, ErrorOrigin origin, StreamResult<T>& result)
{
    if (!outcome && outcome.error() == SystemError::guest_trapped)
        return wait.trap;
    if (!outcome)
        result = std::unexpected(stream_error_of(store, outcome.error(), origin));
    else if constexpr (!std::is_void_v<T>)
        result = std::move(*outcome);
    return Trap::none;
}

inline Wait wait_of(const Guest& guest, ComponentStore& store)
{
    return {.store = store.core, .waiter = *guest.waiter};
}

} // namespace trellis::sandbox::preview2

namespace trellis::wasm::component {

/// list<u8> that is only read during the call: not copied.
template <>
struct HostType<std::span<const std::byte>> {
    static constexpr HostLayout layout = {8, 4, 2};
    static bool check(const HostTypeCheck& context, const ValueType& type)
    {
        return HostType<std::vector<std::uint8_t>>::check(context, type);
    }
    static Trap lift(const Lifting& from, Place& place, std::span<const std::byte>& value)
    {
        const Range range = read_range(place);
        if (const Trap trap = check_range(from.store, from.side, range.at, range.length, 1, "list"); failed(trap))
            return trap;
        value = range.length == 0 ? std::span<const std::byte>()
                                  : std::span<const std::byte>(from.side.memory->base() + range.at, range.length);
        return Trap::none;
    }
};

} // namespace trellis::wasm::component
