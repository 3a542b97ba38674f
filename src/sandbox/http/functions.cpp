#include "sandbox/http/functions.hpp"

#include "base/format.hpp"
#include "sandbox/http/header_text.hpp"
#include "wasm/binary/cursor.hpp"

#include <algorithm>
#include <array>

namespace trellis::sandbox::experimental_http {

namespace {

using net::http::ClientRequest;
using net::http::ClientResponse;
using net::http::Fields;
using net::http::same_name;

/// Fields that speak of the connection, which is ours: a guest's are left out.
constexpr std::array<std::string_view, 8> fields_of_the_connection = {
    "connection", "expect", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
};

std::unexpected<HttpError> failed(HttpError error)
{
    return std::unexpected(error);
}

std::unexpected<HttpError> failed(Call& call, HttpError error, const std::string& reason)
{
    if (call.state.surroundings.report)
        call.state.surroundings.report(reason);
    return failed(error);
}

Answer<std::string_view> text_of(const Input& input)
{
    const std::string_view text = input.text();
    if (!wasm::is_utf8({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}))
        return failed(HttpError::utf8_error);
    return text;
}

/// What may suspend the fiber, and has a result.
template <class T>
Result<T> outside(Call& call, const std::function<Result<T>()>& work)
{
    const auto& outside_of_the_guest = call.state.surroundings.outside;
    if (!outside_of_the_guest)
        return work();
    std::optional<Result<T>> result;
    outside_of_the_guest([&] { result = work(); });
    return std::move(*result);
}

Answer<Url> allowed_url(Call& call, const Input& input)
{
    auto url = parse_url(TRELLIS_TRY(text_of(input)));
    if (!url)
        return failed(call, HttpError::invalid_url, url.error().message);
    if (!call.state.policy->allowed.allows(url->origin))
        return failed(call, HttpError::destination_not_allowed,
                      format("{} is not among the allowed hosts", url->origin.text()));
    return std::move(*url);
}

/// CONNECT is no request but asks for a tunnel.
Answer<std::string> allowed_method(const Input& input)
{
    const auto method = TRELLIS_TRY(text_of(input));
    if (!net::http::is_field_name(method) || same_name(method, "CONNECT"))
        return failed(HttpError::invalid_method);
    return std::string(method);
}

/// The guest's fields without those that we add. A Host of its own choice could lead past the list of allowed ones to
/// another one at the same address, and a length of its own choice to a second request.
Answer<Fields> allowed_fields(Call& call, const Input& input, const Origin& origin, std::size_t body_size)
{
    const auto fields = read_header_text(TRELLIS_TRY(text_of(input)));
    if (!fields)
        return failed(call, HttpError::invalid_encoding, fields.error().message);
    Fields kept;
    for (const auto& [name, value] : fields->all()) {
        if (same_name(name, "host")) {
            if (!same_name(value, origin.authority()))
                return failed(call, HttpError::destination_not_allowed, format("Host: {} differs from the URL", value));
        } else if (same_name(name, "content-length")) {
            if (value != format("{}", body_size))
                return failed(call, HttpError::invalid_encoding, "Content-Length is not that of the body");
        } else if (std::ranges::none_of(fields_of_the_connection,
                                        [&](std::string_view one) { return same_name(name, one); })) {
            kept.add(name, value);
        }
    }
    return kept;
}

Instant deadline_of(const OutboundHttp::State& state)
{
    const Instant own = std::chrono::steady_clock::now() + state.policy->timeout;
    return std::min(own, state.surroundings.deadline.value_or(own));
}

/// Where a request wants to go, with the rule about addresses; who was refused is written down.
ClientRequest request_to(Call& call, const Url& url, std::string& refused)
{
    const auto& [secure, host, port] = url.origin;
    return {.secure = secure,
            .host = host,
            .port = port,
            .authority = url.origin.authority(),
            .target = url.target,
            .deadline = deadline_of(call.state),
            .cancellation = call.state.surroundings.cancellation,
            .may_connect = [&](const net::IpAddress& address) {
                const bool allowed = call.state.policy->allowed.allows_address(url.origin, address);
                if (!allowed)
                    refused = address.text();
                return allowed;
            }};
}

Answer<std::unique_ptr<ClientResponse>> send(Call& call, const Url& url, const ClientRequest& request,
                                             const std::string& refused)
{
    auto response =
        outside<std::unique_ptr<ClientResponse>>(call, [&] { return call.state.surroundings.client.send(request); });
    if (response)
        return std::move(*response);
    if (!refused.empty())
        return failed(
            call, HttpError::destination_not_allowed,
            format("{} leads to {}, which is inside and not among the allowed hosts", url.origin.text(), refused));
    return failed(call, HttpError::request_error, format("{}: {}", url.origin.text(), response.error().message));
}

Answer<OutboundHttp::State::Open*> find(Call& call, Handle handle)
{
    const auto found = call.state.open.find(handle);
    if (found == call.state.open.end())
        return failed(HttpError::invalid_handle);
    return &found->second;
}

Answer<> give(std::string_view text, const Buffer& buffer, Out<std::uint32_t> written)
{
    if (text.size() > buffer.bytes.size())
        return failed(HttpError::buffer_too_small);
    std::ranges::copy(std::as_bytes(std::span(text)), buffer.bytes.begin());
    written = static_cast<std::uint32_t>(text.size());
    return {};
}

wasm::Memory* exported_memory(const wasm::Caller& caller)
{
    const auto item = caller.instance == nullptr ? std::nullopt : wasm::find_export(*caller.instance, "memory");
    const auto* memory = item ? std::get_if<wasm::Memory*>(&*item) : nullptr;
    return memory == nullptr ? nullptr : *memory;
}

struct NamedEntry {
    std::string_view name;
    HostEntry entry;
};
constexpr std::array all_functions = {
    NamedEntry{"body_read", entry<body_read>},
    NamedEntry{"close", entry<close>},
    NamedEntry{"header_get", entry<header_get>},
    NamedEntry{"headers_get_all", entry<headers_get_all>},
    NamedEntry{"req", entry<req>},
};

} // namespace

HttpError http_error_of(SystemError error)
{
    if (error == system_error(ENXIO))
        return HttpError::memory_not_found;
    return error == system_error(ENOBUFS) ? HttpError::buffer_too_small : HttpError::memory_access_error;
}

Call::Call(void* context, wasm::Caller caller)
    : state(*static_cast<OutboundHttp::State*>(context)), memory(exported_memory(caller))
{
}

Outcome<std::span<std::byte>> Call::bytes(std::uint32_t address, std::uint64_t length) const
{
    if (memory == nullptr)
        return failure(ENXIO);
    const auto range = memory->range(address, length);
    if (!range)
        return failure(EFAULT);
    return *range;
}

wasm::Trap Call::finish(const Answer<>& answer, wasm::Slot& result) const
{
    result.u64 = static_cast<std::uint64_t>(answer ? HttpError::success : answer.error());
    return wasm::Trap::none; // whoever was interrupted meanwhile notices at the next poll
}

Answer<> req(Call& call, Input url, Input method, Input headers, Input body, Out<std::uint16_t> status,
             Out<Handle> handle)
{
    auto& state = call.state;
    if (state.open.size() >= state.policy->max_concurrent)
        return failed(call, HttpError::too_many_sessions,
                      format("more than {} responses are open", state.policy->max_concurrent));
    const Url target = TRELLIS_TRY(allowed_url(call, url));
    std::string refused;
    ClientRequest request = request_to(call, target, refused);
    request.method = TRELLIS_TRY(allowed_method(method));
    request.fields = TRELLIS_TRY(allowed_fields(call, headers, target.origin, body.bytes.size()));
    request.body = body.bytes;
    auto response = TRELLIS_TRY(send(call, target, request, refused));
    status = static_cast<std::uint16_t>(response->head().status);
    while (state.open.contains(state.next))
        ++state.next;
    handle = state.next;
    state.open.emplace(state.next++, OutboundHttp::State::Open{std::move(response), state.policy->response_bytes});
    return {};
}

Answer<> close(Call& call, Handle handle)
{
    call.state.open.erase(handle);
    return {};
}

Answer<> header_get(Call& call, Handle handle, Input name, Buffer value, Out<std::uint32_t> written)
{
    const auto& open = *TRELLIS_TRY(find(call, handle));
    const auto found = open.response->head().fields.find(TRELLIS_TRY(text_of(name)));
    if (!found)
        return failed(HttpError::header_not_found);
    return give(*found, value, written);
}

Answer<> headers_get_all(Call& call, Handle handle, Buffer text, Out<std::uint32_t> written)
{
    const auto& open = *TRELLIS_TRY(find(call, handle));
    const auto all = write_header_text(open.response->head().fields);
    if (!all)
        return failed(call, HttpError::runtime_error, all.error().message);
    return give(*all, text, written);
}

Answer<> body_read(Call& call, Handle handle, Buffer to, Out<std::uint32_t> read)
{
    auto& open = *TRELLIS_TRY(find(call, handle));
    read = 0;
    if (to.bytes.empty())
        return {};
    const auto count = outside<std::size_t>(call, [&] { return open.response->read(to.bytes); });
    if (!count)
        return failed(call, HttpError::request_error, count.error().message);
    if (*count > open.bytes_left) {
        open.bytes_left = 0;
        return failed(call, HttpError::request_error,
                      format("a body of more than {} bytes", call.state.policy->response_bytes));
    }
    open.bytes_left -= *count;
    read = static_cast<std::uint32_t>(*count);
    return {};
}

const HostEntry* find_function(std::string_view name)
{
    const auto found = std::ranges::find(all_functions, name, &NamedEntry::name);
    return found != all_functions.end() ? &found->entry : nullptr;
}

} // namespace trellis::sandbox::experimental_http
