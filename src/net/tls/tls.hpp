// TLS 1.2 and 1.3 by OpenSSL 3, which is opened on first use (dlopen): a process that speaks plain text never loads it.
// A Session is a state machine between plain bytes and wire bytes and knows no socket: whoever has one moves the bytes.
// Contexts are shared by threads; a Session belongs to one thread.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace trellis::net::tls {

class Session {
public:
    virtual ~Session() = default;
    /// What came over the wire; after the handshake read() has to be called until it gives 0 before the next bytes.
    /// Errors: malformed (handshake; the reason in words), denied (certificate); they end the session, and take_wire()
    /// has the alert that tells the other side.
    virtual Result<> receive(std::span<const std::byte> wire) = 0;
    /// Plain bytes that have been received: how many were put into `to`; 0: none now. Errors: malformed (record), which
    /// ends the session.
    virtual Result<std::size_t> read(std::span<std::byte> to) = 0;
    /// Plain bytes to be sent; only after the handshake.
    virtual Result<> write(std::span<const std::byte> plain) = 0;
    /// The bytes that have to go over the wire now (handshake, records, alerts); empties the buffer.
    virtual std::vector<std::byte> take_wire() = 0;
    [[nodiscard]] virtual bool handshake_done() const = 0;
    /// The other side has said that no more comes (close_notify): an end that is no truncation. Known when read() has
    /// given everything before it.
    [[nodiscard]] virtual bool peer_closed() const = 0;
    /// Says the same to the other side: into take_wire().
    virtual void close() = 0;
    [[nodiscard]] virtual std::string version() const = 0; ///< "TLSv1.3"
};

class ServerContext {
public:
    /// PEM files: certificate chain, and key (PKCS 8 or traditional). ALPN: http/1.1. Errors: not_found, invalid (key
    /// and certificate don't fit, ...), unsupported (no OpenSSL here: which package to install).
    static Result<std::unique_ptr<ServerContext>> make(const std::string& certificate_file,
                                                       const std::string& key_file);
    virtual ~ServerContext() = default;
    virtual Result<std::unique_ptr<Session>> accept() = 0;
};

class ClientContext {
public:
    /// Trusts the system's authorities, or those of the PEM file. Verification can't be switched off.
    static Result<std::unique_ptr<ClientContext>> make(const std::string& authorities_file = {});
    virtual ~ClientContext() = default;
    /// `host`: sent as SNI and compared with the certificate.
    virtual Result<std::unique_ptr<Session>> connect(const std::string& host) = 0;
};

} // namespace trellis::net::tls
