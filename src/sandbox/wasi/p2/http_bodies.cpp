// wasi:http/types: bodies and trailers.
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
    const auto outgoing = take(store, self);
    BodyInTheMaking& body = *outgoing->body;
    if (trailers)
        body.trailers = take(store, *trailers)->all;
    if (body.announced && *body.announced != body.written) {
        result = std::unexpected(http_error_code<http_error::request_body_size>(MaybeU64(body.written)));
        return Trap::none; // and it is cut
    }
    body.end = End::finished;
    if (!body.answer)
        return Trap::none;
    Wait wait = wait_of(guest, store);
    const auto ended = body.answer->end(body.trailers, wait);
    if (!ended && ended.error() == SystemError::guest_trapped)
        return wait.trap;
    return Trap::none;
}

Trap read_stream(Guest&, ComponentStore& store, Borrow<IncomingBody> self, OrNothing<Own<InputStream>>& result)
{
    IncomingBody& incoming = object(store, self);
    if (std::exchange(incoming.gave_stream, true))
        result = std::unexpected(std::monostate());
    else
        result = give(store, incoming.body.stream);
    return Trap::none;
}

Trap finish_incoming(Guest&, ComponentStore& store, Own<IncomingBody> self, Own<FutureTrailers>& result)
{
    result = give(store, std::make_shared<FutureTrailers>(std::move(take(store, self)->body)));
    return Trap::none;
}

/// What has to happen before the trailers may be there; now, also where asking has trapped.
Need need_of(FutureTrailers& future, Wait& wait)
{
    const auto there = future.advance(wait);
    return there && !*there ? future.body.stream->need() : Need::nothing();
}

Trap subscribe_trailers(Guest&, ComponentStore& store, Borrow<FutureTrailers> self, Own<Pollable>& result)
{
    result = give_pollable(store, [future = share(store, self)](Wait& wait) { return need_of(*future, wait); });
    return Trap::none;
}

using TrailersResult = HttpResult<std::optional<Own<HttpFields>>>;

TrailersResult trailers_of(ComponentStore& store, const FutureTrailers::Result& result)
{
    if (!result)
        return std::unexpected(result.error());
    if (result->all().empty())
        return std::nullopt;
    return give(store, HttpFields::copy_of(*result));
}

Trap get_trailers(Guest& guest, ComponentStore& store, Borrow<FutureTrailers> self,
                  std::optional<OrNothing<TrailersResult>>& result)
{
    FutureTrailers& future = object(store, self);
    Wait wait = wait_of(guest, store);
    const auto there = future.advance(wait);
    if (!there)
        return wait.trap;
    if (!*there)
        return Trap::none;
    if (std::exchange(future.was_taken, true))
        result.emplace(std::unexpected(std::monostate()));
    else
        result.emplace(trailers_of(store, *future.result));
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

Outcome<bool> FutureTrailers::advance(Wait& wait)
{
    std::array<std::byte, 4096> passed_over;
    while (!result) {
        const auto count = body.stream->read(passed_over, wait);
        if (count)
            continue;
        if (count.error() == system_error(EAGAIN))
            return false;
        if (count.error() == SystemError::guest_trapped)
            return failure(count.error());
        if (count.error() != stream_closed)
            result.emplace(std::unexpected(
                http_error_code_of(count.error()).value_or(http_error_code<http_error::protocol_error>())));
        else if (body.trailers)
            result.emplace(body.trailers());
        else
            result.emplace();
    }
    return true;
}

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
