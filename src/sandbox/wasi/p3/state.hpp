// What the functions of WASI 0.3 share: one guest's grants, its standard streams, and bytes on their way between a
// stream of the guest and something of the host. One thread at a time, the store's.
#pragma once

#include "base/format.hpp"
#include "sandbox/file_identity.hpp"
#include "sandbox/network/name_lookup.hpp"
#include "sandbox/randomness.hpp"
#include "sandbox/streams.hpp"
#include "sandbox/wasi/p3/events.hpp"
#include "sandbox/wasi/p3/p3.hpp"
#include "sandbox/wasi/p3/variants.hpp"

namespace trellis::sandbox {

struct WasiP3::State {
    State(WasiP3Config given, Waiter& waiter) : config(std::move(given)), events(waiter), network(config.network) {}

    WasiP3Config config;
    preview3::Events events;
    Network network;
    net::Resolver resolver;
    std::vector<std::pair<std::string, Directory>> directories = {};
    std::array<std::optional<Stream>, 3> standard = {}; ///< absent: closed to the guest
    std::optional<InsecureRandom> insecure = {};
    std::optional<Secret> secret = {};   ///< of hashes of metadata; made when it is first needed
    std::uint32_t outputs_under_way = 0; ///< pieces of output that are taken from the guest and not written yet
};

namespace preview3 {

using State = WasiP3::State;
using wasm::component::Borrow;
using wasm::component::FutureOf;
using wasm::component::FutureReader;
using wasm::component::FutureWriter;
using wasm::component::HostInterface;
using wasm::component::Own;
using wasm::component::StreamOf;
using wasm::component::StreamReader;
using wasm::component::StreamWriter;

using ByteList = std::vector<std::uint8_t>;

/// What a call of a capability needs to wait; those made here do not wait, but long ones look for interruptions.
inline Wait wait_of(State& state, ComponentStore& store)
{
    return {.store = store.core, .waiter = state.events.waiter()};
}

/// For a guest that has trapped.
inline Error trapped(const ComponentStore& store, Trap trap)
{
    return {ErrorCode::trap, format("{} {}", wasm::message_of(trap), store.core.host_error), {}};
}

/// Runs it on a fiber to its end.
inline Trap run_to_end(ComponentStore& store, std::function<Trap()> body)
{
    bool is_over = false;
    const Trap trap = wasm::component::spawn(store, [&is_over, body = std::move(body)] {
        const Trap ended = body();
        is_over = true;
        return ended;
    });
    return failed(trap) ? trap : store.run_until([&is_over] { return is_over; });
}

/// Where bytes come from. EAGAIN: later, when `ready` is. 0: the end.
struct Source {
    std::function<Outcome<std::size_t>(std::span<std::uint8_t> to, Wait& wait)> read;
    std::function<pollfd()> ready = [] { return pollfd{.fd = -1, .events = POLLIN, .revents = 0}; };
};

// Both are borrowed.
Source source_of(Stream& stream);
Source source_of(Channel& channel);

/// Where bytes go. EAGAIN as above.
struct Sink {
    std::function<Outcome<std::size_t>(std::span<const std::uint8_t> bytes, Wait& wait)> write;
    pollfd ready = {.fd = -1, .events = POLLOUT, .revents = 0};
};

Sink sink_of(Stream& stream);

/// Gives what the source has to whoever reads, until the end, an error, or nobody reads.
Trap pump(State& state, ComponentStore& store, const Source& source, StreamWriter<std::uint8_t>& to,
          Outcome<>& outcome);
/// Writes what the guest writes, until its end or an error.
Trap drain(State& state, ComponentStore& store, StreamReader<std::uint8_t>& from, const Sink& sink, Outcome<>& outcome);

template <class E>
using Finished = FutureOf<std::expected<void, E>>;
template <class E>
using ReadableBytes = std::tuple<StreamOf<std::uint8_t>, Finished<E>>;

template <class E, class Map>
std::expected<void, E> result_of(const Outcome<>& outcome, Map map)
{
    if (outcome)
        return {};
    return std::unexpected(map(outcome.error()));
}

/// A stream of the source's bytes, and how that ended. `map` makes the guest's error of the system's; `finish` is
/// called before the guest knows.
template <class E>
Trap give_stream(State& state, ComponentStore& store, Source source, E (*map)(SystemError), ReadableBytes<E>& result,
                 std::function<void()> finish = {})
{
    auto writer = std::make_shared<StreamWriter<std::uint8_t>>(StreamWriter<std::uint8_t>::make(store));
    auto ending =
        std::make_shared<FutureWriter<std::expected<void, E>>>(FutureWriter<std::expected<void, E>>::make(store));
    result = {writer->readable(), ending->readable()};
    return wasm::component::spawn(
        store, [&state, &store, source = std::move(source), map, writer, ending, finish = std::move(finish)] {
            Outcome<> outcome;
            if (const Trap trap = pump(state, store, source, *writer, outcome); failed(trap))
                return trap;
            if (finish)
                finish();
            writer->drop();
            return ending->set(result_of<E>(outcome, map));
        });
}

/// Writes a guest's stream to the sink; how that ended. `finish` is called before the guest knows.
template <class E>
Trap take_stream(State& state, ComponentStore& store, StreamOf<std::uint8_t> stream, Sink sink, E (*map)(SystemError),
                 Finished<E>& result, std::function<void()> finish = {})
{
    auto reader = std::make_shared<StreamReader<std::uint8_t>>(std::move(stream));
    auto ending =
        std::make_shared<FutureWriter<std::expected<void, E>>>(FutureWriter<std::expected<void, E>>::make(store));
    result = ending->readable();
    return wasm::component::spawn(
        store, [&state, &store, reader, ending, sink = std::move(sink), map, finish = std::move(finish)] {
            Outcome<> outcome;
            if (const Trap trap = drain(state, store, *reader, sink, outcome); failed(trap))
                return trap;
            if (finish)
                finish();
            reader->drop();
            return ending->set(result_of<E>(outcome, map));
        });
}

/// A future that has its value.
template <class T>
Trap give_value(ComponentStore& store, T value, FutureOf<T>& result)
{
    auto writer = FutureWriter<T>::make(store);
    result = writer.readable();
    return writer.set(std::move(value));
}

/// A stream that is at its end.
template <class T>
StreamOf<T> empty_stream(ComponentStore& store)
{
    return StreamWriter<T>::make(store).readable();
}

/// An object of the host, and a handle of it.
template <class T>
Own<T> give_object(ComponentStore& store, std::shared_ptr<T> object)
{
    return {store.objects.add(std::move(object))};
}
template <class T>
std::shared_ptr<T> object_of(ComponentStore& store, Borrow<T> handle)
{
    return std::static_pointer_cast<T>(store.objects.share(handle.rep));
}
template <class T>
std::shared_ptr<T> take_object(ComponentStore& store, Own<T> handle)
{
    return std::static_pointer_cast<T>(store.objects.remove(handle.rep));
}

/// The interfaces, complete, by package.
std::span<const HostInterface> cli_interfaces();
std::span<const HostInterface> clocks_interfaces();
std::span<const HostInterface> random_interfaces();
std::span<const HostInterface> filesystem_interfaces();
std::span<const HostInterface> sockets_interfaces();
std::span<const HostInterface> http_interfaces();

} // namespace preview3
} // namespace trellis::sandbox
