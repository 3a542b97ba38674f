// One connection of a server: reads request after request and hands each to the handler. Is the Exchange of the request
// that is being answered. On its own fiber.
#pragma once

#include "net/http/chunked.hpp"
#include "net/http/request_parser.hpp"
#include "net/http/server.hpp"
#include "net/http/transport.hpp"

#include <string>
#include <vector>

namespace trellis::net::http {

/// What the connections of one server share.
struct ConnectionContext {
    const ServerLimits& limits;
    const Handler& handler;
    const Refusal& refusal;
    const bool& draining;
    std::string_view (*date)(); ///< "Date: ...\r\n"
};

class Connection final : public Exchange {
public:
    Connection(const ConnectionContext& context, Transport& transport, Peer peer);

    /// Until the client or a rule ends it.
    void serve();
    /// Between two requests, and nothing has come of the next: nothing is lost if it ends now.
    [[nodiscard]] bool is_idle() const { return idle_ && !transport_.socket().has_input(); }
    /// While a request is answered, from another fiber: if the client is gone, the connection is cut and the handler
    /// told.
    void look_for_client();
    void tell_gone();

    [[nodiscard]] const RequestHead& request() const override { return request_; }
    [[nodiscard]] const Peer& peer() const override { return peer_; }
    Result<std::size_t> read(std::span<std::byte> to) override;
    [[nodiscard]] const Fields& trailers() const override { return request_trailers_; }
    [[nodiscard]] int read_descriptor() const override;
    void start(ResponseHead head) override;
    [[nodiscard]] bool started() const override { return started_; }
    Result<> write(std::span<const std::byte> bytes) override;
    Result<> flush() override;
    [[nodiscard]] bool has_unsent() const override
    {
        return started_ && !finished_ && !head_sent_ ? true : !out_.empty();
    }
    bool discard() override;
    void set_trailers(Fields trailers) override;
    Result<> finish() override;
    void abort() override;
    void set_deadline(Deadline deadline) override { deadline_ = deadline; }
    [[nodiscard]] bool too_slow() const override { return too_slow_; }
    void when_gone(std::function<void()> action) override { when_gone_ = std::move(action); }
    [[nodiscard]] bool is_gone() const override { return broken_ || transport_.socket().is_cut(); }
    [[nodiscard]] unsigned status() const override { return started_ ? response_.status : 0; }
    [[nodiscard]] std::uint64_t bytes_read() const override { return bytes_read_; }
    [[nodiscard]] std::uint64_t bytes_written() const override { return response_has_body() ? bytes_written_ : 0; }

private:
    enum class Next : std::uint8_t { request, close };
    Next serve_one();
    bool await_first_byte();
    bool read_head();
    void begin_request(RequestHead head);
    void refuse(const Refused& refused);
    Next end_request();
    bool drain_body();
    void linger();

    Result<bool> fill(Deadline deadline);
    [[nodiscard]] bool body_is_read() const { return chunks_ ? chunks_->finished() : body_left_ == 0; }
    Result<std::size_t> read_body(std::span<std::byte> to);
    Result<std::size_t> read_sized(std::span<std::byte> to);
    Result<std::size_t> read_chunked(std::span<std::byte> to);
    Result<> read_trailers();
    Result<> send_continue();

    void append_head(std::optional<std::uint64_t> length);
    void append_end();
    void append_body(std::span<const std::byte> bytes);
    [[nodiscard]] bool response_has_body() const;
    void ask_whether_there();
    Result<> send(std::string& bytes);
    [[nodiscard]] std::string_view unread() const { return std::string_view(in_).substr(in_at_); }
    void consume(std::size_t count);

    const ConnectionContext& context_;
    Transport& transport_;
    Peer peer_;
    bool idle_ = true;

    std::string in_; ///< received; from in_at_ on unread
    std::size_t in_at_ = 0;

    // Of the present request.
    RequestHead request_;
    bool expects_continue_ = false;
    std::uint64_t body_left_ = 0;
    std::optional<ChunkedDecoder> chunks_;
    Fields request_trailers_;
    bool body_failed_ = false;
    bool too_slow_ = false;
    std::uint64_t bytes_read_ = 0;
    Deadline deadline_;
    bool answering_ = false; ///< the handler works
    bool asked_ = false;     ///< an interim response was sent to a client that has ended its side
    std::function<void()> when_gone_;

    // Of its response.
    ResponseHead response_;
    Fields response_trailers_;
    bool started_ = false;
    bool head_sent_ = false; ///< or its bytes stand in out_
    bool chunked_ = false;
    bool close_after_ = false;
    bool finished_ = false;
    bool broken_ = false;  ///< nothing more may be sent
    bool sending_ = false; ///< the connection's fiber is in the middle of it
    std::string body_;     ///< written while the length is not known
    std::string out_;      ///< ready to be sent
    std::uint64_t bytes_written_ = 0;
    std::uint64_t declared_ = 0; ///< of a known length
};

} // namespace trellis::net::http
