// wasi:http: the resources of types, and client.
#include "sandbox/wasi/p3/http_types.hpp"

namespace trellis::sandbox::preview3 {

namespace {

using namespace wasm::component;

using Plain = std::expected<void, std::monostate>;
using FieldList = std::vector<std::tuple<std::string, ByteList>>;
template <class T>
using Timeout = std::optional<std::uint64_t> T::*;

template <class T>
T& object(ComponentStore& store, Borrow<T> self)
{
    return *static_cast<T*>(store.objects.find(self.rep));
}

// fields

Trap make_fields(State&, ComponentStore& store, Own<HttpFields>& result)
{
    result = give_object(store, std::make_shared<HttpFields>());
    return Trap::none;
}

Trap fields_from_list(State&, ComponentStore& store, FieldList entries,
                      std::expected<Own<HttpFields>, HeaderError>& result)
{
    auto fields = std::make_shared<HttpFields>();
    for (const auto& [name, value] : entries)
        if (const auto added = fields->append(name, value); !added) {
            result = std::unexpected(added.error());
            return Trap::none;
        }
    result = give_object(store, std::move(fields));
    return Trap::none;
}

Trap get_field(State&, ComponentStore& store, Borrow<HttpFields> self, std::string name, std::vector<ByteList>& result)
{
    result = object(store, self).get(name);
    return Trap::none;
}

Trap has_field(State&, ComponentStore& store, Borrow<HttpFields> self, std::string name, bool& result)
{
    result = object(store, self).find(name).has_value();
    return Trap::none;
}

Trap set_field(State&, ComponentStore& store, Borrow<HttpFields> self, std::string name, std::vector<ByteList> values,
               HttpFields::Done& result)
{
    result = object(store, self).set(name, values);
    return Trap::none;
}

Trap delete_field(State&, ComponentStore& store, Borrow<HttpFields> self, std::string name, HttpFields::Done& result)
{
    if (const auto taken = object(store, self).take(name); !taken)
        result = std::unexpected(taken.error());
    return Trap::none;
}

Trap get_and_delete_field(State&, ComponentStore& store, Borrow<HttpFields> self, std::string name,
                          std::expected<std::vector<ByteList>, HeaderError>& result)
{
    result = object(store, self).take(name);
    return Trap::none;
}

Trap append_field(State&, ComponentStore& store, Borrow<HttpFields> self, std::string name, ByteList value,
                  HttpFields::Done& result)
{
    result = object(store, self).append(name, value);
    return Trap::none;
}

Trap copy_all_fields(State&, ComponentStore& store, Borrow<HttpFields> self, FieldList& result)
{
    for (const auto& field : object(store, self).all())
        result.emplace_back(field.name, ByteList(field.value.begin(), field.value.end()));
    return Trap::none;
}

template <class T>
Trap clone(State&, ComponentStore& store, Borrow<T> self, Own<T>& result)
{
    auto copy = std::make_shared<T>(object(store, self));
    copy->is_immutable = false;
    result = give_object(store, std::move(copy));
    return Trap::none;
}

// request-options

Trap make_options(State&, ComponentStore& store, Own<RequestOptions>& result)
{
    result = give_object(store, std::make_shared<RequestOptions>());
    return Trap::none;
}

template <Timeout<RequestOptions> timeout>
Trap get_timeout(State&, ComponentStore& store, Borrow<RequestOptions> self, std::optional<std::uint64_t>& result)
{
    result = object(store, self).*timeout;
    return Trap::none;
}

template <Timeout<RequestOptions> timeout>
Trap set_timeout(State&, ComponentStore& store, Borrow<RequestOptions> self, std::optional<std::uint64_t> value,
                 std::expected<void, OptionsError>& result)
{
    if (object(store, self).is_immutable)
        result = std::unexpected(OptionsError(OptionsErrorCode::immutable));
    else
        object(store, self).*timeout = value;
    return Trap::none;
}

// Of requests and responses

void fill_message(HttpMessage& message, std::shared_ptr<HttpFields> headers,
                  std::optional<StreamOf<std::uint8_t>> contents, FutureOf<TrailersResult> trailers)
{
    headers->is_immutable = true;
    message.headers = std::move(headers);
    message.contents = std::move(contents);
    message.trailers = std::move(trailers);
}

template <class T>
Trap get_headers(State&, ComponentStore& store, Borrow<T> self, Own<HttpFields>& result)
{
    result = give_object(store, object(store, self).headers);
    return Trap::none;
}

/// What whoever consumes the body says about it is what whoever made the message hears.
template <class T>
Trap consume_body(State&, ComponentStore& store, Own<T> self, FutureOf<Sent> outcome,
                  std::tuple<StreamOf<std::uint8_t>, FutureOf<TrailersResult>>& result)
{
    const auto message = take_object(store, self);
    std::get<0>(result) = message->contents ? std::move(*message->contents) : empty_stream<std::uint8_t>(store);
    std::get<1>(result) = std::move(*message->trailers);
    const auto reader = std::make_shared<FutureReader<Sent>>(std::move(outcome));
    return spawn(store, [&store, message, reader] {
        std::optional<Sent> value;
        const Trap trap = reader->read(store, value);
        return failed(trap) ? trap : message->settle(value.value_or(Sent()));
    });
}

// request

Trap make_request(State&, ComponentStore& store, Own<HttpFields> headers,
                  std::optional<StreamOf<std::uint8_t>> contents, FutureOf<TrailersResult> trailers,
                  std::optional<Own<RequestOptions>> options, std::tuple<Own<HttpRequest>, FutureOf<Sent>>& result)
{
    auto request = std::make_shared<HttpRequest>();
    fill_message(*request, take_object(store, headers), std::move(contents), std::move(trailers));
    if (options) {
        request->options = take_object(store, *options);
        request->options->is_immutable = true;
    }
    std::get<1>(result) = request->promise_outcome(store);
    std::get<0>(result) = give_object(store, std::move(request));
    return Trap::none;
}

Trap get_method(State&, ComponentStore& store, Borrow<HttpRequest> self, Method& result)
{
    result = object(store, self).method;
    return Trap::none;
}

Trap set_method(State&, ComponentStore& store, Borrow<HttpRequest> self, Method method, Plain& result)
{
    if (auto known = method_of(method_text(method)))
        object(store, self).method = std::move(*known);
    else
        result = std::unexpected(std::monostate());
    return Trap::none;
}

Trap get_path(State&, ComponentStore& store, Borrow<HttpRequest> self, std::optional<std::string>& result)
{
    result = object(store, self).path;
    return Trap::none;
}

Trap set_path(State&, ComponentStore& store, Borrow<HttpRequest> self, std::optional<std::string> path, Plain& result)
{
    if (path && path->empty())
        path = "/";
    if (path && !is_path_with_query(*path))
        result = std::unexpected(std::monostate());
    else
        object(store, self).path = std::move(path);
    return Trap::none;
}

Trap get_scheme(State&, ComponentStore& store, Borrow<HttpRequest> self, std::optional<Scheme>& result)
{
    result = object(store, self).scheme;
    return Trap::none;
}

Trap set_scheme(State&, ComponentStore& store, Borrow<HttpRequest> self, std::optional<Scheme> scheme, Plain& result)
{
    auto known = scheme ? scheme_of(scheme_text(*scheme)) : std::nullopt;
    if (scheme && !known)
        result = std::unexpected(std::monostate());
    else
        object(store, self).scheme = std::move(known);
    return Trap::none;
}

Trap get_authority(State&, ComponentStore& store, Borrow<HttpRequest> self, std::optional<std::string>& result)
{
    result = object(store, self).authority;
    return Trap::none;
}

Trap set_authority(State&, ComponentStore& store, Borrow<HttpRequest> self, std::optional<std::string> authority,
                   Plain& result)
{
    if (authority && !is_authority(*authority))
        result = std::unexpected(std::monostate());
    else
        object(store, self).authority = std::move(authority);
    return Trap::none;
}

Trap get_options(State&, ComponentStore& store, Borrow<HttpRequest> self, std::optional<Own<RequestOptions>>& result)
{
    if (const auto& options = object(store, self).options)
        result = give_object(store, options);
    return Trap::none;
}

// response

Trap make_response(State&, ComponentStore& store, Own<HttpFields> headers,
                   std::optional<StreamOf<std::uint8_t>> contents, FutureOf<TrailersResult> trailers,
                   std::tuple<Own<HttpResponse>, FutureOf<Sent>>& result)
{
    auto response = std::make_shared<HttpResponse>();
    fill_message(*response, take_object(store, headers), std::move(contents), std::move(trailers));
    std::get<1>(result) = response->promise_outcome(store);
    std::get<0>(result) = give_object(store, std::move(response));
    return Trap::none;
}

Trap get_status_code(State&, ComponentStore& store, Borrow<HttpResponse> self, std::uint16_t& result)
{
    result = object(store, self).status;
    return Trap::none;
}

Trap set_status_code(State&, ComponentStore& store, Borrow<HttpResponse> self, std::uint16_t status, Plain& result)
{
    if (status < 100 || status > 599)
        result = std::unexpected(std::monostate());
    else
        object(store, self).status = status;
    return Trap::none;
}

// client

Trap send(State& state, ComponentStore& store, Own<HttpRequest> request,
          std::expected<Own<HttpResponse>, HttpError>& result)
{
    return send_request(state, store, take_object(store, request), result);
}

constexpr std::array functions = {
    host_function<make_fields>("[constructor]fields"),
    host_function<fields_from_list>("[static]fields.from-list"),
    host_function<get_field>("[method]fields.get"),
    host_function<has_field>("[method]fields.has"),
    host_function<set_field>("[method]fields.set"),
    host_function<delete_field>("[method]fields.delete"),
    host_function<get_and_delete_field>("[method]fields.get-and-delete"),
    host_function<append_field>("[method]fields.append"),
    host_function<copy_all_fields>("[method]fields.copy-all"),
    host_function<clone<HttpFields>>("[method]fields.clone"),
    host_function<make_request>("[static]request.new"),
    host_function<get_method>("[method]request.get-method"),
    host_function<set_method>("[method]request.set-method"),
    host_function<get_path>("[method]request.get-path-with-query"),
    host_function<set_path>("[method]request.set-path-with-query"),
    host_function<get_scheme>("[method]request.get-scheme"),
    host_function<set_scheme>("[method]request.set-scheme"),
    host_function<get_authority>("[method]request.get-authority"),
    host_function<set_authority>("[method]request.set-authority"),
    host_function<get_options>("[method]request.get-options"),
    host_function<get_headers<HttpRequest>>("[method]request.get-headers"),
    host_function<consume_body<HttpRequest>>("[static]request.consume-body"),
    host_function<make_options>("[constructor]request-options"),
    host_function<get_timeout<&RequestOptions::connect_timeout>>("[method]request-options.get-connect-timeout"),
    host_function<set_timeout<&RequestOptions::connect_timeout>>("[method]request-options.set-connect-timeout"),
    host_function<get_timeout<&RequestOptions::first_byte_timeout>>("[method]request-options.get-first-byte-timeout"),
    host_function<set_timeout<&RequestOptions::first_byte_timeout>>("[method]request-options.set-first-byte-timeout"),
    host_function<get_timeout<&RequestOptions::between_bytes_timeout>>(
        "[method]request-options.get-between-bytes-timeout"),
    host_function<set_timeout<&RequestOptions::between_bytes_timeout>>(
        "[method]request-options.set-between-bytes-timeout"),
    host_function<clone<RequestOptions>>("[method]request-options.clone"),
    host_function<make_response>("[static]response.new"),
    host_function<get_status_code>("[method]response.get-status-code"),
    host_function<set_status_code>("[method]response.set-status-code"),
    host_function<get_headers<HttpResponse>>("[method]response.get-headers"),
    host_function<consume_body<HttpResponse>>("[static]response.consume-body"),
};
constexpr std::array resources = {
    host_resource<HttpFields>("fields"),
    host_resource<HttpFields>("headers"), // other names of the same
    host_resource<HttpFields>("trailers"),
    host_resource<HttpRequest>("request"),
    host_resource<RequestOptions>("request-options"),
    host_resource<HttpResponse>("response"),
};
constexpr std::array client_functions = {async_host_function<send>("send")};

constexpr std::array interfaces = {
    HostInterface{"wasi:http/types@0.3.0", functions, resources},
    HostInterface{"wasi:http/client@0.3.0", client_functions, resources},
};

} // namespace

std::span<const HostInterface> http_interfaces()
{
    return interfaces;
}

} // namespace trellis::sandbox::preview3
