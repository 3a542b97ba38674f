#include "sandbox/wasi/p2/streams.hpp"

#include "base/result.hpp"

#include <algorithm>

namespace trellis::sandbox::preview2 {
namespace {

/// Neither a failure of the stream, nor its end.
bool is_passing(SystemError error)
{
    return error == system_error(EAGAIN) || error == SystemError::guest_trapped;
}

iovec part_of(std::span<const std::byte> bytes)
{
    return {.iov_base = const_cast<std::byte*>(bytes.data()), .iov_len = bytes.size()};
}

/// Files are always ready, and so is writing to channels, which waits when it is done.
Need need_of(const pollfd& what)
{
    return what.fd < 0 ? Need::nothing() : Need::of(what);
}

} // namespace

Outcome<std::size_t> InputStream::read(std::span<std::byte> to, Wait& wait)
{
    if (is_closed_)
        return failure(stream_closed);
    if (to.empty())
        return 0;
    const auto count = try_read(to, wait);
    if (!count) {
        is_closed_ = !is_passing(count.error());
        return count;
    }
    is_closed_ = *count == 0;
    return is_closed_ ? failure(stream_closed) : count;
}

Outcome<std::size_t> OutputStream::attempt(std::span<const std::byte> bytes, Wait& wait)
{
    if (is_closed_)
        return failure(stream_closed);
    const auto count = try_write(bytes, wait);
    if (!count && !is_passing(count.error()))
        close();
    return count;
}

Outcome<> OutputStream::flush(Wait& wait)
{
    if (is_closed_)
        return failure(stream_closed);
    while (!kept_.empty()) {
        const auto count = TRELLIS_TRY(attempt(kept_, wait));
        kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(count));
    }
    return {};
}

Outcome<std::size_t> OutputStream::check_write(Wait& wait)
{
    budget_ = 0;
    if (const auto flushed = flush(wait); !flushed)
        return flushed.error() == system_error(EAGAIN) ? Outcome<std::size_t>(0) : failure(flushed.error());
    budget_ = is_met(writable()) ? std::min(room(), most_at_once) : 0;
    return budget_;
}

Outcome<> OutputStream::write(std::span<const std::byte> bytes, Wait& wait)
{
    budget_ -= std::min(budget_, bytes.size());
    if (kept_.empty() && !bytes.empty()) {
        const auto count = attempt(bytes, wait);
        if (!count && count.error() != system_error(EAGAIN))
            return failure(count.error());
        bytes = bytes.subspan(count.value_or(0));
    }
    if (is_closed_)
        return failure(stream_closed);
    kept_.insert(kept_.end(), bytes.begin(), bytes.end());
    return {};
}

Outcome<std::size_t> read_waiting(InputStream& stream, std::span<std::byte> to, Wait& wait)
{
    return attempt_until_done(wait, [&] { return stream.need(); }, [&] { return stream.read(to, wait); });
}

Outcome<> flush_waiting(OutputStream& stream, Wait& wait)
{
    return attempt_until_done(wait, [&] { return stream.need(); }, [&] { return stream.flush(wait); });
}

Outcome<std::size_t> check_write_waiting(OutputStream& stream, Wait& wait)
{
    const auto check = [&]() -> Outcome<std::size_t> {
        const auto room = TRELLIS_TRY(stream.check_write(wait));
        if (room == 0)
            return failure(EAGAIN);
        return room;
    };
    return attempt_until_done(wait, [&] { return stream.need(); }, check);
}

Outcome<> write_waiting(OutputStream& stream, std::span<const std::byte> bytes, Wait& wait)
{
    while (!bytes.empty()) {
        const auto room = TRELLIS_TRY(check_write_waiting(stream, wait));
        const auto now = bytes.first(std::min(room, bytes.size()));
        TRELLIS_TRY(stream.write(now, wait));
        bytes = bytes.subspan(now.size());
    }
    return flush_waiting(stream, wait);
}

Outcome<std::size_t> HostInput::try_read(std::span<std::byte> to, Wait& wait)
{
    iovec part = part_of(to);
    return stream_.read({&part, 1}, wait);
}

Need HostInput::readable() const
{
    return need_of(stream_.before(POLLIN));
}

Outcome<std::size_t> HostOutput::try_write(std::span<const std::byte> bytes, Wait& wait)
{
    iovec part = part_of(bytes);
    return stream_.write({&part, 1}, wait);
}

Need HostOutput::writable() const
{
    return need_of(stream_.before(POLLOUT));
}

} // namespace trellis::sandbox::preview2
