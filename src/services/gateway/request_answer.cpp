#include "services/gateway/request_answer.hpp"

#include <charconv>

namespace trellis::gateway {

using sandbox::Outcome;
using sandbox::Wait;

namespace {

/// A length that the guest announces is the response's; other fields that frame the message are the connection's.
net::http::ResponseHead framed(net::http::ResponseHead head)
{
    const auto text = head.fields.find("content-length");
    std::uint64_t length = 0;
    if (text && std::from_chars(text->data(), text->data() + text->size(), length).ptr == text->data() + text->size())
        head.content_length = length;
    for (const auto* name : {"content-length", "transfer-encoding", "connection", "keep-alive", "upgrade"})
        head.fields.remove(name);
    return head;
}

} // namespace

template <class Action>
Outcome<> RequestAnswer::send(Action&& action)
{
    if (turns_.outside(action))
        return {};
    transfer_.client_gone = true;
    return sandbox::failure(EPIPE);
}

/// Interim responses are nothing that a guest could answer with.
Outcome<> RequestAnswer::begin(const net::http::ResponseHead& head, Wait&)
{
    if (head.status < 200 || head.status > 599) {
        fail("the component answered with a status that is none");
        return sandbox::failure(EPIPE);
    }
    exchange_.start(framed(head));
    return {};
}

Outcome<> RequestAnswer::write(std::span<const std::byte> bytes, Wait&)
{
    return send([&] { return exchange_.write(bytes); });
}

Outcome<> RequestAnswer::end(const net::http::Fields& trailers, Wait&)
{
    has_ended_ = true;
    exchange_.set_trailers(trailers);
    return send([&] { return exchange_.finish(); });
}

void RequestAnswer::fail(std::string_view reason)
{
    transfer_.response_error = Error{ErrorCode::invalid, std::string(reason), {}};
}

sandbox::HttpQuestion question_of(net::http::Exchange& exchange, sandbox::Channel& body)
{
    const auto& request = exchange.request();
    return {.method = request.method,
            .target = request.target,
            .authority = std::string(request.fields.find("host").value_or("")),
            .secure = exchange.peer().secure,
            .fields = request.fields,
            .body = request.content_length == 0 ? nullptr : &body,
            .trailers = [&exchange] { return exchange.trailers(); }};
}

} // namespace trellis::gateway
