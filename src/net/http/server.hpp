// An HTTP/1.1 server on one event loop. A connection is a fiber; the handler is called on it once per request, in
// order, and is straight-line code: it reads the body and writes the response, and waits in between. Framing is
// strict: what two readers could understand differently (both lengths, odd chunking, bare CR or LF, obs-fold, NUL)
// is answered 400 and cut. One thread: the loop's. https://www.rfc-editor.org/rfc/rfc9112
#pragma once

#include "net/event_loop.hpp"
#include "net/http/message.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace trellis::net::tls {
class ServerContext;
}

namespace trellis::net::http {

struct ServerLimits {
    std::size_t head_bytes = 32 * 1024;                 ///< request line and fields; more: 431 (414 for the line)
    std::size_t fields = 100;                           ///< more: 431
    std::uint64_t body_bytes = std::uint64_t(64) << 20; ///< more: 413
    std::size_t connections = 10'000;                   ///< of this loop; further ones wait to be accepted
    std::chrono::milliseconds head_timeout{10'000};     ///< from its first byte to its end; then 408
    std::chrono::milliseconds idle_timeout{60'000};     ///< between requests; then closed
    std::chrono::milliseconds body_timeout{30'000};     ///< without a byte; then 408, or cut
    std::chrono::milliseconds write_timeout{30'000};    ///< without a byte taken by the client; then cut
    std::uint32_t requests_per_connection = 1'000'000;
};

/// Who is at the other end.
struct Peer {
    std::string address; ///< "192.0.2.1", "2001:db8::1"; empty: a Unix socket
    std::uint16_t port = 0;
    std::uint16_t local_port = 0;
    bool secure = false; ///< TLS
};

/// One request and its response, on the connection's fiber.
class Exchange {
public:
    virtual ~Exchange() = default;
    [[nodiscard]] virtual const RequestHead& request() const = 0;
    [[nodiscard]] virtual const Peer& peer() const = 0;

    /// Bytes of the request's body: at least one, or 0 at its end. Sends "100 Continue" where it is expected. Errors:
    /// limit (larger than body_bytes), malformed (odd chunking), io (the client is gone, or too slow).
    virtual Result<std::size_t> read(std::span<std::byte> to) = 0;
    /// What came behind the body: complete once read() has given 0. At most ServerLimits::fields, checked like those of
    /// the head; none that may only stand there.
    [[nodiscard]] virtual const Fields& trailers() const = 0;
    /// A descriptor that gets readable when read() has something; -1: it may have something now, or can't tell.
    [[nodiscard]] virtual int read_descriptor() const = 0;

    /// The head of the response; once. It leaves together with what is written next, at the latest with flush() or
    /// finish(). Illegal fields are the caller's mistake.
    virtual void start(ResponseHead head) = 0;
    [[nodiscard]] virtual bool started() const = 0;
    /// Part of the body; buffered up to some 16 KiB. Not sent for HEAD, 204 and 304. Errors: io (client gone or slow).
    virtual Result<> write(std::span<const std::byte> bytes) = 0;
    /// Sends what is buffered. Without a known length that makes the response chunked (HTTP/1.1) or ended by closing.
    virtual Result<> flush() = 0;
    [[nodiscard]] virtual bool has_unsent() const = 0;
    /// Takes back what was started and written, if nothing of it has left: start() may be called anew. False: it has.
    virtual bool discard() = 0;
    /// What stands behind the body, before finish(): sent where the response is chunked (HTTP/1.1, no known length, a
    /// method and status with a body), without those that may only stand in a head; otherwise dropped. Illegal fields
    /// are the caller's mistake.
    virtual void set_trailers(Fields trailers) = 0;
    /// The response ends here; length becomes known if nothing was sent before. Implied by the handler's return.
    virtual Result<> finish() = 0;
    /// The connection is cut behind what was sent, so that the client sees that the response is not whole.
    virtual void abort() = 0;

    /// Reading and writing fail with `io` after that moment, beside the server's own time-outs.
    virtual void set_deadline(Deadline deadline) = 0;
    /// Whether read() failed because nothing came in time.
    [[nodiscard]] virtual bool too_slow() const = 0;
    /// Called at most once, not on this fiber, when the client is seen to be gone (Server::look_for_gone_clients) or
    /// its connection is cut; empty: no more.
    virtual void when_gone(std::function<void()> action) = 0;
    /// Nobody reads the response any more, as far as is known.
    [[nodiscard]] virtual bool is_gone() const = 0;

    // For logs: the response's status (0: none yet), and what went over the wire so far, bytes of bodies.
    [[nodiscard]] virtual unsigned status() const = 0;
    [[nodiscard]] virtual std::uint64_t bytes_read() const = 0;
    [[nodiscard]] virtual std::uint64_t bytes_written() const = 0;
};

using Handler = std::function<void(Exchange&)>;
/// A request that never reached the handler: refused while its head was read.
using Refusal = std::function<void(const Peer&, unsigned status, std::string_view reason)>;

/// A listening socket, TCP or Unix, that the connections of several loops come from.
class Listener {
public:
    /// "127.0.0.1:8080", "[::1]:0" (0: the system chooses), "unix:/path/to/socket" (a stale one is replaced; removed at
    /// the end). Errors: usage, denied, io; they name the address.
    static Result<Listener> open(const std::string& address);
    Listener(Listener&&) noexcept;
    Listener& operator=(Listener&&) noexcept;
    ~Listener();
    /// With the port that the system chose: "127.0.0.1:40123".
    [[nodiscard]] std::string address() const;
    [[nodiscard]] std::uint16_t port() const; ///< 0: Unix
    [[nodiscard]] int fd() const;

private:
    Listener();
    struct State;
    std::unique_ptr<State> state_;
};

class Server {
public:
    /// `tls`: null: plain text; outlives the server.
    Server(EventLoop& loop, ServerLimits limits, Handler handler, Refusal refusal = {},
           tls::ServerContext* tls = nullptr);
    /// All connections must have ended: drain() and run the loop.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Accepts connections from the listener, which outlives the server and may be shared with other loops' servers:
    /// whichever loop is free takes the next connection.
    void accept_from(Listener& listener);
    /// Takes a connection that another thread accepted; on the loop's thread. Owns the descriptor.
    void take(int connection_fd, std::uint16_t local_port);
    /// No new connections but those that wait already; each ends behind the response it is at, idle ones at once.
    /// From then on the listeners refuse.
    void drain();
    /// Cuts all connections now: waiting reads and writes of their fibers fail.
    void cut();
    /// Cuts the connections of clients that are gone while their requests are answered: now and then, since a handler
    /// that neither reads nor writes notices nothing.
    void look_for_gone_clients();
    [[nodiscard]] std::size_t connections() const;
    /// Connections ever accepted.
    [[nodiscard]] std::uint64_t accepted() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace trellis::net::http
