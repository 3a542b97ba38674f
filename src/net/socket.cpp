#include "net/socket.hpp"

#include "base/format.hpp"
#include "net/event_loop_state.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <unordered_set>
#include <utility>

namespace trellis::net {

namespace asio = boost::asio;
using boost::system::error_code;
using Stream = asio::generic::stream_protocol::socket;

struct Socket::State {
    State(EventLoop& its_loop, std::shared_ptr<Deadlines::State> its_deadlines)
        : loop(its_loop.state()), deadlines(std::move(its_deadlines)), stream(loop.context)
    {
    }

    /// One direction, and the fiber that waits for it.
    struct Way {
        Fiber* waiting = nullptr;
        Deadline deadline = {};
        bool timed_out = false;
        [[nodiscard]] bool is_late(Instant now) const { return deadline && *deadline <= now; }
    };
    /// Suspends the fiber until the operation that `start` begins has called its handler.
    template <class Start>
    error_code wait(Way& way, Deadline until, Start&& start);
    void cancel();
    /// The other way's deadline has ended this wait, too.
    [[nodiscard]] bool is_to_go_on(const Way& way, error_code error) const
    {
        return error == asio::error::operation_aborted && !way.timed_out && !cut;
    }

    EventLoop::State& loop;
    std::shared_ptr<Deadlines::State> deadlines;
    Stream stream;
    Way reading, writing;
    bool cut = false;
};

struct Deadlines::State {
    explicit State(EventLoop::State& loop) : timer(loop.context) {}

    void start(const std::shared_ptr<State>& self)
    {
        if (!std::exchange(ticking, true))
            tick(self);
    }
    void tick(const std::shared_ptr<State>& self)
    {
        timer.expires_after(period);
        timer.async_wait([self](error_code error) {
            if (!error)
                self->look(self);
        });
    }
    /// As long as somebody waits with a deadline.
    void look(const std::shared_ptr<State>& self)
    {
        const auto now = std::chrono::steady_clock::now();
        bool anybody = false;
        for (auto* const socket : sockets) {
            anybody = anybody || socket->reading.deadline || socket->writing.deadline;
            socket->reading.timed_out |= socket->reading.is_late(now);
            socket->writing.timed_out |= socket->writing.is_late(now);
            if (socket->reading.is_late(now) || socket->writing.is_late(now))
                socket->cancel();
        }
        ticking = anybody;
        if (anybody)
            tick(self);
    }

    boost::asio::steady_timer timer;
    std::unordered_set<Socket::State*> sockets;
    bool ticking = false;
};

template <class Start>
error_code Socket::State::wait(Way& way, Deadline until, Start&& start)
{
    error_code result;
    bool done = false;
    way.deadline = until;
    way.timed_out = false;
    if (until)
        deadlines->start(deadlines);
    way.waiting = loop.running;
    start([this, &way, &result, &done](error_code error, std::size_t) {
        result = error;
        done = true;
        loop.resume(*way.waiting);
    });
    while (!done)
        loop.suspend();
    way.waiting = nullptr;
    way.deadline.reset();
    return result;
}

void Socket::State::cancel()
{
    error_code ignored;
    stream.cancel(ignored);
}

Deadlines::Deadlines(EventLoop& loop) : state_(std::make_shared<State>(loop.state())) {}

Deadlines::~Deadlines()
{
    state_->timer.cancel();
}

namespace {

Error io_error(const char* what, int number)
{
    return {ErrorCode::io, format("{}: {}", what, std::strerror(number)), {}};
}

bool is_transient(int number)
{
    return number == EAGAIN || number == EWOULDBLOCK;
}

} // namespace

Socket::Socket(EventLoop& loop, Deadlines& deadlines, int fd) : state_(std::make_shared<State>(loop, deadlines.state_))
{
    error_code ignored;
    state_->stream.assign(asio::generic::stream_protocol(AF_UNSPEC, 0), fd, ignored);
    state_->stream.native_non_blocking(true, ignored);
    state_->deadlines->sockets.insert(state_.get());
}

Socket::~Socket()
{
    state_->deadlines->sockets.erase(state_.get());
    error_code ignored;
    state_->stream.close(ignored);
}

int Socket::fd() const
{
    return state_->stream.native_handle();
}

bool Socket::is_cut() const
{
    return state_->cut;
}

bool Socket::timed_out() const
{
    return state_->reading.timed_out || state_->writing.timed_out;
}

Socket::OtherSide Socket::other_side() const
{
    pollfd look = {.fd = fd(), .events = POLLRDHUP, .revents = 0};
    if (::poll(&look, 1, 0) <= 0)
        return OtherSide::there;
    return (look.revents & (POLLHUP | POLLERR)) != 0 ? OtherSide::gone : OtherSide::ended;
}

bool Socket::has_input() const
{
    pollfd look = {.fd = fd(), .events = POLLIN, .revents = 0};
    return ::poll(&look, 1, 0) == 1;
}

bool Socket::takes_now() const
{
    pollfd look = {.fd = fd(), .events = POLLOUT, .revents = 0};
    return ::poll(&look, 1, 0) == 1 && look.revents == POLLOUT;
}

void Socket::write_or_cut(std::span<const std::byte> bytes)
{
    const auto count = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count != static_cast<ssize_t>(bytes.size()))
        cut();
}

void Socket::cut()
{
    state_->cut = true;
    state_->cancel();
}

void Socket::shut_down_writing()
{
    ::shutdown(fd(), SHUT_WR);
}

Result<std::size_t> Socket::read_some(std::span<std::byte> to, Deadline deadline)
{
    auto& state = *state_;
    if (state.cut)
        return fail(ErrorCode::io, "the connection was cut");
    std::size_t count = 0;
    error_code error;
    do
        error = state.wait(state.reading, deadline, [&](auto done) {
            state.stream.async_read_some(asio::buffer(to.data(), to.size()),
                                         [&count, done](error_code code, std::size_t n) {
                                             count = n;
                                             done(code, n);
                                         });
        });
    while (state.is_to_go_on(state.reading, error));
    if (!error || error == asio::error::eof)
        return count;
    if (state.reading.timed_out)
        return fail(ErrorCode::io, "nothing came in time");
    return fail(ErrorCode::io, "reading: " + error.message());
}

void Socket::limit_reading(Instant until)
{
    auto& state = *state_;
    if (state.reading.waiting == nullptr)
        return;
    state.reading.deadline = std::min(until, state.reading.deadline.value_or(until));
    state.deadlines->start(state.deadlines);
}

Result<> Socket::write_all(std::span<const std::byte> bytes, std::chrono::milliseconds patience, Deadline deadline)
{
    auto& state = *state_;
    while (!bytes.empty()) {
        if (state.cut)
            return fail(ErrorCode::io, "the connection was cut");
        const auto count = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count >= 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(count));
            continue;
        }
        if (errno == EINTR)
            continue;
        if (!is_transient(errno))
            return std::unexpected(io_error("writing", errno));
        const auto until = std::min(std::chrono::steady_clock::now() + patience, deadline.value_or(Instant::max()));
        const auto error = state.wait(state.writing, until, [&](auto done) {
            state.stream.async_wait(Stream::wait_write, [done](error_code code) { done(code, 0); });
        });
        if (state.writing.timed_out)
            return fail(ErrorCode::io, "the other side took nothing in time");
        if (error && !state.is_to_go_on(state.writing, error))
            return fail(ErrorCode::io, "writing: " + error.message());
    }
    return {};
}

} // namespace trellis::net
