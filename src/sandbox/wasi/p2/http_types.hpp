// The types of wasi:http/types, in the words of the interface, and the resources behind its handles. Messages are kept
// as net/http has them. One thread at a time, the store's.
#pragma once

#include "net/http/client.hpp"
#include "sandbox/http/outbound.hpp"
#include "sandbox/http/service.hpp"
#include "sandbox/wasi/p2/guest.hpp"

namespace trellis::sandbox::preview2 {

struct MethodNames {
    static constexpr std::array<std::string_view, 10> names = {"get",     "head",    "post",  "put",   "delete",
                                                               "connect", "options", "trace", "patch", "other"};
};
using HttpMethod = Variant<MethodNames, std::monostate, std::monostate, std::monostate, std::monostate, std::monostate,
                           std::monostate, std::monostate, std::monostate, std::monostate, std::string>;

struct SchemeNames {
    static constexpr std::array<std::string_view, 3> names = {"HTTP", "HTTPS", "other"};
};
using HttpScheme = Variant<SchemeNames, std::monostate, std::monostate, std::string>;

struct DnsErrorPayload {
    std::optional<std::string> rcode = {};
    std::optional<std::uint16_t> info_code = {};

    static constexpr auto fields = std::tuple{wasm::component::Field{"rcode", &DnsErrorPayload::rcode},
                                              wasm::component::Field{"info-code", &DnsErrorPayload::info_code}};
};
struct TlsAlertPayload {
    std::optional<std::uint8_t> alert_id = {};
    std::optional<std::string> alert_message = {};

    static constexpr auto fields = std::tuple{wasm::component::Field{"alert-id", &TlsAlertPayload::alert_id},
                                              wasm::component::Field{"alert-message", &TlsAlertPayload::alert_message}};
};
struct FieldSizePayload {
    std::optional<std::string> field_name = {};
    std::optional<std::uint32_t> field_size = {};

    static constexpr auto fields = std::tuple{wasm::component::Field{"field-name", &FieldSizePayload::field_name},
                                              wasm::component::Field{"field-size", &FieldSizePayload::field_size}};
};

struct HttpErrorNames {
    static constexpr std::array<std::string_view, 39> names = {
        "DNS-timeout",
        "DNS-error",
        "destination-not-found",
        "destination-unavailable",
        "destination-IP-prohibited",
        "destination-IP-unroutable",
        "connection-refused",
        "connection-terminated",
        "connection-timeout",
        "connection-read-timeout",
        "connection-write-timeout",
        "connection-limit-reached",
        "TLS-protocol-error",
        "TLS-certificate-error",
        "TLS-alert-received",
        "HTTP-request-denied",
        "HTTP-request-length-required",
        "HTTP-request-body-size",
        "HTTP-request-method-invalid",
        "HTTP-request-URI-invalid",
        "HTTP-request-URI-too-long",
        "HTTP-request-header-section-size",
        "HTTP-request-header-size",
        "HTTP-request-trailer-section-size",
        "HTTP-request-trailer-size",
        "HTTP-response-incomplete",
        "HTTP-response-header-section-size",
        "HTTP-response-header-size",
        "HTTP-response-body-size",
        "HTTP-response-trailer-section-size",
        "HTTP-response-trailer-size",
        "HTTP-response-transfer-coding",
        "HTTP-response-content-coding",
        "HTTP-response-timeout",
        "HTTP-upgrade-failed",
        "HTTP-protocol-error",
        "loop-detected",
        "configuration-error",
        "internal-error",
    };
};
using MaybeU32 = std::optional<std::uint32_t>;
using MaybeU64 = std::optional<std::uint64_t>;
using MaybeText = std::optional<std::string>;
using HttpErrorCode =
    Variant<HttpErrorNames, std::monostate, DnsErrorPayload, std::monostate, std::monostate, std::monostate,
            std::monostate, std::monostate, std::monostate, std::monostate, std::monostate, std::monostate,
            std::monostate, std::monostate, std::monostate, TlsAlertPayload, std::monostate, std::monostate, MaybeU64,
            std::monostate, std::monostate, std::monostate, MaybeU32, std::optional<FieldSizePayload>, MaybeU32,
            FieldSizePayload, std::monostate, MaybeU32, FieldSizePayload, MaybeU64, MaybeU32, FieldSizePayload,
            MaybeText, MaybeText, std::monostate, std::monostate, std::monostate, std::monostate, std::monostate,
            MaybeText>;

/// Positions of the cases that the host gives itself.
namespace http_error {
constexpr std::size_t connection_limit_reached = 11, request_denied = 15, request_body_size = 17,
                      request_method_invalid = 18, request_uri_invalid = 19, response_body_size = 28,
                      protocol_error = 35, internal_error = 38;
}

template <std::size_t which, class... Payload>
HttpErrorCode http_error_code(Payload... payload)
{
    HttpErrorCode code;
    code.value.emplace<which>(std::move(payload)...);
    return code;
}

/// The case that a failure of the client means.
HttpErrorCode http_error_code_of(net::http::ClientFault fault);

// Errors of HTTP in a stream are numbers beyond the system's.
constexpr int first_http_failure = 1 << 20;
inline std::unexpected<SystemError> http_failure(net::http::ClientFault fault)
{
    return failure(first_http_failure + static_cast<int>(fault));
}
constexpr int http_body_too_large = first_http_failure - 1;
/// Absent: it is none of HTTP.
std::optional<HttpErrorCode> http_error_code_of(SystemError error);

struct HeaderErrorNames {
    static constexpr std::array<std::string_view, 3> names = {"invalid-syntax", "forbidden", "immutable"};
};
using HeaderError = Variant<HeaderErrorNames, std::monostate, std::monostate, std::monostate>;

using Unit = std::expected<void, std::monostate>;
template <class T>
using OrNothing = std::expected<T, std::monostate>;
template <class T = void>
using HttpResult = std::expected<T, HttpErrorCode>;

// Resources

/// The resource fields.
struct HttpFields {
    net::http::Fields all = {};
    bool immutable = false;
    std::size_t bytes = 0; ///< of names and values

