// Programs of streams: a stream of bytes in, a stream of bytes or a message out, and no file system.
#include "sandbox/wasi/p3/state.hpp"
#include "wasm/component/execution/host_calls.hpp"

namespace trellis::sandbox {

using namespace preview3;
using wasm::component::ComponentFunction;
using wasm::component::ComponentInstance;
using wasm::component::ItemValue;
using wasm::component::TypedCall;

namespace {

using Run = TypedCall<std::expected<StreamOf<std::uint8_t>, std::string>(StreamOf<std::uint8_t>)>;

/// How the host's two ends did.
struct Progress {
    Outcome<> input = {}, output = {};
    bool is_written = false;
};

Source source_of(Stream& stream)
{
    return {.read =
                [&stream](std::span<std::uint8_t> to, Wait& wait) {
                    iovec part = {.iov_base = to.data(), .iov_len = to.size()};
                    return stream.read({&part, 1}, wait);
                },
            .ready = {.fd = stream.fd(), .events = POLLIN, .revents = 0}};
}

Sink sink_of(Stream& stream)
{
    return {.write =
                [&stream](std::span<const std::uint8_t> bytes, Wait& wait) {
                    iovec part = {.iov_base = const_cast<std::uint8_t*>(bytes.data()), .iov_len = bytes.size()};
                    return stream.write({&part, 1}, wait);
                },
            .ready = {.fd = stream.fd(), .events = POLLOUT, .revents = 0}};
}

/// Reads on while the guest does. Absent: there is nothing to read.
Trap start_reading(State& state, ComponentStore& store, std::optional<Stream>& input, Progress& progress,
                   StreamOf<std::uint8_t>& given)
{
    const auto writer = std::make_shared<StreamWriter<std::uint8_t>>(StreamWriter<std::uint8_t>::make(store));
    given = writer->readable();
    return spawn(store, [&state, &store, &input, &progress, writer] {
        const Trap trap = input ? pump(state, store, source_of(*input), *writer, progress.input) : Trap::none;
        writer->drop();
        return trap;
    });
}

/// A closed output swallows everything.
Trap write_all(State& state, ComponentStore& store, StreamOf<std::uint8_t> stream, Progress& progress)
{
    const auto reader = std::make_shared<StreamReader<std::uint8_t>>(std::move(stream));
    const Trap trap = spawn(store, [&state, &store, &progress, reader] {
        auto& output = state.standard[1];
        const Trap ended = output ? drain(state, store, *reader, sink_of(*output), progress.output) : Trap::none;
        reader->drop();
        progress.is_written = true;
        return ended;
    });
    return failed(trap) ? trap : store.run_until([&progress] { return progress.is_written; });
}

const ComponentFunction* stream_function(const ComponentInstance& instance)
{
    const ItemValue* const item = instance.exports.find("run");
    const auto* const function = item ? std::get_if<ComponentFunction*>(item) : nullptr;
    return function && Run::check(**function) ? *function : nullptr;
}

std::string words_of(SystemError error)
{
    return std::generic_category().message(static_cast<int>(error));
}

} // namespace

bool WasiP3::is_stream_program(const ComponentInstance& instance)
{
    return stream_function(instance) != nullptr;
}

WasiP3::StreamEnding WasiP3::run_stream(ComponentStore& store, const ComponentInstance& instance,
                                        std::optional<Stream> input)
{
    Progress progress;
    auto& from = input ? input : state_->standard[0];
    StreamOf<std::uint8_t> given;
    if (const Trap trap = start_reading(*state_, store, from, progress, given); failed(trap))
        return {trap, {}};
    Run call(store, std::move(given));
    Trap trap = call.run(*stream_function(instance));
    if (failed(trap) || !call.value())
        return {trap, {}};
    if (!call.value()->has_value())
        return {Trap::none, call.value()->error()};
    trap = write_all(*state_, store, std::move(**call.value()), progress);
    if (!failed(trap) && !progress.input)
        return {trap, "reading the input failed: " + words_of(progress.input.error())};
    if (!failed(trap) && !progress.output && progress.output.error() != system_error(EPIPE))
        return {trap, "writing the output failed: " + words_of(progress.output.error())};
    return {trap, {}};
}

} // namespace trellis::sandbox
