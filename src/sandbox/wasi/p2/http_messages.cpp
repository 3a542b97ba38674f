// wasi:http/types: requests, responses, options, and the future of a response.
#include "sandbox/wasi/p2/http_functions.hpp"
#include "sandbox/wasi/p2/http_types.hpp"

#include <algorithm>

namespace trellis::sandbox::preview2 {
namespace {

constexpr std::array<std::string_view, 9> method_texts = {"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                                          "CONNECT", "OPTIONS", "TRACE", "PATCH"};

const std::unexpected<std::monostate> refused{std::monostate()};

/// Visible characters, of which no part of an address has others; '#' begins what is never sent.
bool is_uri_text(std::string_view text)
{
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f' && c != '#'; });
}

bool is_scheme(std::string_view text)
{
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-' ||
               c == '.';
    });
}

// What several resources have

template <class Resource, auto member>
Trap get_member(Guest&, ComponentStore& store, Borrow<Resource> self,
                std::remove_reference_t<decltype(std::declval<Resource>().*member)>& result)
{
    result = object(store, self).*member;
    return Trap::none;
}

template <class Resource>
Trap headers(Guest&, ComponentStore& store, Borrow<Resource> self, Own<HttpFields>& result)
{
    result = give(store, HttpFields::copy_of(object(store, self).fields));
    return Trap::none;
}

template <class Resource>
Trap consume(Guest&, ComponentStore& store, Borrow<Resource> self, OrNothing<Own<IncomingBody>>& result)
{
    Resource& message = object(store, self);
    if (message.body.stream)
        result = give(store, std::make_shared<IncomingBody>(std::exchange(message.body, {})));
    else
        result = refused;
    return Trap::none;
}

/// With fields that the guest has not any more.
template <class Resource>
Trap make_outgoing(Guest&, ComponentStore& store, Own<HttpFields> given, Own<Resource>& result)
{
    auto message = std::make_shared<Resource>();
    message->fields = take(store, given)->all;
    message->body = new_body(message->fields);
    result = give(store, std::move(message));
    return Trap::none;
}

template <class Resource>
Trap outgoing_body(Guest&, ComponentStore& store, Borrow<Resource> self, OrNothing<Own<OutgoingBody>>& result)
{
    Resource& message = object(store, self);
    if (std::exchange(message.body->was_asked_for, true))
        result = refused;
    else
        result = give(store, std::make_shared<OutgoingBody>(message.body));
    return Trap::none;
}

// outgoing-request, outgoing-response

Trap set_method(Guest&, ComponentStore& store, Borrow<OutgoingRequest> self, HttpMethod method, Unit& result)
{
    if (net::http::is_field_name(method_text(method)))
        object(store, self).method = std::move(method);
    else
        result = refused;
    return Trap::none;
}

Trap set_path(Guest&, ComponentStore& store, Borrow<OutgoingRequest> self, std::optional<std::string> path,
              Unit& result)
{
    if (is_uri_text(path.value_or("")))
        object(store, self).path_with_query = std::move(path);
    else
        result = refused;
    return Trap::none;
}

Trap set_scheme(Guest&, ComponentStore& store, Borrow<OutgoingRequest> self, std::optional<HttpScheme> scheme,
                Unit& result)
{
    const auto* const other = scheme ? std::get_if<2>(&scheme->value) : nullptr;
    if (!other || is_scheme(*other))
        object(store, self).scheme = std::move(scheme);
    else
        result = refused;
    return Trap::none;
}

Trap set_authority(Guest&, ComponentStore& store, Borrow<OutgoingRequest> self, std::optional<std::string> authority,
                   Unit& result)
{
    const bool is_one = !authority || parse_url("http://" + *authority + "/").has_value();
    if (is_one && is_uri_text(authority.value_or("")))
        object(store, self).authority = std::move(authority);
    else
        result = refused;
    return Trap::none;
}

Trap set_status(Guest&, ComponentStore& store, Borrow<OutgoingResponse> self, std::uint16_t status, Unit& result)
{
    if (status >= 100 && status <= 999)
        object(store, self).status = status;
    else
        result = refused;
    return Trap::none;
}

// request-options

Trap make_options(Guest&, ComponentStore& store, Own<RequestOptions>& result)
{
    result = give(store, std::make_shared<RequestOptions>());
    return Trap::none;
}

template <auto member>
Trap set_option(Guest&, ComponentStore& store, Borrow<RequestOptions> self, std::optional<std::uint64_t> value, Unit&)
{
    object(store, self).*member = value;
    return Trap::none;
}

// response-outparam

using GivenResponse = std::expected<Own<OutgoingResponse>, HttpErrorCode>;

/// The head, and what there is of the body.
Outcome<> begin_answer(HttpAnswer& answer, const OutgoingResponse& response, Wait& wait)
{
    net::http::ResponseHead head = {.status = response.status, .fields = response.fields};
    head.content_length = response.body->announced;
    head.fields.remove("content-length");
    TRELLIS_TRY(answer.begin(head, wait));
    if (!response.body->kept.empty())
        TRELLIS_TRY(answer.write(response.body->kept, wait));
    const bool is_complete = !response.body->was_asked_for || response.body->end == BodyInTheMaking::End::finished;
    return is_complete ? answer.end(response.body->trailers, wait) : Outcome<>();
}

Trap set_response(Guest& guest, ComponentStore& store, Own<ResponseOutparam> param, GivenResponse given)
{
    const auto outparam = take(store, param);
    auto answer = std::exchange(outparam->answer, nullptr);
    if (!given) {
        answer->fail(HttpErrorNames::names[given.error().value.index()]);
        return Trap::none;
    }
    const auto response = take(store, *given);
    Wait wait = wait_of(guest, store);
    const auto begun = begin_answer(*answer, *response, wait);
    if (!begun && begun.error() == SystemError::guest_trapped)
        return wait.trap;
    response->body->kept.clear();
    if (response->body->end == BodyInTheMaking::End::abandoned)
        answer->fail("the guest left the body of its response unfinished");
    else
        response->body->answer = std::move(answer);
    return Trap::none;
}

// future-incoming-response

Trap subscribe_response(Guest&, ComponentStore& store, Borrow<FutureIncomingResponse> self, Own<Pollable>& result)
{
    result = give_pollable(
        store, [future = share(store, self)](Wait&) { return future->advance() ? Need::nothing() : Need(); });
    return Trap::none;
}

using Response = std::optional<OrNothing<HttpResult<Own<IncomingResponse>>>>;

Trap get_response(Guest&, ComponentStore& store, Borrow<FutureIncomingResponse> self, Response& result)
{
    FutureIncomingResponse& future = object(store, self);
    if (!future.advance())
        return Trap::none;
    if (std::exchange(future.was_taken, true))
        result.emplace(refused);
    else if (*future.answer)
        result.emplace(give(store, **future.answer));
    else
        result.emplace(HttpResult<Own<IncomingResponse>>(std::unexpected(future.answer->error())));
    return Trap::none;
}

template <class Resource, auto member>
constexpr HostFunction getter(std::string_view name)
{
    return host_function<get_member<Resource, member>>(name);
}

using In = IncomingRequest;
using Out_ = OutgoingRequest;
using Options = RequestOptions;

constexpr HostFunction functions[] = {
    getter<In, &In::method>("[method]incoming-request.method"),
    getter<In, &In::path_with_query>("[method]incoming-request.path-with-query"),
    getter<In, &In::scheme>("[method]incoming-request.scheme"),
    getter<In, &In::authority>("[method]incoming-request.authority"),
    host_function<headers<In>>("[method]incoming-request.headers"),
    host_function<consume<In>>("[method]incoming-request.consume"),
    host_function<make_outgoing<Out_>>("[constructor]outgoing-request"),
    host_function<outgoing_body<Out_>>("[method]outgoing-request.body"),
    getter<Out_, &Out_::method>("[method]outgoing-request.method"),
    host_function<set_method>("[method]outgoing-request.set-method"),
    getter<Out_, &Out_::path_with_query>("[method]outgoing-request.path-with-query"),
    host_function<set_path>("[method]outgoing-request.set-path-with-query"),
    getter<Out_, &Out_::scheme>("[method]outgoing-request.scheme"),
    host_function<set_scheme>("[method]outgoing-request.set-scheme"),
    getter<Out_, &Out_::authority>("[method]outgoing-request.authority"),
    host_function<set_authority>("[method]outgoing-request.set-authority"),
    host_function<headers<Out_>>("[method]outgoing-request.headers"),
    host_function<make_options>("[constructor]request-options"),
    getter<Options, &Options::connect>("[method]request-options.connect-timeout"),
    host_function<set_option<&Options::connect>>("[method]request-options.set-connect-timeout"),
    getter<Options, &Options::first_byte>("[method]request-options.first-byte-timeout"),
    host_function<set_option<&Options::first_byte>>("[method]request-options.set-first-byte-timeout"),
    getter<Options, &Options::between_bytes>("[method]request-options.between-bytes-timeout"),
    host_function<set_option<&Options::between_bytes>>("[method]request-options.set-between-bytes-timeout"),
    host_function<set_response>("[static]response-outparam.set"),
    getter<IncomingResponse, &IncomingResponse::status>("[method]incoming-response.status"),
    host_function<headers<IncomingResponse>>("[method]incoming-response.headers"),
    host_function<consume<IncomingResponse>>("[method]incoming-response.consume"),
    host_function<make_outgoing<OutgoingResponse>>("[constructor]outgoing-response"),
    getter<OutgoingResponse, &OutgoingResponse::status>("[method]outgoing-response.status-code"),
    host_function<set_status>("[method]outgoing-response.set-status-code"),
    host_function<headers<OutgoingResponse>>("[method]outgoing-response.headers"),
    host_function<outgoing_body<OutgoingResponse>>("[method]outgoing-response.body"),
    host_function<subscribe_response>("[method]future-incoming-response.subscribe"),
    host_function<get_response>("[method]future-incoming-response.get"),
};

} // namespace

