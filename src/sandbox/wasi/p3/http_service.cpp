// Requests that the host asks of a component that exports wasi:http/handler: the body goes in as the guest reads it,
// the answer goes out as the guest writes it.
#include "base/format.hpp"
#include "sandbox/wasi/p3/http_types.hpp"
#include "wasm/component/execution/host_calls.hpp"

namespace trellis::sandbox {

using namespace preview3;
using namespace wasm::component;

namespace {

constexpr std::uint32_t piece_bytes = 64 * 1024;

std::string name_of(const HttpError& error)
{
    return std::string(HttpErrorNames::names[error.value.index()]);
}

TrailersResult give_trailers(ComponentStore& store, const HttpQuestion& question)
{
    if (!question.trailers)
        return std::optional<Own<HttpFields>>();
    auto trailers = HttpFields::received(question.trailers());
    return trailers->all().empty() ? std::nullopt : std::optional(give_object(store, std::move(trailers)));
}

/// The stream that the guest reads the body from, and what comes behind it.
Trap offer_body(State& state, ComponentStore& store, HttpRequest& request, const HttpQuestion& question)
{
    auto trailers = std::make_shared<FutureWriter<TrailersResult>>(FutureWriter<TrailersResult>::make(store));
    request.trailers = trailers->readable();
    if (!question.body)
        return trailers->set(std::optional<Own<HttpFields>>());
    const auto writer = std::make_shared<StreamWriter<std::uint8_t>>(StreamWriter<std::uint8_t>::make(store));
    request.contents = writer->readable();
    return spawn(store, [&state, &store, writer, trailers, question] {
        Outcome<> outcome;
        if (const Trap trap = pump(state, store, source_of(*question.body), *writer, outcome); failed(trap))
            return trap;
        writer->drop();
        return trailers->set(outcome ? give_trailers(store, question)
                                     : std::unexpected(http_error<http_case("HTTP-protocol-error")>()));
    });
}

Result<std::shared_ptr<HttpRequest>> make_request(State& state, ComponentStore& store, const HttpQuestion& question)
{
    auto request = std::make_shared<HttpRequest>();
    auto method = method_of(question.method);
    if (!method)
        return fail(ErrorCode::usage, format("'{}' is no method", question.method));
    request->method = std::move(*method);
    request->scheme = scheme_of(question.secure ? "https" : "http");
    request->authority = question.authority;
    request->path = question.target;
    request->headers = HttpFields::received(question.fields);
    if (const Trap trap = offer_body(state, store, *request, question); failed(trap))
        return std::unexpected(trapped(store, trap));
    return request;
}

/// What came behind the body; absent: the guest says that it is not whole.
Trap read_trailers(ComponentStore& store, HttpResponse& response, std::optional<net::http::Fields>& trailers)
{
    FutureReader<TrailersResult> reader(std::move(*response.trailers));
    std::optional<TrailersResult> given;
    if (const Trap trap = reader.read(store, given); failed(trap))
        return trap;
    if (given && !*given)
        return Trap::none;
    trailers.emplace();
    if (given && **given)
        for (const auto& field : take_object(store, ***given)->all())
            trailers->add(field.name, field.value);
    return Trap::none;
}

/// An answer on its way from the guest to whoever asked, on a fiber.
class Forwarding {
public:
    Forwarding(State& state, ComponentStore& store, HttpResponse& response, HttpAnswer& answer)
        : store_(store), response_(response), answer_(answer), wait_(wait_of(state, store))
    {
    }

    Trap run()
    {
        taken_ = answer_.begin(head(), wait_);
        if (const Trap trap = forward_body(); failed(trap))
            return trap;
        if (const Trap trap = end(); failed(trap))
            return trap;
        return response_.settle(taken_ ? Sent() : std::unexpected(http_error<http_case("connection-terminated")>()));
    }

private:
    [[nodiscard]] net::http::ResponseHead head() const
    {
        net::http::ResponseHead head = {.status = response_.status};
        for (const auto& field : response_.headers->all())
            head.fields.add(field.name, field.value);
        return head;
    }

    Trap forward_body()
    {
        if (!response_.contents)
            return wait_.trap;
        StreamReader<std::uint8_t> reader(std::move(*response_.contents));
        ByteList piece;
        while (taken_) {
            if (const Trap trap = reader.read(store_, piece_bytes, piece); failed(trap) || piece.empty())
                return trap;
            taken_ = answer_.write(std::as_bytes(std::span(piece)), wait_);
        }
        return wait_.trap;
    }

    Trap end()
    {
        std::optional<net::http::Fields> trailers;
        if (!taken_ || !response_.trailers)
            return Trap::none;
        if (const Trap trap = read_trailers(store_, response_, trailers); failed(trap))
            return trap;
        if (trailers)
            taken_ = answer_.end(*trailers, wait_);
        else
            answer_.fail("the component said that the body of its answer is not whole");
        return wait_.trap;
    }

    ComponentStore& store_;
    HttpResponse& response_;
    HttpAnswer& answer_;
    Wait wait_;
    Outcome<> taken_;
};

} // namespace

Result<> WasiP3::answer_request(ComponentStore& store, const ComponentInstance& instance, const HttpQuestion& question,
                                std::shared_ptr<HttpAnswer> answer)
{
    using Handle = TypedCall<std::expected<Own<HttpResponse>, HttpError>(Own<HttpRequest>)>;
    const ComponentFunction* const function = find_export(instance, "wasi:http/handler@0.3.", "handle");
    if (!function)
        return fail(ErrorCode::not_found, "the component exports no wasi:http/handler of version 0.3");
    TRELLIS_TRY(Handle::check(*function));
    Handle call(store, give_object(store, TRELLIS_TRY(make_request(*state_, store, question))));
    if (const Trap trap = call.run(*function); failed(trap))
        return std::unexpected(trapped(store, trap));
    if (!call.value() || !call.value()->has_value()) {
        answer->fail(call.value() ? format("the component answered {}", name_of(call.value()->error()))
                                  : "the component gave up the request");
        return {};
    }
    const auto response = take_object(store, **call.value());
    Forwarding forwarding(*state_, store, *response, *answer);
    if (const Trap trap = run_to_end(store, [&] { return forwarding.run(); }); failed(trap))
        return std::unexpected(trapped(store, trap));
    if (const Trap trap = store.run_rest(); failed(trap))
        return std::unexpected(trapped(store, trap));
    return {};
}

} // namespace trellis::sandbox