    /// What a guest may look at.
    static std::shared_ptr<HttpFields> copy_of(const net::http::Fields& fields);
};

/// A body that a guest writes: kept until somebody takes it, then handed on as it comes.
struct BodyInTheMaking {
    enum class End : std::uint8_t { open, finished, abandoned };

    std::vector<std::byte> kept = {};
    std::shared_ptr<HttpAnswer> answer = {};     ///< where it goes; null: nowhere yet
    std::optional<std::uint64_t> announced = {}; ///< by Content-Length
    std::uint64_t written = 0;
    net::http::Fields trailers = {}; ///< once it is finished
    End end = End::open;
    bool was_asked_for = false;
};

/// The resource outgoing-body.
struct OutgoingBody {
    explicit OutgoingBody(std::shared_ptr<BodyInTheMaking> body_made) : body(std::move(body_made)) {}
    /// Without finish it is cut.
    ~OutgoingBody();
    OutgoingBody(const OutgoingBody&) = delete;
    OutgoingBody& operator=(const OutgoingBody&) = delete;

    std::shared_ptr<BodyInTheMaking> body;
    bool gave_stream = false;
};

/// Asked once a body was read to its end.
using AskTrailers = std::function<HttpResult<net::http::Fields>()>;

/// A body that a guest reads.
struct BodyToRead {
    std::shared_ptr<InputStream> stream = {}; ///< null: consumed
    AskTrailers trailers = {};                ///< may be empty
};

/// The resource incoming-body.
struct IncomingBody {
    BodyToRead body;
    bool gave_stream = false;
};

/// The resource future-trailers: what the guest has not read of the body is passed over.
struct FutureTrailers {
    using Result = HttpResult<net::http::Fields>;

    explicit FutureTrailers(BodyToRead body_read) : body(std::move(body_read)) {}
    /// Whether they are there, by now. Errors: guest_trapped.
    Outcome<bool> advance(Wait& wait);

    BodyToRead body;
    std::optional<Result> result = {};
    bool was_taken = false;
};

struct IncomingRequest {
    HttpMethod method = {};
    std::optional<std::string> path_with_query = {};
    std::optional<HttpScheme> scheme = {};
    std::optional<std::string> authority = {};
    net::http::Fields fields = {};
    BodyToRead body = {};
};

struct ResponseOutparam {
    explicit ResponseOutparam(std::shared_ptr<HttpAnswer> to) : answer(std::move(to)) {}
    std::shared_ptr<HttpAnswer> answer;
};

struct OutgoingRequest {
    HttpMethod method = {};
    std::optional<std::string> path_with_query = {};
    std::optional<HttpScheme> scheme = {};
    std::optional<std::string> authority = {};
    net::http::Fields fields = {};
    std::shared_ptr<BodyInTheMaking> body = {};
};

struct OutgoingResponse {
    std::uint16_t status = 200;
    net::http::Fields fields = {};
    std::shared_ptr<BodyInTheMaking> body = {};
};

/// Nanoseconds.
struct RequestOptions {
    std::optional<std::uint64_t> connect = {}, first_byte = {}, between_bytes = {};
};

struct IncomingResponse {
    std::uint16_t status = 0;
    net::http::Fields fields = {};
    BodyToRead body = {};
};

/// A request under way: it is sent when somebody waits for the answer and its body is complete.
struct FutureIncomingResponse {
    using Answer = HttpResult<std::shared_ptr<IncomingResponse>>;

    std::shared_ptr<BodyInTheMaking> body;
    std::function<Answer()> send;
    std::optional<Answer> answer = {};
    bool was_taken = false;

    /// Whether the answer is there, by now.
    bool advance();
};

/// "GET"
std::string method_text(const HttpMethod& method);
HttpMethod method_of(std::string_view text);
std::shared_ptr<BodyInTheMaking> new_body(const net::http::Fields& fields);

} // namespace trellis::sandbox::preview2
