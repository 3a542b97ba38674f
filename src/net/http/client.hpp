// HTTP/1.1 requests of our own, plain or through TLS, as straight-line code on a fiber: the body of the answer is read
// as it comes. Each request has a connection of its own; redirects are answers like others; nothing is decompressed.
// Responses are read as strictly as requests are. One thread: the loop's. https://www.rfc-editor.org/rfc/rfc9112
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

struct ClientRequest {
    bool secure = false; ///< https
    std::string host;    ///< name, or address without brackets
    std::uint16_t port = 80;
    std::string authority; ///< the Host field: "example.com:8080", "[::1]"
    std::string method = "GET";
    std::string target = "/";
    Fields fields = {}; ///< legal ones, without Host, and without Connection and others that frame the message
    std::span<const std::byte> body = {};
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
    /// Bytes of the body: at least one, or 0 at its end. Errors: malformed, io (also: cut off, or too late).
    virtual Result<std::size_t> read(std::span<std::byte> to) = 0;
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
    /// refuses every address; the certificate), malformed, io, unsupported (TLS, where there is none).
    virtual Result<std::unique_ptr<ClientResponse>> send(const ClientRequest& request) = 0;

    /// Support and loop outlive the client, the client its responses.
    static std::unique_ptr<Client> make(EventLoop& loop, ClientSupport& support, ClientLimits limits = {});
};

} // namespace trellis::net::http
