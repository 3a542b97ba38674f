#include "net/http/conversation.hpp"

#include "base/format.hpp"
#include "net/http/request_parser.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace trellis::net::http {

namespace {

constexpr std::size_t buffer_bytes = 16 * 1024;
constexpr std::chrono::milliseconds write_patience{30'000};
constexpr int most_interim_responses = 16;

std::unexpected<ClientError> failed(ClientFault fault, ErrorCode code, std::string message)
{
    return std::unexpected(ClientError(fault, {code, std::move(message), {}}));
}

std::string framing_of(const ClientRequest& request)
{
    if (request.streamed && !request.streamed->length)
        return "Transfer-Encoding: chunked\r\n";
    const std::uint64_t length = request.streamed ? *request.streamed->length : request.body.size();
    const bool usually_has_body = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
    return length != 0 || usually_has_body ? format("Content-Length: {}\r\n", length) : std::string();
}

std::string head_of(const ClientRequest& request)
{
    std::string head = format("{} {} HTTP/1.1\r\nHost: {}\r\n", request.method, request.target, request.authority);
    for (const auto& [name, value] : request.fields.all())
        head += format("{}: {}\r\n", name, value);
    return head + framing_of(request) + "Connection: close\r\n\r\n";
}

std::string_view text_of(std::span<const std::byte> bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

ClientFault transport_fault(const Error& error, const Limit& limit)
{
    if (error.code == ErrorCode::denied)
        return ClientFault::certificate;
    if (error.code == ErrorCode::malformed)
        return ClientFault::tls;
    return limit.is_past() ? limit.fault : ClientFault::ended;
}

} // namespace

Conversation::Conversation(EventLoop& loop, Deadlines& deadlines, OwnedDescriptor socket,
                           std::unique_ptr<tls::Session> session, const ClientLimits& limits,
                           const ClientRequest& request)
    : loop_(loop), socket_(loop, deadlines, socket.release()), transport_(socket_, std::move(session)), limits_(limits),
      deadline_{.until = request.deadline}, timeouts_(request.timeouts), cancellation_(request.cancellation),
      streamed_(request.streamed)
{
    if (streamed_)
        to_send_ = streamed_->length.value_or(0);
}

ClientResult<> Conversation::ask(const ClientRequest& request, const Limit& connecting)
{
    const Cancellation::Wait wait(cancellation_, [this] { socket_.cut(); });
    TRELLIS_TRY(open(connecting));
    if (const auto begun = begin_to_send(request); !begun)
        send_failure_ = begun.error();
    // Who has answered already need not read everything; then the answer counts.
    auto answered = read_heads(request.method == "HEAD");
    if (!answered && send_failure_)
        return std::unexpected(*send_failure_);
    return answered;
}

ClientResult<> Conversation::open(const Limit& limit)
{
    if (const auto opened = transport_.open(limit.until); !opened)
        return std::unexpected(ClientError(transport_fault(opened.error(), limit), opened.error()));
    return {};
}

// Sending

ClientResult<> Conversation::write(std::string_view bytes)
{
    if (const auto written = transport_.write_all(std::as_bytes(std::span(bytes)), write_patience, deadline_.until);
        !written) {
        const ClientFault fault = socket_.timed_out() ? ClientFault::write_timeout : ClientFault::ended;
        return std::unexpected(ClientError(deadline_.is_past() ? deadline_.fault : fault, written.error()));
    }
    return {};
}

/// Everything, or the head, and the body goes its own way.
ClientResult<> Conversation::begin_to_send(const ClientRequest& request)
{
    TRELLIS_TRY(write(head_of(request)));
    if (streamed_)
        return with(ClientFault::other, loop_.spawn([self = shared_from_this()] { self->send_streamed(); }));
    TRELLIS_TRY(write(text_of(request.body)));
    have_sent();
    return {};
}

void Conversation::send_streamed()
{
    const auto sent = send_pieces();
    if (!sent)
        send_failure_ = sent.error();
    if (streamed_->when_sent)
        streamed_->when_sent(send_failure_ ? &*send_failure_ : nullptr);
    streamed_.reset(); // and what the functions hold
    have_sent();
}

ClientResult<> Conversation::send_pieces()
{
    const bool is_chunked = !streamed_->length;
    std::array<std::byte, buffer_bytes> piece;
    while (is_chunked || to_send_ != 0) {
        const auto most = is_chunked ? piece.size() : std::min<std::uint64_t>(piece.size(), to_send_);
        const auto count = TRELLIS_TRY(pull(std::span(piece).first(static_cast<std::size_t>(most))));
        const auto bytes = text_of(std::span(piece).first(count));
        if (count == 0)
            return send_end();
        TRELLIS_TRY(is_chunked ? write(format("{:x}\r\n{}\r\n", count, bytes)) : write(bytes));
        to_send_ -= is_chunked ? 0 : count;
    }
    return {};
}

ClientResult<> Conversation::send_end()
{
    std::string end = "0\r\n";
    if (streamed_->trailers)
        for (const auto& [name, value] : allowed_trailers(streamed_->trailers()).all())
            end += format("{}: {}\r\n", name, value);
    return write(end + "\r\n");
}

/// A body that is not what it should be must not look like one.
ClientResult<std::size_t> Conversation::pull(std::span<std::byte> to)
{
    auto count = with(ClientFault::request_body, streamed_->pull(to));
    if (count && *count == 0 && streamed_->length)
        count = failed(ClientFault::request_body, ErrorCode::io, "the request's body is shorter than announced");
    if (!count)
        socket_.cut();
    return count;
}

/// The wait for the answer is limited from now on, also the one that is under way.
void Conversation::have_sent()
{
    first_byte_ = from_now(timeouts_.first_byte, ClientFault::read_timeout);
    if (has_first_byte_ || !first_byte_.until)
        return;
    reading_ = both(reading_, first_byte_);
    socket_.limit_reading(*reading_.until);
}

// Receiving

/// The final one: those of 100 to 199 have been passed over.
ClientResult<> Conversation::read_heads(bool to_head)
{
    for (int interim = 0; interim < most_interim_responses; ++interim) {
        response_ = TRELLIS_TRY(read_head(to_head));
        if (response_.head.status == 101)
            return failed(ClientFault::malformed, ErrorCode::malformed,
                          "the response is malformed: it changes the protocol");
        if (response_.head.status >= 200) {
            left_ = response_.head.content_length.value_or(0);
            head_is_read_ = true;
            has_first_byte_ = !unread().empty();
            return {};
        }
    }
    return failed(ClientFault::malformed, ErrorCode::limit, "there is no end of interim responses");
}

ClientResult<ParsedResponse> Conversation::read_head(bool to_head)
{
    std::size_t searched = 0;
    while (true) {
        const auto end = end_of_head(unread(), searched);
        if ((end == std::string_view::npos ? unread().size() : end) > limits_.head_bytes)
            return failed(ClientFault::head_size, ErrorCode::limit,
                          format("the response has a head of more than {} bytes", limits_.head_bytes));
        if (end != std::string_view::npos) {
            auto response = parse_response_head(unread().substr(0, end), limits_.fields, to_head);
            consume(end);
            const bool is_long = !response && response.error().code == ErrorCode::limit;
            return with(is_long ? ClientFault::head_size : ClientFault::malformed, std::move(response));
        }
        searched = unread().size();
        if (!TRELLIS_TRY(fill()))
            return failed(ClientFault::incomplete, ErrorCode::io, "the connection ended before the answer");
    }
}

void Conversation::consume(std::size_t count)
{
    in_at_ += count;
    if (in_at_ == in_.size()) {
        in_.clear();
        in_at_ = 0;
    }
}

/// False: the end.
ClientResult<bool> Conversation::fill()
{
    std::array<std::byte, buffer_bytes> bytes;
    const auto count = TRELLIS_TRY(receive(bytes));
    in_.append(text_of(std::span(bytes).first(count)));
    return count != 0;
}

Limit Conversation::next_limit() const
{
    return both(deadline_,
                has_first_byte_ ? from_now(timeouts_.between_bytes, ClientFault::read_timeout) : first_byte_);
}

ClientResult<std::size_t> Conversation::receive(std::span<std::byte> to)
{
    reading_ = next_limit();
    // A deadline is looked at while one waits; who sends without a pause must not get around it.
    if (reading_.is_past())
        return failed(reading_.fault, ErrorCode::io, "there was no answer in time");
    const auto count = transport_.read_some(to, reading_.until);
    if (!count)
        return std::unexpected(receive_error(count.error()));
    has_first_byte_ = head_is_read_ && *count != 0;
    return *count;
}

ClientError Conversation::receive_error(const Error& error) const
{
    return {transport_fault(error, reading_), error};
}

ClientResult<std::size_t> Conversation::read(std::span<std::byte> to)
{
    if (failure_)
        return std::unexpected(*failure_);
    const Cancellation::Wait wait(cancellation_, [this] { socket_.cut(); });
    auto count = to.empty() ? ClientResult<std::size_t>(0) : read_body(to);
    if (!count && send_failure_ && send_failure_->fault == ClientFault::request_body)
        count = std::unexpected(*send_failure_);
    if (!count)
        failure_ = count.error();
    return count;
}

ClientResult<std::size_t> Conversation::read_body(std::span<std::byte> to)
{
    switch (response_.body_end) {
    case BodyEnd::none:
        return 0;
    case BodyEnd::chunks:
        return read_chunks(to);
    case BodyEnd::close:
        return read_bytes(to);
    case BodyEnd::length:
        break;
    }
    if (left_ == 0)
        return 0;
    const auto count = TRELLIS_TRY(read_bytes(to.first(std::min<std::uint64_t>(to.size(), left_))));
    if (count == 0)
        return failed(ClientFault::incomplete, ErrorCode::io, "the connection ended inside the body");
    left_ -= count;
    return count;
}

/// What came behind the head first.
ClientResult<std::size_t> Conversation::read_bytes(std::span<std::byte> to)
{
    if (unread().empty())
        return receive(to);
    const auto count = std::min(unread().size(), to.size());
    std::memcpy(to.data(), unread().data(), count);
    consume(count);
    return count;
}

ClientResult<std::size_t> Conversation::read_chunks(std::span<std::byte> to)
{
    while (!chunks_.finished()) {
        const auto step = TRELLIS_TRY(with(ClientFault::malformed, chunks_.decode(unread(), to)));
        consume(step.consumed);
        if (chunks_.finished()) {
            auto trailers = parse_trailer(chunks_.trailer_lines(), limits_.fields);
            const bool is_long = !trailers && trailers.error().code == ErrorCode::limit;
            trailers_ =
                TRELLIS_TRY(with(is_long ? ClientFault::trailer_size : ClientFault::malformed, std::move(trailers)));
        }
        if (step.produced != 0)
            return step.produced;
        if (!chunks_.finished() && !TRELLIS_TRY(fill()))
            return failed(ClientFault::incomplete, ErrorCode::io, "the connection ended inside the body");
    }
    return 0;
}

} // namespace trellis::net::http
