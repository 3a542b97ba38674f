// wasi:io: errors, pollables, streams.
#include "base/format.hpp"
#include "sandbox/wasi/p2/interfaces.hpp"

#include <cstring>

namespace trellis::sandbox::preview2 {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// What one read gives at most; a guest that wants more asks again.
constexpr std::uint64_t most_read = std::uint64_t(1) << 20;
/// As the interface says of the writing functions that wait.
constexpr std::uint64_t most_written_waiting = 4096;

constexpr std::array<std::byte, OutputStream::most_at_once> zeroes = {};

// wasi:io/error

Trap to_debug_string(Guest&, ComponentStore& store, Borrow<IoError> self, std::string& result)
{
    const IoError& error = object(store, self);
    if (error.origin == ErrorOrigin::http && error.text.empty())
        result = "the transfer failed: http-error-code says how";
    else
        result = error.text.empty() ? std::strerror(static_cast<int>(error.error)) : error.text;
    return Trap::none;
}

// wasi:io/poll

Trap ready(Guest& guest, ComponentStore& store, Borrow<Pollable> self, bool& result)
{
    Wait wait = wait_of(guest, store);
    result = is_met(object(store, self).need(wait));
    if (!failed(wait.trap) && !wait.poll_interruption()) // a guest may do nothing but ask
        return wait.trap;
    return wait.trap;
}

Trap wait_for_all(Guest& guest, ComponentStore& store, std::span<const Borrow<Pollable>> in,
                  std::vector<std::uint32_t>& result)
{
    std::vector<Pollable*> pollables;
    for (const auto& one : in)
        pollables.push_back(&object(store, one));
    Wait wait = wait_of(guest, store);
    auto ready = wait_for_any(pollables, wait);
    if (!ready)
        return wait.trap;
    result = std::move(*ready);
    return Trap::none;
}

Trap block(Guest& guest, ComponentStore& store, Borrow<Pollable> self)
{
    std::vector<std::uint32_t> ready;
    return wait_for_all(guest, store, {&self, 1}, ready);
}

Trap poll(Guest& guest, ComponentStore& store, std::vector<Borrow<Pollable>> in, std::vector<std::uint32_t>& result)
{
    if (in.empty())
        return store.trap("wasi:io/poll: the list of pollables is empty");
    return wait_for_all(guest, store, in, result);
}

// wasi:io/streams: reading

using Reading = Outcome<std::size_t> (*)(InputStream&, std::span<std::byte>, Wait&);

Outcome<std::size_t> read_now(InputStream& stream, std::span<std::byte> to, Wait& wait)
{
    const auto count = stream.read(to, wait);
    return !count && count.error() == system_error(EAGAIN) ? Outcome<std::size_t>(0) : count;
}

Outcome<Bytes> read_bytes(InputStream& stream, std::uint64_t length, Wait& wait, Reading reading)
{
    Bytes bytes(std::min(length, most_read));
    bytes.resize(TRELLIS_TRY(reading(stream, std::as_writable_bytes(std::span(bytes)), wait)));
    return bytes;
}

template <Reading reading>
Trap read(Guest& guest, ComponentStore& store, Borrow<InputStream> self, std::uint64_t length,
          StreamResult<Bytes>& result)
{
    Wait wait = wait_of(guest, store);
    InputStream& stream = object(store, self);
    return answer(store, wait, read_bytes(stream, length, wait, reading), stream.origin(), result);
}

template <Reading reading>
Trap skip(Guest& guest, ComponentStore& store, Borrow<InputStream> self, std::uint64_t length,
          StreamResult<std::uint64_t>& result)
{
    StreamResult<Bytes> bytes;
    const Trap trap = read<reading>(guest, store, self, length, bytes);
    if (bytes)
        result = bytes->size();
    else
        result = std::unexpected(bytes.error());
    return trap;
}

Trap subscribe_input(Guest&, ComponentStore& store, Borrow<InputStream> self, Own<Pollable>& result)
{
    result = give_pollable(store, [stream = share(store, self)](Wait&) { return stream->need(); });
    return Trap::none;
}

// wasi:io/streams: writing

Trap check_write(Guest& guest, ComponentStore& store, Borrow<OutputStream> self, StreamResult<std::uint64_t>& result)
{
    Wait wait = wait_of(guest, store);
    OutputStream& stream = object(store, self);
    Outcome<std::uint64_t> room = stream.check_write(wait);
    return answer(store, wait, room, stream.origin(), result);
}

Trap write_budgeted(Guest& guest, ComponentStore& store, OutputStream& stream, GuestBytes contents,
                    StreamResult<>& result)
{
    if (contents.size() > stream.budget())
        return store.trap(format("wasi:io/streams: {} bytes written, check-write gave room for {}", contents.size(),
                                 stream.budget()));
    Wait wait = wait_of(guest, store);
    return answer(store, wait, stream.write(contents, wait), stream.origin(), result);
}

Trap write(Guest& guest, ComponentStore& store, Borrow<OutputStream> self, GuestBytes contents, StreamResult<>& result)
{
    return write_budgeted(guest, store, object(store, self), contents, result);
}

Trap write_zeroes(Guest& guest, ComponentStore& store, Borrow<OutputStream> self, std::uint64_t length,
                  StreamResult<>& result)
{
    if (length > zeroes.size())
        return store.trap(format("wasi:io/streams: {} zeroes written, more than check-write gives room for", length));
    return write_budgeted(guest, store, object(store, self), std::span(zeroes).first(length), result);
}

Trap write_and_flush(Guest& guest, ComponentStore& store, Borrow<OutputStream> self, GuestBytes contents,
                     StreamResult<>& result)
{
    if (contents.size() > most_written_waiting)
        return store.trap(
            format("wasi:io/streams: {} bytes written at once, more than {}", contents.size(), most_written_waiting));
    Wait wait = wait_of(guest, store);
    OutputStream& stream = object(store, self);
    return answer(store, wait, write_waiting(stream, contents, wait), stream.origin(), result);
}

Trap write_zeroes_and_flush(Guest& guest, ComponentStore& store, Borrow<OutputStream> self, std::uint64_t length,
                            StreamResult<>& result)
{
    return write_and_flush(guest, store, self, std::span(zeroes).first(std::min(length, most_written_waiting + 1)),
                           result);
}

/// Begins; check-write gives no room until it is done.
Outcome<> flush_now(OutputStream& stream, Wait& wait)
{
    const auto flushed = stream.flush(wait);
    return !flushed && flushed.error() == system_error(EAGAIN) ? Outcome<>() : flushed;
}

template <Outcome<> (*flushing)(OutputStream&, Wait&)>
Trap flush(Guest& guest, ComponentStore& store, Borrow<OutputStream> self, StreamResult<>& result)
{
    Wait wait = wait_of(guest, store);
    OutputStream& stream = object(store, self);
    return answer(store, wait, flushing(stream, wait), stream.origin(), result);
}

Trap subscribe_output(Guest&, ComponentStore& store, Borrow<OutputStream> self, Own<Pollable>& result)
{
    result = give_pollable(store, [stream = share(store, self)](Wait&) { return stream->need(); });
    return Trap::none;
}

Outcome<std::size_t> check_now(OutputStream& stream, Wait& wait)
{
    return stream.check_write(wait);
}

using Checking = Outcome<std::size_t> (*)(OutputStream&, Wait&);

Outcome<std::uint64_t> splice_bytes(OutputStream& to, InputStream& from, std::uint64_t length, Wait& wait,
                                    Checking checking, Reading reading)
{
    const auto room = TRELLIS_TRY(checking(to, wait));
    const Bytes bytes = TRELLIS_TRY(read_bytes(from, std::min<std::uint64_t>(length, room), wait, reading));
    TRELLIS_TRY(to.write(std::as_bytes(std::span(bytes)), wait));
    return std::uint64_t(bytes.size());
}

template <Checking checking, Reading reading>
Trap splice(Guest& guest, ComponentStore& store, Borrow<OutputStream> self, Borrow<InputStream> source,
            std::uint64_t length, StreamResult<std::uint64_t>& result)
{
    Wait wait = wait_of(guest, store);
    OutputStream& to = object(store, self);
    InputStream& from = object(store, source);
    return answer(store, wait, splice_bytes(to, from, length, wait, checking, reading),
                  std::max(from.origin(), to.origin()), result);
}

constexpr HostResource error_resources[] = {host_resource<IoError>("error")};
constexpr HostFunction error_functions[] = {host_function<to_debug_string>("[method]error.to-debug-string")};

constexpr HostResource poll_resources[] = {host_resource<Pollable>("pollable")};
constexpr HostFunction poll_functions[] = {
    host_function<ready>("[method]pollable.ready"),
    host_function<block>("[method]pollable.block"),
    host_function<poll>("poll"),
};

constexpr HostResource stream_resources[] = {
    host_resource<IoError>("error"),
    host_resource<Pollable>("pollable"),
    host_resource<InputStream>("input-stream"),
    host_resource<OutputStream>("output-stream"),
};
constexpr HostFunction stream_functions[] = {
    host_function<read<read_now>>("[method]input-stream.read"),
    host_function<read<read_waiting>>("[method]input-stream.blocking-read"),
    host_function<skip<read_now>>("[method]input-stream.skip"),
    host_function<skip<read_waiting>>("[method]input-stream.blocking-skip"),
    host_function<subscribe_input>("[method]input-stream.subscribe"),
    host_function<check_write>("[method]output-stream.check-write"),
    host_function<write>("[method]output-stream.write"),
    host_function<write_and_flush>("[method]output-stream.blocking-write-and-flush"),
    host_function<flush<flush_now>>("[method]output-stream.flush"),
    host_function<flush<flush_waiting>>("[method]output-stream.blocking-flush"),
    host_function<subscribe_output>("[method]output-stream.subscribe"),
    host_function<write_zeroes>("[method]output-stream.write-zeroes"),
    host_function<write_zeroes_and_flush>("[method]output-stream.blocking-write-zeroes-and-flush"),
    host_function<splice<check_now, read_now>>("[method]output-stream.splice"),
    host_function<splice<check_write_waiting, read_waiting>>("[method]output-stream.blocking-splice"),
};

} // namespace

StreamError stream_error_of(ComponentStore& store, SystemError error, ErrorOrigin origin)
{
    StreamError result;
    if (error == stream_closed)
        result.value.emplace<1>();
    else
        result.value.emplace<0>(give(store, std::make_shared<IoError>(error, origin)));
    return result;
}

const HostInterface io_error = {"wasi:io/error@0.2.12", error_functions, error_resources};
const HostInterface io_poll = {"wasi:io/poll@0.2.12", poll_functions, poll_resources};
const HostInterface io_streams = {"wasi:io/streams@0.2.12", stream_functions, stream_resources};

} // namespace trellis::sandbox::preview2
