// wasi:http: outgoing-handler. Who may be asked is the host's HttpPolicy, as for the other ways to ask over HTTP.
#include "base/format.hpp"
#include "sandbox/wasi/p2/http_functions.hpp"
#include "sandbox/wasi/p2/http_types.hpp"
#include "sandbox/wasi/p2/interfaces.hpp"

#include <numeric>

namespace trellis::sandbox::preview2 {
namespace {

using net::http::ClientRequest;
using net::http::ClientResponse;
using Answer = FutureIncomingResponse::Answer;

std::unexpected<HttpErrorCode> error(HttpErrorCode code)
{
    return std::unexpected(std::move(code));
}

/// What may suspend the fiber, and has a result.
template <class T>
Result<T> outside(const HttpSurroundings& surroundings, const std::function<Result<T>()>& work)
{
    if (!surroundings.outside)
        return work();
    std::optional<Result<T>> result;
    surroundings.outside([&] { result = work(); });
    return std::move(*result);
}

/// One of the answers that a guest may have open.
class OpenAnswer {
public:
    explicit OpenAnswer(std::shared_ptr<std::uint32_t> open) : open_(std::move(open)) { ++*open_; }
    ~OpenAnswer() { --*open_; }
    OpenAnswer(const OpenAnswer&) = delete;
    OpenAnswer& operator=(const OpenAnswer&) = delete;

private:
    std::shared_ptr<std::uint32_t> open_;
};

/// Reads an answer as it comes; reading suspends the fiber.
class AnswerInput final : public InputStream {
public:
    AnswerInput(const HttpSurroundings& surroundings, std::unique_ptr<ClientResponse> response, std::uint64_t most,
                std::shared_ptr<OpenAnswer> open)
        : surroundings_(surroundings), response_(std::move(response)), left_(most), open_(std::move(open))
    {
    }

private:
    Outcome<std::size_t> try_read(std::span<std::byte> to, Wait&) override
    {
        const auto count = outside<std::size_t>(surroundings_, [&] { return response_->read(to); });
        if (!count)
            return failure(EIO);
        if (*count > left_)
            return failure(EFBIG);
        left_ -= *count;
        return *count;
    }
    [[nodiscard]] Need readable() const override { return Need::nothing(); }

    const HttpSurroundings& surroundings_;
    std::unique_ptr<ClientResponse> response_;
    std::uint64_t left_;
    std::shared_ptr<OpenAnswer> open_;
};

HttpResult<Url> url_of(const OutgoingRequest& request)
{
    const std::size_t scheme = request.scheme ? request.scheme->value.index() : 1;
    if (scheme > 1)
        return error(http_error_code<http_error::protocol_error>());
    if (!request.authority)
        return error(http_error_code<http_error::request_uri_invalid>());
    std::string path = request.path_with_query.value_or("/");
    if (!path.starts_with('/'))
        path.insert(0, "/");
    auto url = parse_url(format("{}://{}{}", scheme == 0 ? "http" : "https", *request.authority, path));
    if (!url)
        return error(http_error_code<http_error::request_uri_invalid>());
    return std::move(*url);
}

HttpErrorCode error_of(const Error& error, bool was_refused)
{
    if (was_refused)
        return http_error_code<http_error::destination_ip_prohibited>();
    if (error.code == ErrorCode::not_found)
        return http_error_code<http_error::dns_error>(DnsErrorPayload{.rcode = error.message});
    if (error.code == ErrorCode::denied)
        return http_error_code<http_error::tls_certificate_error>();
    if (error.code == ErrorCode::malformed)
        return http_error_code<http_error::protocol_error>();
    return http_error_code<http_error::internal_error>(MaybeText(error.message));
}

/// One request, from when it was handed over until its answer.
class Sending {
public:
    Sending(const HttpClientOfGuest& http, Url url, std::shared_ptr<OutgoingRequest> request)
        : http_(http), url_(std::move(url)), request_(std::move(request))
    {
    }