const std::span<const HostFunction> http_message_functions = functions;

std::string method_text(const HttpMethod& method)
{
    const std::size_t which = method.value.index();
    return which < method_texts.size() ? std::string(method_texts[which]) : std::get<9>(method.value);
}

namespace {
template <std::size_t... which>
HttpMethod known_method(std::size_t wanted, std::index_sequence<which...>)
{
    HttpMethod method;
    (void)((which == wanted && (method.value.emplace<which>(), true)) || ...);
    return method;
}
} // namespace

HttpMethod method_of(std::string_view text)
{
    const auto found = static_cast<std::size_t>(std::ranges::find(method_texts, text) - method_texts.begin());
    HttpMethod method;
    if (found == method_texts.size())
        method.value.emplace<9>(text);
    else
        method = known_method(found, std::make_index_sequence<method_texts.size()>());
    return method;
}

bool FutureIncomingResponse::advance()
{
    if (answer)
        return true;
    if (body->end == BodyInTheMaking::End::open && body->was_asked_for)
        return false;
    if (body->end == BodyInTheMaking::End::abandoned)
        answer.emplace(std::unexpected(http_error_code<http_error::protocol_error>()));
    else
        answer.emplace(send());
    send = {};
    return true;
}

} // namespace trellis::sandbox::preview2
