#include "sandbox/streams.hpp"

#include "base/result.hpp"

#include <algorithm>
#include <climits>
#include <sys/socket.h>

namespace trellis::sandbox {

namespace {

constexpr std::size_t slice_bytes = std::size_t(4) << 20; ///< about a millisecond of copying

/// The front of `parts`, at most `limit` bytes and as many parts as the system takes. The last part may be cut, which
/// lasts as long as this object.
class Front {
public:
    Front(std::span<iovec> parts, std::size_t limit) : whole_(parts.first(std::min<std::size_t>(parts.size(), IOV_MAX)))
    {
        std::size_t count = 0;
        while (count < whole_.size() && size_ < limit)
            size_ += whole_[count++].iov_len;
        cut_ = size_ > limit ? size_ - limit : 0;
        size_ -= cut_;
        whole_ = whole_.first(count);
        if (cut_ != 0)
            whole_.back().iov_len -= cut_;
    }
    ~Front()
    {
        if (cut_ != 0)
            whole_.back().iov_len += cut_;
    }
    Front(const Front&) = delete;
    Front& operator=(const Front&) = delete;

    [[nodiscard]] const iovec* data() const { return whole_.data(); }
    [[nodiscard]] int count() const { return static_cast<int>(whole_.size()); }
    [[nodiscard]] std::size_t size() const { return size_; }

private:
    std::span<iovec> whole_;
    std::size_t size_ = 0;
    std::size_t cut_ = 0;
};

bool is_empty(std::span<const iovec> parts)
{
    return std::ranges::all_of(parts, [](const iovec& part) { return part.iov_len == 0; });
}

/// Moves slice after slice until one comes out short. `move(front, moved so far)` is one system call.
template <class Move>
Outcome<std::size_t> in_slices(std::span<iovec> parts, Wait& wait, Move&& move)
{
    std::size_t moved = 0;
    while (true) {
        std::size_t asked = 0;
        const auto now = uninterrupted([&] {
            const Front front(parts, slice_bytes);
            asked = front.size();
            return move(front, moved);
        });
        if (now == -1)
            return moved != 0 ? Outcome<std::size_t>(moved) : last_failure();
        moved += static_cast<std::size_t>(now);
        parts = skip(parts, static_cast<std::size_t>(now));
        if (static_cast<std::size_t>(now) < asked || is_empty(parts))
            return moved;
        TRELLIS_TRY(wait.poll_interruption());
    }
}

bool is_ready(int fd, short events)
{
    pollfd descriptor = {.fd = fd, .events = events, .revents = 0};
    return ::poll(&descriptor, 1, 0) > 0;
}

int would_block()
{
    errno = EAGAIN;
    return -1;
}

} // namespace

std::span<iovec> skip(std::span<iovec> parts, std::size_t bytes)
{
    while (!parts.empty() && bytes >= parts.front().iov_len) {
        bytes -= parts.front().iov_len;
        parts = parts.subspan(1);
    }
    if (bytes != 0) {
        parts.front().iov_base = static_cast<std::byte*>(parts.front().iov_base) + bytes;
        parts.front().iov_len -= bytes;
    }
    return parts;
}

Stream::Stream(HostFd fd, mode_t mode)
    : fd_(std::move(fd)), mode_(mode), manner_(S_ISREG(mode) || fd_.is_owned() ? Manner::plain : Manner::flag)
{
}

pollfd Stream::before(short events) const
{
    if (channel_ != nullptr && events == POLLIN)
        return channel_->before_read();
    const bool never_waits = channel_ != nullptr || is_regular();
    return {.fd = never_waits ? -1 : fd(), .events = events, .revents = 0};
}

bool Stream::is_terminal() const
{
    return S_ISCHR(mode_) && ::isatty(fd()) == 1;
}

ssize_t Stream::try_read(std::span<iovec> parts)
{
    const Front front(parts, SSIZE_MAX);
    if (manner_ == Manner::flag) {
        const auto count = ::preadv2(fd(), front.data(), front.count(), -1, RWF_NOWAIT);
        if (count >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL))
            return count;
        manner_ = Manner::poll_first;
    }
    if (manner_ == Manner::poll_first && !is_ready(fd(), POLLIN))
        return would_block();
    return ::readv(fd(), front.data(), front.count());
}

