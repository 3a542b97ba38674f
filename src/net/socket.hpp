// A connected stream socket on an event loop, read from one fiber and written from the same or another one, as
// straight-line code: what can be done at once is done with one system call, and only what can't suspends. One thread:
// the loop's.
#pragma once

#include "net/event_loop.hpp"

#include <cstddef>
#include <memory>
#include <span>

namespace trellis::net {

/// Cuts the waits of many sockets when their deadlines have passed, by looking every `period`: a wait with a deadline
/// costs no system call, and may last a period longer. Outlives its sockets.
class Deadlines {
public:
    static constexpr std::chrono::milliseconds period{50};
    explicit Deadlines(EventLoop& loop);
    ~Deadlines();
    Deadlines(const Deadlines&) = delete;
    Deadlines& operator=(const Deadlines&) = delete;

    struct State; ///< for the source

private:
    friend class Socket;
    std::shared_ptr<State> state_;
};

class Socket {
public:
    /// Owns the descriptor, which must be non-blocking.
    Socket(EventLoop& loop, Deadlines& deadlines, int fd);
    ~Socket();
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    /// At least one byte, or 0 at the end. Errors: io, in words (time-out, reset, cut).
    Result<std::size_t> read_some(std::span<std::byte> to, Deadline deadline);
    /// A read_some() that waits on another fiber has to be done by then.
    void limit_reading(Instant until);
    /// All bytes. Fails when none of them moved for `patience`, or the deadline has passed. Errors: io.
    Result<> write_all(std::span<const std::byte> bytes, std::chrono::milliseconds patience, Deadline deadline);
    /// What is known of the other side without reading: there; ended (it sends no more; whether it still reads is not
    /// known); gone.
    enum class OtherSide : std::uint8_t { there, ended, gone };
    [[nodiscard]] OtherSide other_side() const;
    /// Whether something has come, or the end, that was not read yet.
    [[nodiscard]] bool has_input() const;
    /// Whether the system would take something now.
    [[nodiscard]] bool takes_now() const;
    /// Without waiting: what isn't taken at once cuts the connection.
    void write_or_cut(std::span<const std::byte> bytes);
    /// No more is written.
    void shut_down_writing();
    /// Waiting and later reads and writes fail.
    void cut();
    [[nodiscard]] bool is_cut() const;
    /// The last failure was the deadline's.
    [[nodiscard]] bool timed_out() const;
    [[nodiscard]] int fd() const;
    struct State; ///< for the source

private:
    std::shared_ptr<State> state_;
};

} // namespace trellis::net
