#include "sandbox/wasi/p3/state.hpp"

namespace trellis::sandbox::preview3 {

namespace {

constexpr std::size_t piece_bytes = 64 * 1024;

/// While output is between the guest and the outside.
class UnderWay {
public:
    explicit UnderWay(State& state) : state_(state) { ++state_.outputs_under_way; }
    ~UnderWay() { --state_.outputs_under_way; }
    UnderWay(const UnderWay&) = delete;
    UnderWay& operator=(const UnderWay&) = delete;

private:
    State& state_;
};

Outcome<> only_error(const Outcome<std::size_t>& outcome)
{
    if (outcome)
        return {};
    return failure(outcome.error());
}

bool is_later(const Outcome<std::size_t>& outcome)
{
    return !outcome && outcome.error() == system_error(EAGAIN);
}

/// All of the piece.
Trap write_piece(State& state, ComponentStore& store, std::span<const std::uint8_t> piece, const Sink& sink,
                 Outcome<>& outcome)
{
    const UnderWay guard(state);
    while (outcome && !piece.empty()) {
        Wait wait = wait_of(state, store);
        const auto written = sink.write(piece, wait);
        if (failed(wait.trap))
            return wait.trap;
        if (is_later(written)) {
            if (const Trap trap = state.events.until_ready(store, sink.ready); failed(trap))
                return trap;
            continue;
        }
        outcome = only_error(written);
        if (written)
            piece = piece.subspan(*written);
    }
    return Trap::none;
}

} // namespace

Source source_of(Stream& stream)
{
    return {.read =
                [&stream](std::span<std::uint8_t> to, Wait& wait) {
                    iovec part = {.iov_base = to.data(), .iov_len = to.size()};
                    return stream.read({&part, 1}, wait);
                },
            .ready = [&stream] { return stream.before(POLLIN); }};
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

Source source_of(Channel& channel)
{
    const auto stream = std::make_shared<Stream>(channel);
    stream->set_non_blocking(true);
    return {.read =
                [stream](std::span<std::uint8_t> to, Wait& wait) {
                    iovec part = {.iov_base = to.data(), .iov_len = to.size()};
                    return stream->read({&part, 1}, wait);
                },
            .ready = [stream] { return stream->before(POLLIN); }};
}

Trap pump(State& state, ComponentStore& store, const Source& source, StreamWriter<std::uint8_t>& to, Outcome<>& outcome)
{
    ByteList buffer;
    while (true) {
        if (const Trap trap = to.wait_for_reader(store); failed(trap))
            return trap;
        if (to.is_dropped())
            return Trap::none;
        const auto offered = to.offered();
        if (offered.empty())
            buffer.resize(piece_bytes);
        Wait wait = wait_of(state, store);
        const auto count = source.read(offered.empty() ? std::span(buffer) : offered, wait);
        if (failed(wait.trap))
            return wait.trap;
        if (is_later(count)) {
            const auto trap = state.events.until_ready(store, source.ready(), [&to] { return to.is_dropped(); });
            if (failed(trap))
                return trap;
            continue;
        }
        if (!count || *count == 0) {
            outcome = only_error(count);
            return Trap::none;
        }
        const Trap trap = offered.empty() ? to.write(store, std::span(buffer).first(*count)) : to.commit(*count);
        if (failed(trap))
            return trap;
    }
}

Trap drain(State& state, ComponentStore& store, StreamReader<std::uint8_t>& from, const Sink& sink, Outcome<>& outcome)
{
    ByteList piece;
    while (true) {
        if (const Trap trap = from.read(store, piece_bytes, piece); failed(trap))
            return trap;
        if (piece.empty())
            return Trap::none;
        if (const Trap trap = write_piece(state, store, piece, sink, outcome); failed(trap) || !outcome)
            return trap;
    }
}

} // namespace trellis::sandbox::preview3