ssize_t Stream::try_write(std::span<iovec> parts)
{
    if (is_socket()) {
        const Front front(parts, SSIZE_MAX);
        msghdr message = {};
        message.msg_iov = const_cast<iovec*>(front.data());
        message.msg_iovlen = static_cast<std::size_t>(front.count());
        return ::sendmsg(fd(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    if (manner_ == Manner::flag) {
        const Front front(parts, SSIZE_MAX);
        const auto count = ::pwritev2(fd(), front.data(), front.count(), -1, RWF_NOWAIT);
        if (count >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL))
            return count;
        manner_ = Manner::poll_first;
    }
    // A pipe that is ready takes PIPE_BUF bytes without blocking, not more.
    const Front front(parts, manner_ == Manner::poll_first ? PIPE_BUF : SSIZE_MAX);
    if (manner_ == Manner::poll_first && !is_ready(fd(), POLLOUT))
        return would_block();
    return ::writev(fd(), front.data(), front.count());
}

Outcome<std::size_t> Stream::read_channel(std::span<iovec> parts, Wait& wait)
{
    const pollfd before = channel_->before_read();
    if (non_blocking_ && before.fd >= 0 && !is_ready(before.fd, before.events))
        return failure(EAGAIN);
    return channel_->read(parts, wait);
}

Outcome<std::size_t> Stream::read(std::span<iovec> parts, Wait& wait)
{
    if (is_channel())
        return is_empty(parts) ? 0 : read_channel(parts, wait);
    if (is_regular())
        return in_slices(parts, wait,
                         [&](const Front& front, std::size_t) { return ::readv(fd(), front.data(), front.count()); });
    if (is_empty(parts)) // nothing to wait for
        return 0;
    while (true) {
        const auto count = uninterrupted([&] { return try_read(parts); });
        if (count >= 0)
            return static_cast<std::size_t>(count);
        if (errno != EAGAIN || non_blocking_)
            return last_failure();
        TRELLIS_TRY(wait.until_ready(fd(), POLLIN));
    }
}

Outcome<std::size_t> Stream::write(std::span<iovec> parts, Wait& wait)
{
    if (is_channel())
        return is_empty(parts) ? 0 : channel_->write(parts, wait);
    if (is_regular())
        return in_slices(parts, wait,
                         [&](const Front& front, std::size_t) { return ::writev(fd(), front.data(), front.count()); });
    if (is_empty(parts))
        return 0;
    std::size_t written = 0;
    while (true) {
        const auto count = uninterrupted([&] { return try_write(parts); });
        if (count >= 0) {
            written += static_cast<std::size_t>(count);
            parts = skip(parts, static_cast<std::size_t>(count));
            if (non_blocking_ || is_empty(parts))
                return written;
        } else if (errno != EAGAIN || non_blocking_) {
            return written != 0 ? Outcome<std::size_t>(written) : last_failure();
        } else {
            TRELLIS_TRY(wait.until_ready(fd(), POLLOUT));
        }
    }
}

Outcome<std::size_t> Stream::read_at(std::span<iovec> parts, std::uint64_t offset, Wait& wait)
{
    if (offset > std::uint64_t(INT64_MAX))
        return failure(EINVAL);
    return in_slices(parts, wait, [&](const Front& front, std::size_t moved) {
        return ::preadv(fd(), front.data(), front.count(), static_cast<off_t>(offset + moved));
    });
}

Outcome<std::size_t> Stream::write_at(std::span<iovec> parts, std::uint64_t offset, Wait& wait)
{
    if (offset > std::uint64_t(INT64_MAX))
        return failure(EINVAL);
    return in_slices(parts, wait, [&](const Front& front, std::size_t moved) {
        return ::pwritev(fd(), front.data(), front.count(), static_cast<off_t>(offset + moved));
    });
}

Outcome<std::size_t> Stream::append(std::span<iovec> parts, Wait& wait)
{
    return in_slices(parts, wait, [&](const Front& front, std::size_t) {
        return ::pwritev2(fd(), front.data(), front.count(), 0, RWF_APPEND);
    });
}

} // namespace trellis::sandbox
