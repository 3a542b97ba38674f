#include "net/http/connection.hpp"

#include "base/check.hpp"
#include "base/format.hpp"
#include "net/http/response_parser.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace trellis::net::http {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t buffer_bytes = 16 * 1024;
constexpr std::uint64_t most_drained_bytes = 256 * 1024; ///< of a body nobody wanted; more: the connection is closed
constexpr std::chrono::milliseconds linger_time{2'000};

Deadline earlier(Instant one, Deadline other)
{
    return std::min(one, other.value_or(Instant::max()));
}

std::span<const std::byte> as_bytes(std::string_view text)
{
    return std::as_bytes(std::span(text));
}

void append(std::string& text, std::span<const std::byte> bytes)
{
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

/// The connection says these itself.
bool is_framing(std::string_view name)
{
    return same_name(name, "content-length") || same_name(name, "transfer-encoding") || same_name(name, "connection");
}

} // namespace

Connection::Connection(const ConnectionContext& context, Transport& transport, Peer peer)
    : context_(context), transport_(transport), peer_(std::move(peer))
{
}

void Connection::serve()
{
    for (std::uint32_t served = 1; serve_one() == Next::request; ++served)
        if (served == context_.limits.requests_per_connection)
            break;
    if (!broken_)
        transport_.finish();
}

Connection::Next Connection::serve_one()
{
    if (!await_first_byte() || !read_head())
        return Next::close;
    answering_ = true;
    context_.handler(*this);
    answering_ = false;
    when_gone_ = {};
    return end_request();
}

void Connection::look_for_client()
{
    using OtherSide = Socket::OtherSide;
    if (!answering_)
        return;
    const auto other_side = transport_.socket().other_side();
    if (other_side == OtherSide::ended)
        ask_whether_there();
    if (other_side != OtherSide::gone)
        return;
    transport_.socket().cut();
    tell_gone();
}

/// Who has ended its side may still read, or have closed: the system tells the two apart once something is sent. An
/// interim response means nothing to who still reads: https://www.rfc-editor.org/rfc/rfc9110#section-15.2
void Connection::ask_whether_there()
{
    if (head_sent_ || sending_ || request_.minor_version == 0 || std::exchange(asked_, true))
        return;
    constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
    transport_.write_at_once(as_bytes(interim));
}

void Connection::tell_gone()
{
    if (const auto action = std::exchange(when_gone_, {}))
        action();
}

void Connection::consume(std::size_t count)
{
    in_at_ += count;
    if (in_at_ == in_.size()) {
        in_.clear();
        in_at_ = 0;
    }
}

/// Receives more behind what is unread. False: the end.
Result<bool> Connection::fill(Deadline deadline)
{
    std::array<std::byte, buffer_bytes> bytes;
    const auto count = TRELLIS_TRY(transport_.read_some(bytes, deadline));
    if (in_at_ > buffer_bytes) {
        in_.erase(0, in_at_);
        in_at_ = 0;
    }
    append(in_, std::span(bytes).first(count));
    return count != 0;
}

bool Connection::await_first_byte()
{
    idle_ = true;
    const auto until = Clock::now() + context_.limits.idle_timeout;
    while (true) {
        while (unread().starts_with("\r\n")) // empty lines before a request are passed over: RFC 9112 section 2.2
            consume(2);
        if (!unread().empty() && unread() != "\r")
            break;
        idle_ = !context_.draining;
        if (context_.draining && !transport_.socket().has_input())
            return false;
        const auto filled = fill(until);
        broken_ = !filled;
        if (!filled || !*filled)
            return false;
    }
    idle_ = false;
    return true;
}

bool Connection::read_head()
{
    const auto until = Clock::now() + context_.limits.head_timeout;
    std::size_t searched = 0;
    while (true) {
        const auto end = end_of_head(unread(), searched);
        const bool found = end != std::string_view::npos;
        if ((found ? end : unread().size()) > context_.limits.head_bytes) {
            const bool line_alone = unread().substr(0, context_.limits.head_bytes).find('\n') == std::string_view::npos;
            refuse(line_alone ? Refused{414, "the target is too long"} : Refused{431, "the head is too large"});
            return false;
        }
        if (found) {
            auto head = parse_request_head(unread().substr(0, end), context_.limits.fields);
            consume(end);
            if (head && head->content_length && *head->content_length > context_.limits.body_bytes)
                head = std::unexpected(Refused{413, "the request's body is too large"});
            if (!head) {
                refuse(head.error());
                return false;
            }
            begin_request(std::move(*head));
            return true;
        }
        searched = unread().size();
        const auto filled = fill(until);
        if (!filled && transport_.socket().timed_out())
            refuse({408, "the head did not come in time"});
        broken_ = broken_ || !filled;
        if (!filled || !*filled)
            return false;
    }
}

void Connection::begin_request(RequestHead head)
{
    request_ = std::move(head);
    const auto expectation = request_.fields.find("expect");
    expects_continue_ = expectation && request_.minor_version == 1 && list_has(*expectation, "100-continue");
    body_left_ = request_.content_length.value_or(0);
    chunks_.reset();
    if (!request_.content_length)
        chunks_.emplace();
    body_failed_ = too_slow_ = asked_ = false;
    bytes_read_ = bytes_written_ = declared_ = 0;
    deadline_.reset();
    started_ = head_sent_ = chunked_ = finished_ = false;
    close_after_ = !keeps_alive(request_);
    body_.clear();
    out_.clear();
    request_trailers_.clear();
    response_trailers_.clear();
}

/// Answers what never was a request, and closes.
void Connection::refuse(const Refused& refused)
{
    if (context_.refusal)
        context_.refusal(peer_, refused.status, refused.reason);
    auto text = format("HTTP/1.1 {} {}\r\n{}Content-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n"
                       "Connection: close\r\n\r\n{}\n",
                       refused.status, reason_phrase(refused.status), context_.date(), refused.reason.size() + 1,
                       refused.reason);
    if (send(text))
        linger();
}

/// So that the client can read the answer before the connection goes: what it still sends is read and thrown away.
void Connection::linger()
{
    transport_.finish();
    broken_ = true; // and no more is said
    const auto until = Clock::now() + linger_time;
    std::array<std::byte, buffer_bytes> bytes;
    for (std::uint64_t read = 0; read < most_drained_bytes;) {
        const auto count = transport_.read_some(bytes, until);
        if (!count || *count == 0)
            return;
        read += *count;
    }
}

Result<> Connection::send_continue()
{
    if (!std::exchange(expects_continue_, false) || head_sent_ || !unread().empty())
        return {};
    std::string text = "HTTP/1.1 100 Continue\r\n\r\n";
    return send(text);
}

Result<std::size_t> Connection::read(std::span<std::byte> to)
{
    if (body_failed_)
        return fail(ErrorCode::io, "the request's body can't be read any more");
    auto count = read_body(to);
    if (count)
        bytes_read_ += *count;
    body_failed_ = !count;
    too_slow_ = !count && !broken_ && transport_.socket().timed_out();
    return count;
}

int Connection::read_descriptor() const
{
    const bool has_something = body_failed_ || expects_continue_ || body_is_read() || !unread().empty();
    return has_something ? -1 : transport_.read_descriptor();
}

Result<std::size_t> Connection::read_body(std::span<std::byte> to)
{
    if (to.empty() || body_is_read())
        return 0;
    TRELLIS_TRY(send_continue());
    if (unread().empty() && has_unsent())
        TRELLIS_TRY(flush());
    return chunks_ ? read_chunked(to) : read_sized(to);
}

Result<std::size_t> Connection::read_sized(std::span<std::byte> to)
{
    to = to.first(std::min<std::uint64_t>(to.size(), body_left_));
    std::size_t count = std::min(unread().size(), to.size());
    if (count != 0) {
        std::memcpy(to.data(), unread().data(), count);
        consume(count);
    } else {
        const auto until = earlier(Clock::now() + context_.limits.body_timeout, deadline_);
        count = TRELLIS_TRY(transport_.read_some(to, until));
    }
    if (count == 0)
        return fail(ErrorCode::io, "the client ended inside the body");
    body_left_ -= count;
    return count;
}

Result<std::size_t> Connection::read_chunked(std::span<std::byte> to)
{
    while (true) {
        const auto step = TRELLIS_TRY(chunks_->decode(unread(), to));
        consume(step.consumed);
        if (bytes_read_ + step.produced > context_.limits.body_bytes)
            return fail(ErrorCode::limit, "the request's body is too large");
        if (chunks_->finished())
            TRELLIS_TRY(read_trailers());
        if (step.produced != 0 || chunks_->finished())
            return step.produced;
        if (!TRELLIS_TRY(fill(earlier(Clock::now() + context_.limits.body_timeout, deadline_))))
            return fail(ErrorCode::io, "the client ended inside the body");
    }
}

Result<> Connection::read_trailers()
{
    request_trailers_ = TRELLIS_TRY(parse_trailer(chunks_->trailer_lines(), context_.limits.fields));
    return {};
}

void Connection::start(ResponseHead head)
{
    TRELLIS_CHECK(!started_);
    response_ = std::move(head);
    started_ = true;
    declared_ = response_.content_length.value_or(0);
}

bool Connection::discard()
{
    if (head_sent_ || broken_)
        return false;
    started_ = finished_ = false;
    body_.clear();
    response_trailers_.clear();
    bytes_written_ = 0;
    return true;
}

bool Connection::response_has_body() const
{
    return request_.method != "HEAD" && response_.status != 204 && response_.status != 304;
}

Result<> Connection::write(std::span<const std::byte> bytes)
{
    TRELLIS_CHECK(started_ && !finished_);
    if (broken_)
        return fail(ErrorCode::io, "the connection is closed");
    if (response_.content_length)
        bytes = bytes.first(std::min<std::uint64_t>(bytes.size(), declared_ - bytes_written_));
    bytes_written_ += bytes.size();
    if (!response_has_body())
        return {};
    if (head_sent_)
        append_body(bytes);
    else
        append(body_, bytes);
    return body_.size() + out_.size() < buffer_bytes ? Result<>() : flush();
}

/// The head, with what frames the body: its length, chunks, or the end of the connection.
void Connection::append_head(std::optional<std::uint64_t> length)
{
    const bool unknown = !length && response_.status != 204 && response_.status != 304;
    chunked_ = unknown && request_.minor_version == 1 && request_.method != "HEAD";
    close_after_ = close_after_ || context_.draining || body_failed_ || expects_continue_ ||
                   (unknown && request_.minor_version == 0);
    const auto reason = response_.reason.empty() ? reason_phrase(response_.status) : std::string_view(response_.reason);
    out_ += format("HTTP/1.1 {} {}\r\n", response_.status, reason);
    bool has_date = false;
    for (const auto& field : response_.fields.all()) {
        if (is_framing(field.name))
            continue;
        has_date = has_date || same_name(field.name, "date");
        out_.append(field.name).append(": ").append(field.value).append("\r\n");
    }
    if (!has_date)
        out_ += context_.date();
    if (length && response_.status != 204)
        out_ += format("Content-Length: {}\r\n", *length);
    else if (chunked_)
        out_ += "Transfer-Encoding: chunked\r\n";
    if (close_after_)
        out_ += "Connection: close\r\n";
    else if (request_.minor_version == 0)
        out_ += "Connection: keep-alive\r\n";
    out_ += "\r\n";
    head_sent_ = true;
}

void Connection::append_body(std::span<const std::byte> bytes)
{
    if (bytes.empty())
        return;
    if (chunked_)
        out_ += format("{:x}\r\n", bytes.size());
    append(out_, bytes);
    if (chunked_)
        out_ += "\r\n";
}

Result<> Connection::send(std::string& bytes)
{
    if (broken_)
        return fail(ErrorCode::io, "the connection is closed");
    sending_ = true;
    auto sent = transport_.write_all(as_bytes(bytes), context_.limits.write_timeout, deadline_);
    sending_ = false;
    bytes.clear();
    broken_ = !sent;
    return sent;
}

Result<> Connection::flush()
{
    if (!started_ || finished_)
        return {};
    if (!head_sent_) {
        append_head(response_.content_length);
        append_body(as_bytes(body_));
        body_.clear();
    }
    return send(out_);
}

void Connection::set_trailers(Fields trailers)
{
    response_trailers_ = allowed_trailers(trailers);
}

/// What is missing of the head, the body and its trailers.
void Connection::append_end()
{
    if (!head_sent_) {
        // The length of what a 304 stands for is not ours to know, and trailers need chunks.
        const bool has_trailers = !response_trailers_.all().empty() && request_.minor_version == 1;
        append_head(response_.status == 304 || has_trailers ? response_.content_length
                                                            : response_.content_length.value_or(bytes_written_));
        append_body(as_bytes(body_));
    }
    if (!chunked_)
        return;
    out_ += "0\r\n";
    for (const auto& [name, value] : response_trailers_.all())
        out_.append(name).append(": ").append(value).append("\r\n");
    out_ += "\r\n";
}

Result<> Connection::finish()
{
    if (!started_)
        start({.status = 500});
    if (std::exchange(finished_, true))
        return {};
    append_end();
    if (response_.content_length && response_has_body() && bytes_written_ < declared_)
        close_after_ = true; // the client has to see that some is missing
    return send(out_);
}

void Connection::abort()
{
    if (!head_sent_)
        response_.status = 0;
    finished_ = started_ = true;
    broken_ = true;
    transport_.socket().cut();
}

Connection::Next Connection::end_request()
{
    const auto finished = finish();
    if (!finished || broken_)
        return Next::close;
    const bool body_unread = chunks_ ? !chunks_->finished() : body_left_ != 0;
    if (body_unread && (close_after_ || body_failed_ || !drain_body())) {
        linger();
        return Next::close;
    }
    return close_after_ ? Next::close : Next::request;
}

/// Passes over a body that nobody read, if it isn't long.
bool Connection::drain_body()
{
    deadline_ = Clock::now() + linger_time;
    std::array<std::byte, buffer_bytes> bytes;
    for (std::uint64_t read = 0; read < most_drained_bytes;) {
        const auto count = read_body(bytes);
        if (!count)
            return false;
        if (*count == 0)
            return true;
        read += *count;
    }
    return false;
}

} // namespace trellis::net::http
