// The types of wasi:http as C++ types: its variants, and what its resources are to the host.
#pragma once

#include "net/http/message.hpp"
#include "sandbox/wasi/p3/state.hpp"

namespace trellis::sandbox::preview3 {

using wasm::component::Field;
using wasm::component::Variant;

struct DnsErrorPayload {
    std::optional<std::string> rcode;
    std::optional<std::uint16_t> info_code;

    static constexpr std::tuple fields{Field{"rcode", &DnsErrorPayload::rcode},
                                       Field{"info-code", &DnsErrorPayload::info_code}};
};

struct TlsAlertPayload {
    std::optional<std::uint8_t> alert_id;
    std::optional<std::string> alert_message;

    static constexpr std::tuple fields{Field{"alert-id", &TlsAlertPayload::alert_id},
                                       Field{"alert-message", &TlsAlertPayload::alert_message}};
};

struct FieldSizePayload {
    std::optional<std::string> field_name;
    std::optional<std::uint32_t> field_size;

    static constexpr std::tuple fields{Field{"field-name", &FieldSizePayload::field_name},
                                       Field{"field-size", &FieldSizePayload::field_size}};
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

using None = std::monostate;
using HttpError =
    Variant<HttpErrorNames, None, DnsErrorPayload, None, None, None, None, None, None, None, None, None, None, None,
            None, TlsAlertPayload, None, None, std::optional<std::uint64_t>, None, None, None,
            std::optional<std::uint32_t>, std::optional<FieldSizePayload>, std::optional<std::uint32_t>,
            FieldSizePayload, None, std::optional<std::uint32_t>, FieldSizePayload, std::optional<std::uint64_t>,
            std::optional<std::uint32_t>, FieldSizePayload, std::optional<std::string>, std::optional<std::string>,
            None, None, None, None, None, std::optional<std::string>>;

/// Where a case stands.
consteval std::size_t http_case(std::string_view name)
{
    return static_cast<std::size_t>(std::ranges::find(HttpErrorNames::names, name) - HttpErrorNames::names.begin());
}
/// The error of that name, without any more to say.
template <std::size_t which>
HttpError http_error()
{
    HttpError error;
    error.value.template emplace<which>();
    return error;
}

struct MethodNames {
    static constexpr std::array<std::string_view, 10> names = {"get",     "head",    "post",  "put",   "delete",
                                                               "connect", "options", "trace", "patch", "other"};
};
using Method = Variant<MethodNames, None, None, None, None, None, None, None, None, None, std::string>;
/// "GET" and the like. Absent: no token, no method.
std::optional<Method> method_of(std::string_view text);
std::string method_text(const Method& method);

struct SchemeNames {
    static constexpr std::array<std::string_view, 3> names = {"HTTP", "HTTPS", "other"};
};
using Scheme = Variant<SchemeNames, None, None, std::string>;
std::optional<Scheme> scheme_of(std::string_view text);
std::string scheme_text(const Scheme& scheme);

/// Whether it is a target that can be asked for, as far as the grammar says: no spaces, no control characters.
bool is_path_with_query(std::string_view text);
bool is_authority(std::string_view text);

enum class HeaderErrorCode : std::uint8_t { invalid_syntax, forbidden, immutable, size_exceeded, other };
using HeaderError = OrOther<HeaderErrorCode>;

enum class OptionsErrorCode : std::uint8_t { not_supported, immutable, other };
using OptionsError = OrOther<OptionsErrorCode>;

/// Header or trailer fields.
class HttpFields {
public:
    using Value = ByteList;
    using Done = std::expected<void, HeaderError>;

    bool is_immutable = false;

    [[nodiscard]] std::vector<Value> get(std::string_view name) const;
    Done set(const std::string& name, const std::vector<Value>& values);
    Done append(const std::string& name, const Value& value);
    std::expected<std::vector<Value>, HeaderError> take(std::string_view name);
    [[nodiscard]] const std::vector<net::http::Field>& all() const { return all_; }
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
    /// Fields that came over a wire; what belongs to the connection is passed over.
    static std::shared_ptr<HttpFields> received(const net::http::Fields& fields);

private:
    [[nodiscard]] Done may_change(std::string_view name) const;
    Done add(const std::string& name, const Value& value);

    std::vector<net::http::Field> all_;
    std::size_t bytes_ = 0;
};

struct RequestOptions {
    std::optional<std::uint64_t> connect_timeout, first_byte_timeout, between_bytes_timeout; ///< nanoseconds
    bool is_immutable = false;
};

using Sent = std::expected<void, HttpError>;
using TrailersResult = std::expected<std::optional<Own<HttpFields>>, HttpError>;

/// What requests and responses have in common: fields, a body, and how its transmission ended.
class HttpMessage {
public:
    HttpMessage() = default;
    HttpMessage(const HttpMessage&) = delete;
    HttpMessage& operator=(const HttpMessage&) = delete;
    ~HttpMessage();

    std::shared_ptr<HttpFields> headers;
    std::optional<StreamOf<std::uint8_t>> contents; ///< absent: no body
    std::optional<FutureOf<TrailersResult>> trailers;

    /// A future of how it went.
    FutureOf<Sent> promise_outcome(ComponentStore& store);
    Trap settle(Sent outcome);

private:
    std::optional<FutureWriter<Sent>> sent_;
};

struct HttpRequest : HttpMessage {
    Method method;
    std::optional<Scheme> scheme;
    std::optional<std::string> path, authority;
    std::shared_ptr<RequestOptions> options;
};

struct HttpResponse : HttpMessage {
    std::uint16_t status = 200;
};

/// Sends a request, and gives the response as soon as its head has come. On a fiber of the host.
Trap send_request(State& state, ComponentStore& store, std::shared_ptr<HttpRequest> request,
                  std::expected<Own<HttpResponse>, HttpError>& result);

} // namespace trellis::sandbox::preview3

namespace trellis::wasm::component {

template <>
inline constexpr std::array<std::string_view, 5> case_names<sandbox::preview3::HeaderErrorCode> = {
    "invalid-syntax", "forbidden", "immutable", "size-exceeded", "other"};

template <>
inline constexpr std::array<std::string_view, 3> case_names<sandbox::preview3::OptionsErrorCode> = {
    "not-supported", "immutable", "other"};

} // namespace trellis::wasm::component
