// wasi:http/types: bodies and trailers. Trailers are neither read nor sent: HTTP/1.1 has hardly anybody who does.
#include "sandbox/wasi/p2/http_functions.hpp"
#include "sandbox/wasi/p2/http_types.hpp"

#include <charconv>

namespace trellis::sandbox::preview2 {
namespace {

using End = BodyInTheMaking::End;

/// Most bytes of a body that waits for being taken.
constexpr std::size_t most_kept = std::size_t(64) << 20;

/// Bytes on the way into a body.
class BodyOutput final : public OutputStream {
public:
    explicit BodyOutput(std::shared_ptr<BodyInTheMaking> body) : body_(std::move(body)) {}

private:
    Outcome<std::size_t> try_write(std::span<const std::byte> bytes, Wait& wait) override
    {
        if (body_->end != End::open)
            return failure(stream_closed);
        if (body_->announced && bytes.size() > *body_->announced - body_->written)
            return failure(EMSGSIZE);
        if (body_->answer)
            TRELLIS_TRY(body_->answer->write(bytes, wait));
        else
            body_->kept.insert(body_->kept.end(), bytes.begin(), bytes.end());
        body_->written += bytes.size();
        return bytes.size();
    }
    /// A body that nobody takes and that is too long waits for ever.
    [[nodiscard]] Need writable() const override
    {
        return room() != 0 || body_->end != End::open ? Need::nothing() : Need();
    }
    [[nodiscard]] std::size_t room() const override
    {
        return body_->answer ? most_at_once : most_kept - std::min(most_kept, body_->kept.size());
    }

    std::shared_ptr<BodyInTheMaking> body_;
};

Trap write_stream(Guest&, ComponentStore& store, Borrow<OutgoingBody> self, OrNothing<Own<OutputStream>>& result)
{
    OutgoingBody& body = object(store, self);
    if (std::exchange(body.gave_stream, true))
        result = std::unexpected(std::monostate());
    else
        result = give<OutputStream>(store, std::make_shared<BodyOutput>(body.body));
    return Trap::none;
}

Trap finish_outgoing(Guest& guest, ComponentStore& store, Own<OutgoingBody> self,
                     std::optional<Own<HttpFields>> trailers, HttpResult<>& result)
{
    if (trailers)
        (void)take(store, *trailers);
    const auto outgoing = take(store, self);
    BodyInTheMaking& body = *outgoing->body;
    if (body.announced && *body.announced != body.written) {
        result = std::unexpected(http_error_code<http_error::request_body_size>(MaybeU64(body.written)));
        return Trap::none; // and it is cut
    }
    body.end = End::finished;
    if (!body.answer)
        return Trap::none;
    Wait wait = wait_of(guest, store);
    const auto ended = body.answer->end({}, wait);
    if (!ended && ended.error() == SystemError::guest_trapped)
        return wait.trap;
    return Trap::none;
}

Trap read_stream(Guest&, ComponentStore& store, Borrow<IncomingBody> self, OrNothing<Own<InputStream>>& result)
{
    IncomingBody& body = object(store, self);
    if (body.stream)
        result = give(store, std::exchange(body.stream, nullptr));
    else
        result = std::unexpected(std::monostate());
    return Trap::none;
}

Trap finish_incoming(Guest&, ComponentStore& store, Own<IncomingBody> self, Own<FutureTrailers>& result)
{
    (void)take(store, self);
    result = give(store, std::make_shared<FutureTrailers>());
    return Trap::none;
}

Trap subscribe_trailers(Guest&, ComponentStore& store, Borrow<FutureTrailers>, Own<Pollable>& result)
{
    result = give_pollable(store, [](Wait&) { return Need::nothing(); });
    return Trap::none;
}

using Trailers = std::optional<OrNothing<HttpResult<std::optional<Own<HttpFields>>>>>;

Trap get_trailers(Guest&, ComponentStore& store, Borrow<FutureTrailers> self, Trailers& result)
{
    if (std::exchange(object(store, self).was_taken, true))
        result.emplace(std::unexpected(std::monostate()));
    else
        result.emplace(HttpResult<std::optional<Own<HttpFields>>>(std::nullopt));
    return Trap::none;
}

constexpr HostFunction functions[] = {
    host_function<write_stream>("[method]outgoing-body.write"),
    host_function<finish_outgoing>("[static]outgoing-body.finish"),
    host_function<read_stream>("[method]incoming-body.stream"),
    host_function<finish_incoming>("[static]incoming-body.finish"),
    host_function<subscribe_trailers>("[method]future-trailers.subscribe"),
    host_function<get_trailers>("[method]future-trailers.get"),
};

/// Absent also where it is no number.
std::optional<std::uint64_t> announced_length(const net::http::Fields& fields)
{
    const auto text = fields.find("content-length");
    std::uint64_t length = 0;
    if (!text || std::from_chars(text->data(), text->data() + text->size(), length).ptr != text->data() + text->size())
        return std::nullopt;
    return length;
}

} // namespace

const std::span<const HostFunction> http_body_functions = functions;

OutgoingBody::~OutgoingBody()
{
    if (body->end != End::open)
        return;
    body->end = End::abandoned;
    if (body->answer)
        body->answer->fail("the guest left the body of its response unfinished");
}

std::shared_ptr<BodyInTheMaking> new_body(const net::http::Fields& fields)
{
    auto body = std::make_shared<BodyInTheMaking>();
    body->announced = announced_length(fields);
    return body;
}

} // namespace trellis::sandbox::preview2
