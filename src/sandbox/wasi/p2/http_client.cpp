// wasi:http: outgoing-handler. Who may be asked is the host's HttpPolicy, as for the other ways to ask over HTTP.
#include "base/format.hpp"
#include "sandbox/wasi/p2/http_functions.hpp"
#include "sandbox/wasi/p2/http_types.hpp"
#include "sandbox/wasi/p2/interfaces.hpp"

#include <algorithm>

namespace trellis::sandbox::preview2 {
namespace {

using net::http::ClientFault;
using net::http::ClientRequest;
using net::http::ClientResponse;
using net::http::ClientResult;
using net::http::Fields;
using Answer = FutureIncomingResponse::Answer;

std::unexpected<HttpErrorCode> error(HttpErrorCode code)
{
    return std::unexpected(std::move(code));
}

/// What may suspend the fiber, and has a result.
template <class T>
ClientResult<T> outside(const HttpSurroundings& surroundings, const std::function<ClientResult<T>()>& work)
{
    if (!surroundings.outside)
        return work();
    std::optional<ClientResult<T>> result;
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

    [[nodiscard]] ErrorOrigin origin() const override { return ErrorOrigin::http; }
    /// Of a body that was read to its end.
    [[nodiscard]] HttpResult<Fields> trailers() const
    {
        if (failure_)
            return error(http_error_code_of(failure_->error()).value_or(HttpErrorCode()));
        return response_->trailers();
    }

private:
    Outcome<std::size_t> try_read(std::span<std::byte> to, Wait&) override
    {
        const auto count = outside<std::size_t>(surroundings_, [&] { return response_->read(to); });
        if (!count)
            return *(failure_ = http_failure(count.error().fault));
        if (*count > left_)
            return *(failure_ = failure(http_body_too_large));
        left_ -= *count;
        return *count;
    }
    [[nodiscard]] Need readable() const override { return Need::nothing(); }

    const HttpSurroundings& surroundings_;
    std::unique_ptr<ClientResponse> response_;
    std::uint64_t left_;
    std::shared_ptr<OpenAnswer> open_;
    std::optional<std::unexpected<SystemError>> failure_;
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

HttpErrorCode error_of(const net::http::ClientError& error)
{
    HttpErrorCode code = http_error_code_of(error.fault);
    if (auto* const dns = std::get_if<1>(&code.value))
        dns->rcode = error.message;
    if (auto* const internal = std::get_if<http_error::internal_error>(&code.value))
        *internal = error.message;
    return code;
}

/// What a guest has finished, with trailers: that needs chunks.
net::http::ClientBody with_trailers(std::shared_ptr<BodyInTheMaking> body)
{
    const auto at = std::make_shared<std::size_t>(0);
    return {.pull = [body, at](std::span<std::byte> to) -> Result<std::size_t> {
                const auto piece = std::span(body->kept).subspan(*at);
                const auto count = std::min(piece.size(), to.size());
                std::ranges::copy(piece.first(count), to.begin());
                *at += count;
                return count;
            },
            .trailers = [body] { return body->trailers; }};
}

std::optional<std::chrono::nanoseconds> time_of(std::optional<std::uint64_t> nanoseconds)
{
    constexpr auto most = static_cast<std::uint64_t>(std::chrono::nanoseconds::max().count());
    if (!nanoseconds)
        return std::nullopt;
    return std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(*nanoseconds, most)));
}

/// One request, from when it was handed over until its answer.
class Sending {
public:
    Sending(const HttpClientOfGuest& http, Url url, std::shared_ptr<OutgoingRequest> request, RequestOptions options)
        : http_(http), url_(std::move(url)), request_(std::move(request)), options_(options)
    {
    }

