// A request as a guest sees it: its body as standard input, the response as standard output, the module's log as
// standard error. Straight onto the connection: nothing is copied aside but the response's head while it is read.
// One request each; on its fiber.
#pragma once

#include "net/http/server.hpp"
#include "sandbox/channel.hpp"
#include "sandbox/worker.hpp"
#include "services/gateway/cgi.hpp"
#include "services/gateway/module_log.hpp"

#include <optional>

namespace trellis::gateway {

/// What the guest's reading and writing came to, beside its own end.
struct Transfer {
    std::optional<Error> body_error;     ///< the request's body could not be read: too large, malformed, client gone
    std::optional<Error> response_error; ///< what it printed is no response
    bool body_late = false;              ///< ... because it did not come in time
    bool client_gone = false;            ///< nobody reads the response
};

class BodyChannel final : public sandbox::Channel {
public:
    /// `most`: bytes; a longer body ends the guest.
    BodyChannel(net::http::Exchange& exchange, sandbox::Turns& turns, std::uint64_t most, Transfer& transfer)
        : exchange_(exchange), turns_(turns), left_(most), transfer_(transfer)
    {
    }
    sandbox::Outcome<std::size_t> read(std::span<const iovec> parts, sandbox::Wait& wait) override;
    [[nodiscard]] pollfd before_read() const override
    {
        return {.fd = exchange_.read_descriptor(), .events = POLLIN, .revents = 0};
    }

private:
    net::http::Exchange& exchange_;
    sandbox::Turns& turns_;
    std::uint64_t left_;
    Transfer& transfer_;
};

class ResponseChannel final : public sandbox::Channel {
public:
    ResponseChannel(net::http::Exchange& exchange, sandbox::Turns& turns, Transfer& transfer)
        : exchange_(exchange), turns_(turns), transfer_(transfer)
    {
    }
    sandbox::Outcome<std::size_t> write(std::span<const iovec> parts, sandbox::Wait& wait) override;
    [[nodiscard]] const ResponseParser& parser() const { return parser_; }

private:
    Result<> take(std::string_view bytes);

    net::http::Exchange& exchange_;
    sandbox::Turns& turns_;
    ResponseParser parser_;
    Transfer& transfer_;
};

class LogChannel final : public sandbox::Channel {
public:
    LogChannel(std::shared_ptr<ModuleLog::Channel> log, std::uint64_t request) : stream_(std::move(log), request) {}
    sandbox::Outcome<std::size_t> write(std::span<const iovec> parts, sandbox::Wait&) override;
    void write_line(std::string_view text);

private:
    ModuleLog::Stream stream_;
};

} // namespace trellis::gateway
