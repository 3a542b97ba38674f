// The way from a guest that answers HTTP requests back to whoever asked: what the host's HTTP server implements, and
// how it calls a guest, of whatever kind that is. One request each; on its fiber, which calls may suspend within Wait's
// rules.
#pragma once

#include "net/http/message.hpp"
#include "sandbox/channel.hpp"

#include <functional>
#include <memory>
#include <string>

namespace trellis::sandbox {

/// What the guest answers with, as it comes. After an error nothing more is called.
class HttpAnswer {
public:
    virtual ~HttpAnswer() = default;
    /// Once, first. Errors: EPIPE (nobody listens any more), guest_trapped.
    virtual Outcome<> begin(const net::http::ResponseHead& head, Wait& wait) = 0;
    /// Everything, or fails.
    virtual Outcome<> write(std::span<const std::byte> bytes, Wait& wait) = 0;
    /// The body is complete; trailers may be dropped where nobody could be told of them.
    virtual Outcome<> end(const net::http::Fields& trailers, Wait& wait) = 0;
    /// Instead of begin: the guest gave an error; or of end: it left the body unfinished.
    virtual void fail(std::string_view reason) = 0;
};

/// A request as a guest is asked.
struct HttpQuestion {
    std::string method = "GET";
    std::string target = "/"; ///< path and query
    std::string authority = {};
    bool secure = false;
    net::http::Fields fields = {};
    Channel* body = nullptr;                          ///< borrowed; null: there is none
    std::function<net::http::Fields()> trailers = {}; ///< asked once the body was read to its end; may be empty
};

/// What a program of streams answers with: bytes of a kind that only it knows.
net::http::ResponseHead stream_head();
/// Its error, which is about the bytes it was given: 422.
Outcome<> refuse_stream(HttpAnswer& answer, std::string_view reason, Wait& wait);

} // namespace trellis::sandbox
