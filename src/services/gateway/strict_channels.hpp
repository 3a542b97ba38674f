// WAGI's own way (--strict-wagi): a request's body is read whole before the module starts, and what the module prints
// is looked at when it has ended. One request each; on its fiber.
#pragma once

#include "net/http/server.hpp"
#include "sandbox/channel.hpp"

#include <string>
#include <string_view>

namespace trellis::gateway {

/// The whole body, into `to`. Errors: as Exchange::read(); limit: more than `most` bytes.
Result<> read_all(net::http::Exchange& exchange, std::uint64_t most, std::string& to);

class StoredBody final : public sandbox::Channel {
public:
    /// `bytes` stays.
    explicit StoredBody(std::string_view bytes) : rest_(bytes) {}
    sandbox::Outcome<std::size_t> read(std::span<const iovec> parts, sandbox::Wait& wait) override;

private:
    std::string_view rest_;
};

class StoredAnswer final : public sandbox::Channel {
public:
    static constexpr std::size_t most_bytes = std::size_t(64) << 20;

    /// More than most_bytes ends the guest.
    sandbox::Outcome<std::size_t> write(std::span<const iovec> parts, sandbox::Wait& wait) override;
    [[nodiscard]] std::string_view text() const { return text_; }

private:
    std::string text_;
};

} // namespace trellis::gateway
