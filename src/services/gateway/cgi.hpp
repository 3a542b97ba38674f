// What a WAGI module is given: argv and the CGI variables; and what its standard output means: header lines, an empty
// line, the body. Pure functions of values and one small state machine; no input or output.
// https://www.rfc-editor.org/rfc/rfc3875; https://github.com/deislabs/wagi/tree/main/docs
#pragma once

#include "base/result.hpp"
#include "net/http/server.hpp"
#include "services/gateway/routes.hpp"

#include <string>
#include <utility>
#include <vector>

namespace trellis::gateway {

using Variables = std::vector<std::pair<std::string, std::string>>;

/// Path, query and so on of a request target; `path` is not decoded.
struct Target {
    std::string_view path;
    std::optional<std::string_view> query; ///< without '?', which may stand there with nothing behind it
};
Target split_target(std::string_view target);

/// argv: path and query pieces, or the template with ${SCRIPT_NAME}, which is the path too, and ${ARGS}.
std::vector<std::string> arguments_of(const std::optional<std::string>& argv_template, const Target& target);

/// How the server sees itself, for SERVER_NAME, SERVER_PORT and X_FULL_URL.
struct ServerIdentity {
    std::string default_host; ///< "localhost:3000": where a request has no Host field
    bool strict = false;      ///< exactly WAGI: --strict-wagi
};

/// All CGI variables and HTTP_*; `operator_variables` stand first, each once, so that CGI ones override them.
/// `body_bytes`: the length of the request's body, if it is known.
Variables variables_of(const net::http::RequestHead& request, std::optional<std::uint64_t> body_bytes,
                       const net::http::Peer& peer, const Match& match, const Target& target,
                       const ServerIdentity& identity, const Variables& operator_variables);

/// Takes a module's standard output piece by piece until the head is whole.
class ResponseParser {
public:
    /// `strict`: what WAGI forgives is forgiven (lines without a colon, illegal names, CR anywhere, any status), and
    /// repeated fields collapse, as its hash map has it.
    explicit ResponseParser(bool strict = false) : strict_(strict) {}

    /// Consumes bytes up to the end of the head; gives how many. Errors, with the reason for people: invalid (no
    /// content-type, location or status), malformed (illegal field), limit (longer than 64 KiB); failure_status() has
    /// the status that they deserve.
    Result<std::size_t> consume(std::string_view bytes);
    [[nodiscard]] bool complete() const { return complete_; }
    /// When complete.
    net::http::ResponseHead take() { return std::move(head_); }
    /// The module ended before its head did: why this is no response.
    [[nodiscard]] Error incomplete() const;
    /// For a failed consume() or incomplete(): 500 or 502.
    [[nodiscard]] unsigned failure_status() const { return failure_status_; }

private:
    Result<> add_line(std::string_view line);
    Result<> end_line();
    Result<> set_status(std::string_view value);
    Result<> finish();

    bool strict_;
    bool complete_ = false;
    unsigned failure_status_ = 500;
    std::string line_;
    std::size_t head_bytes_ = 0;
    bool first_line_ = true;
    bool has_status_ = false, has_location_ = false, has_content_type_ = false;
    net::http::ResponseHead head_;
};

} // namespace trellis::gateway