    Answer send()
    {
        if (*http_.open >= http_.policy->max_concurrent)
            return error(http_error_code<http_error::connection_limit_reached>());
        auto open = std::make_shared<OpenAnswer>(http_.open);
        bool was_refused = false;
        const ClientRequest request = make(was_refused);
        auto response = outside<std::unique_ptr<ClientResponse>>(
            *http_.surroundings, [&] { return http_.surroundings->client.send(request); });
        if (!response)
            return error(error_of(response.error(), was_refused));
        auto incoming = std::make_shared<IncomingResponse>();
        incoming->status = static_cast<std::uint16_t>((*response)->head().status);
        incoming->fields = (*response)->head().fields;
        incoming->body = std::make_shared<AnswerInput>(*http_.surroundings, std::move(*response),
                                                       http_.policy->response_bytes, std::move(open));
        return incoming;
    }

private:
    ClientRequest make(bool& was_refused)
    {
        const Instant own = std::chrono::steady_clock::now() + http_.policy->timeout;
        ClientRequest request = {.secure = url_.origin.secure,
                                 .host = url_.origin.host,
                                 .port = url_.origin.port,
                                 .authority = url_.origin.authority(),
                                 .method = method_text(request_->method),
                                 .target = url_.target,
                                 .fields = request_->fields,
                                 .body = request_->body->kept,
                                 .deadline = std::min(own, http_.surroundings->deadline.value_or(own)),
                                 .cancellation = http_.surroundings->cancellation,
                                 .may_connect = [this, &was_refused](const net::IpAddress& address) {
                                     const bool allowed = http_.policy->allowed.allows_address(url_.origin, address);
                                     was_refused = was_refused || !allowed;
                                     return allowed;
                                 }};
        request.fields.remove("content-length"); // which the client adds; it is that of the body
        return request;
    }

    const HttpClientOfGuest& http_;
    Url url_;
    std::shared_ptr<OutgoingRequest> request_;
};

/// CONNECT asks for a tunnel.
HttpResult<Url> allowed_url(const Guest& guest, const OutgoingRequest& request)
{
    if (method_text(request.method) == "CONNECT")
        return error(http_error_code<http_error::request_method_invalid>());
    auto url = url_of(request);
    if (!url)
        return url;
    if (!guest.http.surroundings || !guest.http.policy->allowed.allows(url->origin))
        return error(http_error_code<http_error::request_denied>());
    return url;
}

Trap handle(Guest& guest, ComponentStore& store, Own<OutgoingRequest> given, std::optional<Own<RequestOptions>> options,
            HttpResult<Own<FutureIncomingResponse>>& result)
{
    if (options)
        (void)take(store, *options);
    auto request = take(store, given);
    auto url = allowed_url(guest, *request);
    if (!url) {
        result = error(url.error());
        return Trap::none;
    }
    auto sending = std::make_shared<Sending>(guest.http, std::move(*url), request);
    auto future = std::make_shared<FutureIncomingResponse>();
    future->body = request->body;
    future->send = [sending] { return sending->send(); };
    result = give(store, std::move(future));
    return Trap::none;
}

/// Errors of HTTP reach the guest where they arise, not through streams.
Trap http_error_code_of(Guest&, ComponentStore&, Borrow<IoError>, std::optional<HttpErrorCode>& result)
{
    result.reset();
    return Trap::none;
}

constexpr HostResource resources[] = {
    host_resource<HttpFields>("fields"),
    host_resource<HttpFields>("headers"),
    host_resource<HttpFields>("trailers"),
    host_resource<IncomingRequest>("incoming-request"),
    host_resource<OutgoingRequest>("outgoing-request"),
    host_resource<RequestOptions>("request-options"),
    host_resource<ResponseOutparam>("response-outparam"),
    host_resource<IncomingResponse>("incoming-response"),
    host_resource<IncomingBody>("incoming-body"),
    host_resource<FutureTrailers>("future-trailers"),
    host_resource<OutgoingResponse>("outgoing-response"),
    host_resource<OutgoingBody>("outgoing-body"),
    host_resource<FutureIncomingResponse>("future-incoming-response"),
    host_resource<InputStream>("input-stream"),
    host_resource<OutputStream>("output-stream"),
    host_resource<IoError>("io-error"),
    host_resource<Pollable>("pollable"),
};

constexpr HostFunction error_functions[] = {host_function<http_error_code_of>("http-error-code")};
constexpr HostFunction handler_functions[] = {host_function<handle>("handle")};

std::vector<HostFunction> all_functions()
{
    std::vector<HostFunction> all(std::begin(error_functions), std::end(error_functions));
    for (const auto part : {http_field_functions, http_body_functions, http_message_functions})
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

} // namespace

const HostInterface http_outgoing_handler = {"wasi:http/outgoing-handler@0.2.12", handler_functions, resources};

const HostInterface& http_types()
{
    static const std::vector<HostFunction> functions = all_functions();
    static const HostInterface interface = {"wasi:http/types@0.2.12", functions, resources};
    return interface;
}

} // namespace trellis::sandbox::preview2