    Answer send()
    {
        if (*http_.open >= http_.policy->max_concurrent)
            return error(http_error_code<http_error::connection_limit_reached>());
        auto open = std::make_shared<OpenAnswer>(http_.open);
        const ClientRequest request = make();
        auto response = outside<std::unique_ptr<ClientResponse>>(
            *http_.surroundings, [&] { return http_.surroundings->client.send(request); });
        if (!response)
            return error(error_of(response.error()));
        auto incoming = std::make_shared<IncomingResponse>();
        incoming->status = static_cast<std::uint16_t>((*response)->head().status);
        incoming->fields = (*response)->head().fields;
        const auto input = std::make_shared<AnswerInput>(*http_.surroundings, std::move(*response),
                                                         http_.policy->response_bytes, std::move(open));
        incoming->body = {.stream = input, .trailers = [input] { return input->trailers(); }};
        return incoming;
    }

private:
    ClientRequest make()
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
                                 .timeouts = {.connect = time_of(options_.connect),
                                              .first_byte = time_of(options_.first_byte),
                                              .between_bytes = time_of(options_.between_bytes)},
                                 .deadline = std::min(own, http_.surroundings->deadline.value_or(own)),
                                 .cancellation = http_.surroundings->cancellation,
                                 .may_connect = [this](const net::IpAddress& address) {
                                     return http_.policy->allowed.allows_address(url_.origin, address);
                                 }};
        request.fields.remove("content-length"); // which the client adds; it is that of the body
        if (!request_->body->trailers.all().empty() && !request_->body->announced)
            request.streamed = with_trailers(request_->body);
        return request;
    }

    const HttpClientOfGuest& http_;
    Url url_;
    std::shared_ptr<OutgoingRequest> request_;
    RequestOptions options_;
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
    const RequestOptions chosen = options ? *take(store, *options) : RequestOptions();
    auto request = take(store, given);
    auto url = allowed_url(guest, *request);
    if (!url) {
        result = error(url.error());
        return Trap::none;
    }
    auto sending = std::make_shared<Sending>(guest.http, std::move(*url), request, chosen);
    auto future = std::make_shared<FutureIncomingResponse>();
    future->body = request->body;
    future->send = [sending] { return sending->send(); };
    result = give(store, std::move(future));
    return Trap::none;
}

/// What failed in a body, if that is what the error is about.
Trap get_http_error_code(Guest&, ComponentStore& store, Borrow<IoError> self, std::optional<HttpErrorCode>& result)
{
    const IoError& error = object(store, self);
    result = error.origin == ErrorOrigin::http ? http_error_code_of(error.error) : std::nullopt;
    return Trap::none;
}

/// In the order of ClientFault.
constexpr std::array<std::string_view, 18> fault_cases = {"DNS-error",
                                                          "DNS-timeout",
                                                          "destination-IP-prohibited",
                                                          "destination-IP-unroutable",
                                                          "connection-refused",
                                                          "connection-timeout",
                                                          "TLS-certificate-error",
                                                          "TLS-protocol-error",
                                                          "connection-terminated",
                                                          "connection-read-timeout",
                                                          "connection-write-timeout",
                                                          "HTTP-response-timeout",
                                                          "HTTP-request-body-size",
                                                          "HTTP-response-header-section-size",
                                                          "HTTP-response-trailer-section-size",
                                                          "HTTP-protocol-error",
                                                          "HTTP-response-incomplete",
                                                          "internal-error"};
static_assert(fault_cases.size() == static_cast<std::size_t>(ClientFault::other) + 1);

template <std::size_t... which>
HttpErrorCode case_at(std::size_t wanted, std::index_sequence<which...>)
{
    HttpErrorCode code;
    (void)((which == wanted && (code.value.emplace<which>(), true)) || ...);
    return code;
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

constexpr HostFunction error_functions[] = {host_function<get_http_error_code>("http-error-code")};
constexpr HostFunction handler_functions[] = {host_function<handle>("handle")};

std::vector<HostFunction> all_functions()
{
    std::vector<HostFunction> all(std::begin(error_functions), std::end(error_functions));
    for (const auto part : {http_field_functions, http_body_functions, http_message_functions})
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

} // namespace

HttpErrorCode http_error_code_of(ClientFault fault)
{
    const auto& names = HttpErrorNames::names;
    const auto found = std::ranges::find(names, fault_cases[static_cast<std::size_t>(fault)]);
    return case_at(static_cast<std::size_t>(found - names.begin()), std::make_index_sequence<names.size()>());
}

std::optional<HttpErrorCode> http_error_code_of(SystemError error)
{
    const int number = static_cast<int>(error);
    if (number == http_body_too_large)
        return http_error_code<http_error::response_body_size>();
    if (number < first_http_failure || number >= first_http_failure + std::ssize(fault_cases))
        return std::nullopt;
    return http_error_code_of(static_cast<ClientFault>(number - first_http_failure));
}

const HostInterface http_outgoing_handler = {"wasi:http/outgoing-handler@0.2.12", handler_functions, resources};

const HostInterface& http_types()
{
    static const std::vector<HostFunction> functions = all_functions();
    static const HostInterface interface = {"wasi:http/types@0.2.12", functions, resources};
    return interface;
}

} // namespace trellis::sandbox::preview2
