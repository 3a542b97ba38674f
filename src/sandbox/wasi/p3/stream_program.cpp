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

Sink sink_of(HttpAnswer& answer)
{
    return {.write = [&answer](std::span<const std::uint8_t> bytes, Wait& wait) -> Outcome<std::size_t> {
        TRELLIS_TRY(answer.write(std::as_bytes(bytes), wait));
        return bytes.size();
    }};
}

/// Reads on while the guest does. Absent: there is nothing to read.
Trap start_reading(State& state, ComponentStore& store, std::optional<Source> input, Progress& progress,
                   StreamOf<std::uint8_t>& given)
{
    const auto writer = std::make_shared<StreamWriter<std::uint8_t>>(StreamWriter<std::uint8_t>::make(store));
    given = writer->readable();
    return spawn(store, [&state, &store, input = std::move(input), &progress, writer] {
        const Trap trap = input ? pump(state, store, *input, *writer, progress.input) : Trap::none;
        writer->drop();
        return trap;
    });
}

/// A closed output swallows everything.
Trap write_all(State& state, ComponentStore& store, StreamOf<std::uint8_t> stream, const std::optional<Sink>& output,
               Progress& progress)
{
    const auto reader = std::make_shared<StreamReader<std::uint8_t>>(std::move(stream));
    const Trap trap = spawn(store, [&state, &store, &progress, &output, reader] {
        const Trap ended = output ? drain(state, store, *reader, *output, progress.output) : Trap::none;
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

/// The two ways in which a program of streams ends well or not are told apart by `begin`, which is called when it has
/// given a stream.
class StreamRun {
public:
    StreamRun(State& state, ComponentStore& store, const ComponentFunction& function)
        : state_(state), store_(store), function_(function)
    {
    }

    WasiP3::StreamEnding run(std::optional<Source> input, const std::optional<Sink>& output,
                             const std::function<Outcome<>()>& begin = {})
    {
        StreamOf<std::uint8_t> given;
        if (const Trap trap = start_reading(state_, store_, std::move(input), progress_, given); failed(trap))
            return {trap, {}};
        Run call(store_, std::move(given));
        if (const Trap trap = call.run(function_); failed(trap) || !call.value())
            return {trap, {}};
        if (!call.value()->has_value())
            return {Trap::none, call.value()->error()};
        if (begin)
            progress_.output = begin();
        return finish(std::move(**call.value()), output);
    }

private:
    WasiP3::StreamEnding finish(StreamOf<std::uint8_t> stream, const std::optional<Sink>& output)
    {
        Trap trap = Trap::none;
        if (progress_.output)
            trap = write_all(state_, store_, std::move(stream), output, progress_);
        if (!failed(trap) && !progress_.input)
            return {trap, "reading the input failed: " + words_of(progress_.input.error())};
        if (!failed(trap) && !progress_.output && progress_.output.error() != system_error(EPIPE))
            return {trap, "writing the output failed: " + words_of(progress_.output.error())};
        return {trap, {}};
    }

    State& state_;
    ComponentStore& store_;
    const ComponentFunction& function_;
    Progress progress_;
};

} // namespace

bool WasiP3::is_stream_program(const ComponentInstance& instance)
{
    return stream_function(instance) != nullptr;
}

WasiP3::StreamEnding WasiP3::run_stream(ComponentStore& store, const ComponentInstance& instance,
                                        std::optional<Stream> input)
{
    auto& from = input ? input : state_->standard[0];
    auto& to = state_->standard[1];
    return StreamRun(*state_, store, *stream_function(instance))
        .run(from ? std::optional(source_of(*from)) : std::nullopt, to ? std::optional(sink_of(*to)) : std::nullopt);
}

Result<> WasiP3::answer_with_stream(ComponentStore& store, const ComponentInstance& instance,
                                    const HttpQuestion& question, std::shared_ptr<HttpAnswer> answer)
{
    const ComponentFunction* const function = stream_function(instance);
    if (!function)
        return fail(ErrorCode::not_found, "the component exports no run from a stream to a stream");
    Wait wait = wait_of(*state_, store);
    bool has_begun = false;
    const auto begin = [&] {
        has_begun = true;
        return answer->begin(stream_head(), wait);
    };
    const auto ending =
        StreamRun(*state_, store, *function)
            .run(question.body ? std::optional(source_of(*question.body)) : std::nullopt, sink_of(*answer), begin);
    if (failed(ending.trap) || failed(wait.trap))
        return std::unexpected(trapped(store, failed(ending.trap) ? ending.trap : wait.trap));
    if (!ending.error)
        (void)answer->end({}, wait);
    else if (has_begun)
        answer->fail(*ending.error);
    else
        (void)refuse_stream(*answer, *ending.error, wait);
    return {};
}

} // namespace trellis::sandbox
