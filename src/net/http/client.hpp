// HTTP/1.1 requests of our own, plain or through TLS, as straight-line code on a fiber: the body of the answer is read
// as it comes, and that of the request may be sent meanwhile. Each request has a connection of its own; redirects are
// answers like others; nothing is decompressed. Responses are read as strictly as requests are. One thread: the loop's.
// https://www.rfc-editor.org/rfc/rfc9112
#pragma once

#include "net/cancellation.hpp"
#include "net/event_loop.hpp"
#include "net/http/message.hpp"
#include "net/ip_address.hpp"
#include "net/resolver.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>

namespace trellis::net::tls {
class ClientContext;
}

namespace trellis::net::http {

/// What went wrong, for those whose own protocol tells it apart.
enum class ClientFault : std::uint8_t {
    name_unknown,
    name_timeout,
    address_denied, ///< by ClientRequest::may_connect
    unreachable,
    refused,
    connect_timeout,
    certificate,
    tls,
    ended, ///< the connection, by the other side or the system
    read_timeout,
    write_timeout,
    deadline,     ///< the request's own
    request_body, ///< whoever gives it failed, or gave less than was announced
    head_size,
    trailer_size,
    malformed,
    incomplete, ///< the answer
    other,
};

struct ClientError : Error {
    ClientError(ClientFault its_fault, Error error) : Error(std::move(error)), fault(its_fault) {}
    ClientFault fault;
};
template <class T = void>
class [[nodiscard]] ClientResult : public std::expected<T, ClientError> {
public:
    using std::expected<T, ClientError>::expected;
};

/// A body that is sent as it comes, on a fiber of its own: the answer may be read meanwhile. None of these functions is
/// called any more when the last copy of them is gone; when the answer goes before, whoever waits in `pull` has to be
/// woken by other means.
struct ClientBody {
    /// At least one byte, or 0 at the end; may suspend the fiber. Not called any more where `length` is reached. An
    /// error cuts the connection.
    std::function<Result<std::size_t>(std::span<std::byte> to)> pull;
    std::optional<std::uint64_t> length = {}; ///< absent: chunked
    /// Asked at the end, when chunked; those that may only stand in a head are left out. May be empty.
    std::function<Fields()> trailers = {};
    /// Told once that everything is sent (null), or why it is not. May be empty.
    std::function<void(const ClientError*)> when_sent = {};
};

/// Absent: only the deadline and the client's own limits count.
struct ClientTimeouts {
    std::optional<std::chrono::nanoseconds> connect = {};    ///< until the connection is there, name and TLS included
    std::optional<std::chrono::nanoseconds> first_byte = {}; ///< of the answer's body, from the request's end
    std::optional<std::chrono::nanoseconds> between_bytes = {}; ///< further ones, while they are waited for
};

struct ClientRequest {
    bool secure = false; ///< https
    std::string host;    ///< name, or address without brackets
    std::uint16_t port = 80;
    std::string authority; ///< the Host field: "example.com:8080", "[::1]"
    std::string method = "GET";
    std::string target = "/";
    Fields fields = {}; ///< legal ones, without Host, and without Connection and others that frame the message
    std::span<const std::byte> body = {};
    std::optional<ClientBody> streamed = {}; ///< instead of `body`
    ClientTimeouts timeouts = {};
    Deadline deadline = {};               ///< of everything, the end of the answer's body included
    Cancellation* cancellation = nullptr; ///< the same; outlives the answer
    /// Which of the addresses that the name leads to may be connected to; absent: all.
    std::function<bool(const IpAddress&)> may_connect = {};
};

/// The answer to one request. Ends the connection when it goes.
class ClientResponse {
public:
    virtual ~ClientResponse() = default;
    /// The final one: those of 100 to 199 have been passed over.
    [[nodiscard]] virtual const ResponseHead& head() const = 0;
    /// Bytes of the body: at least one, or 0 at its end. Errors: malformed, io (also: cut off, or too late), limit (of
    /// trailers).
    virtual ClientResult<std::size_t> read(std::span<std::byte> to) = 0;
    /// What stood behind the body: complete once read() has given 0.
    [[nodiscard]] virtual const Fields& trailers() const = 0;
};

struct ClientLimits {
    std::size_t head_bytes = 64 * 1024;
    std::size_t fields = 200;
    std::chrono::milliseconds connect_timeout{10'000}; ///< of one address
};

/// What the clients of all loops share: the threads that resolve names, and the authorities that are trusted.
class ClientSupport {
public:
    /// `authorities_file`: PEM; empty: the system's.
    explicit ClientSupport(Resolver::Lookup lookup = {}, std::string authorities_file = {});
    ~ClientSupport();
    ClientSupport(const ClientSupport&) = delete;
    ClientSupport& operator=(const ClientSupport&) = delete;

    [[nodiscard]] Resolver& resolver() { return resolver_; }
    /// Made by the first request that needs it, or before.
    Result<tls::ClientContext*> tls();

private:
    Resolver resolver_;
    std::string authorities_file_;
    std::once_flag once_;
    Result<std::unique_ptr<tls::ClientContext>> tls_;
};

class Client {
public:
    virtual ~Client() = default;
    /// Resolves, connects, sends, and gives the head of the answer. Errors: not_found (name), denied (may_connect
    /// refuses every address; the certificate), malformed, limit, io, unsupported (TLS, where there is none).
    virtual ClientResult<std::unique_ptr<ClientResponse>> send(const ClientRequest& request) = 0;
    [[nodiscard]] virtual EventLoop& loop() = 0;

    /// Support and loop outlive the client, the client its responses.
    static std::unique_ptr<Client> make(EventLoop& loop, ClientSupport& support, ClientLimits limits = {});
};

} // namespace trellis::net::http
