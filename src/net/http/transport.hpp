// The bytes of a connection, plain or through TLS; once it is open, one fiber may read while another one writes.
#pragma once

#include "net/socket.hpp"
#include "net/tls/tls.hpp"

#include <memory>

namespace trellis::net::http {

class Transport {
public:
    /// `session`: null: plain text.
    Transport(Socket& socket, std::unique_ptr<tls::Session> session) : socket_(socket), session_(std::move(session)) {}

    /// TLS: shakes hands. Errors: malformed, denied, io.
    Result<> open(Deadline deadline);
    /// At least one byte, or 0 at the end. Errors: io, malformed; also an end that was cut off inside TLS.
    Result<std::size_t> read_some(std::span<std::byte> to, Deadline deadline);
    /// Gets readable before read_some has something; -1: there may be something inside TLS.
    [[nodiscard]] int read_descriptor() const { return session_ ? -1 : socket_.fd(); }
    Result<> write_all(std::span<const std::byte> bytes, std::chrono::milliseconds patience, Deadline deadline);
    /// A few bytes, without waiting: nothing where the system takes nothing now; cut where it takes a part.
    void write_at_once(std::span<const std::byte> bytes);
    /// Says that no more is written.
    void finish();
    [[nodiscard]] Socket& socket() { return socket_; }

private:
    Result<> send_wire(std::chrono::milliseconds patience, Deadline deadline);
    Result<bool> receive_wire(Deadline deadline);

    Socket& socket_;
    std::unique_ptr<tls::Session> session_;
    bool sending_ = false; ///< some fiber hands on what the session has for the wire
};

} // namespace trellis::net::http
