// Requests of the host to a component that exports wasi:http/handler.
#include "base/format.hpp"
#include "sandbox/wasi/p3/http_types.hpp"
#include "wasm/component/execution/host_calls.hpp"

namespace trellis::sandbox {

using namespace preview3;
using namespace wasm::component;

namespace {

constexpr std::uint32_t piece_bytes = 64 * 1024;

Error trapped(const ComponentStore& store, Trap trap)
{
    return {ErrorCode::trap, format("{} {}", wasm::message_of(trap), store.core.host_error), {}};
}

std::string name_of(const HttpError& error)
{
    return std::string(HttpErrorNames::names[error.value.index()]);
}

/// The stream that the guest reads the body from.
Trap offer_body(ComponentStore& store, HttpRequest& request, const std::string& body)
{
    const auto writer = std::make_shared<StreamWriter<std::uint8_t>>(StreamWriter<std::uint8_t>::make(store));
    request.contents = writer->readable();
    return spawn(store, [&store, writer, bytes = ByteList(body.begin(), body.end())] {
        const Trap trap = writer->write(store, bytes);
        writer->drop();
        return trap;
    });
}

Trap collect_trailers(ComponentStore& store, HttpResponse& response, ServiceResponse& to, Sent& outcome)
{
    if (!response.trailers)
        return Trap::none;
    FutureReader<TrailersResult> reader(std::move(*response.trailers));
    std::optional<TrailersResult> trailers;
    if (const Trap trap = reader.read(store, trailers); failed(trap) || !trailers)
        return trap;
    if (!*trailers)
        outcome = std::unexpected(trailers->error());
    else if (const auto& given = **trailers)
        for (const auto& field : take_object(store, *given)->all())
            to.trailers.add(field.name, field.value);
    return Trap::none;
}

/// On a fiber.
Trap collect(ComponentStore& store, HttpResponse& response, ServiceResponse& to, Sent& outcome)
{
    to.status = response.status;
    for (const auto& field : response.headers->all())
        to.fields.add(field.name, field.value);
    if (response.contents) {
        StreamReader<std::uint8_t> reader(std::move(*response.contents));
        ByteList piece;
        do {
            if (const Trap trap = reader.read(store, piece_bytes, piece); failed(trap))
                return trap;
            to.body.append(piece.begin(), piece.end());
        } while (!piece.empty());
    }
    if (const Trap trap = collect_trailers(store, response, to, outcome); failed(trap))
        return trap;
    return response.settle(outcome);
}

/// Runs it on a fiber to its end.
Trap run_to_end(ComponentStore& store, std::function<Trap()> body)
{
    bool is_over = false;
    const Trap trap = spawn(store, [&is_over, body = std::move(body)] {
        const Trap ended = body();
        is_over = true;
        return ended;
    });
    return failed(trap) ? trap : store.run_until([&is_over] { return is_over; });
}

Result<std::shared_ptr<HttpRequest>> make_request(ComponentStore& store, const ServiceRequest& given)
{
    auto request = std::make_shared<HttpRequest>();
    auto method = method_of(given.method);
    if (!method)
        return fail(ErrorCode::usage, format("'{}' is no method", given.method));
    request->method = std::move(*method);
    request->scheme = scheme_of(given.scheme);
    request->authority = given.authority;
    request->path = given.path;
    request->headers = HttpFields::received(given.fields);
    request->trailers.emplace();
    if (const Trap trap = offer_body(store, *request, given.body); failed(trap))
        return std::unexpected(trapped(store, trap));
    if (const Trap trap = give_value<TrailersResult>(store, std::optional<Own<HttpFields>>(), *request->trailers);
        failed(trap))
        return std::unexpected(trapped(store, trap));
    return request;
}

} // namespace

Result<ServiceResponse> WasiP3::serve(ComponentStore& store, const ComponentInstance& instance,
                                      const ServiceRequest& request)
{
    using Handle = TypedCall<std::expected<Own<HttpResponse>, HttpError>(Own<HttpRequest>)>;
    const ComponentFunction* const function = find_export(instance, "wasi:http/handler@0.3.", "handle");
    if (!function)
        return fail(ErrorCode::not_found, "the component exports no wasi:http/handler of version 0.3");
    TRELLIS_TRY(Handle::check(*function));
    Handle call(store, give_object(store, TRELLIS_TRY(make_request(store, request))));
    if (const Trap trap = call.run(*function); failed(trap))
        return std::unexpected(trapped(store, trap));
    if (!call.value())
        return fail(ErrorCode::io, "the component gave up the request");
    if (!call.value()->has_value())
        return fail(ErrorCode::io, format("the component answered {}", name_of(call.value()->error())));
    const auto response = take_object(store, **call.value());
    ServiceResponse answer;
    Sent outcome;
    const Trap trap = run_to_end(store, [&] { return collect(store, *response, answer, outcome); });
    if (failed(trap))
        return std::unexpected(trapped(store, trap));
    if (!outcome)
        return fail(ErrorCode::io, format("the component's answer ended with {}", name_of(outcome.error())));
    return answer;
}

} // namespace trellis::sandbox
