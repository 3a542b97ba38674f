// The answer of a guest that knows HTTP, straight onto the connection. One request; on its fiber.
#pragma once

#include "net/http/server.hpp"
#include "sandbox/http/service.hpp"
#include "sandbox/worker.hpp"
#include "services/gateway/request_channels.hpp"

namespace trellis::gateway {

class RequestAnswer final : public sandbox::HttpAnswer {
public:
    RequestAnswer(net::http::Exchange& exchange, sandbox::Turns& turns, Transfer& transfer)
        : exchange_(exchange), turns_(turns), transfer_(transfer)
    {
    }
    sandbox::Outcome<> begin(const net::http::ResponseHead& head, sandbox::Wait& wait) override;
    sandbox::Outcome<> write(std::span<const std::byte> bytes, sandbox::Wait& wait) override;
    sandbox::Outcome<> end(const net::http::Fields& trailers, sandbox::Wait& wait) override;
    void fail(std::string_view reason) override;

    [[nodiscard]] bool has_ended() const { return has_ended_; }

private:
    template <class Action>
    sandbox::Outcome<> send(Action&& action);

    net::http::Exchange& exchange_;
    sandbox::Turns& turns_;
    Transfer& transfer_;
    bool has_ended_ = false;
};

/// What a request asks of such a guest. `body` is borrowed.
sandbox::HttpQuestion question_of(net::http::Exchange& exchange, sandbox::Channel& body);

} // namespace trellis::gateway
