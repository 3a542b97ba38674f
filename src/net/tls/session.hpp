// A TLS session over two memory buffers: what came from the wire and what has to go there. Both sides of a connection
// differ only before the first byte, and that is done by the contexts. One thread.
#pragma once

#include "net/tls/openssl.hpp"
#include "net/tls/tls.hpp"

namespace trellis::net::tls {

/// Takes a session in its starting state (accept or connect) and begins the handshake. Errors: limit.
Result<std::unique_ptr<Session>> start_session(SessionHandle ssl);

} // namespace trellis::net::tls
