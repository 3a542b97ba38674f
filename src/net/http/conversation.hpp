// A connection of a client that carries one request and its answer: the request's body, where it comes piece by piece,
// is sent on a fiber of its own while the answer is read on the caller's. https://www.rfc-editor.org/rfc/rfc9112
#pragma once

#include "net/http/chunked.hpp"
#include "net/http/connecting.hpp"
#include "net/http/response_parser.hpp"
#include "net/http/transport.hpp"

namespace trellis::net::http {

template <class T>
ClientResult<T> with(ClientFault fault, Result<T> result)
{
    if (!result)
        return std::unexpected(ClientError(fault, std::move(result).error()));
    if constexpr (std::is_void_v<T>)
        return {};
    else
        return std::move(*result);
}

class Conversation : public std::enable_shared_from_this<Conversation> {
public:
    Conversation(EventLoop& loop, Deadlines& deadlines, OwnedDescriptor socket, std::unique_ptr<tls::Session> session,
                 const ClientLimits& limits, const ClientRequest& request);

    /// Opens TLS within `connecting`, sends (or begins to), and reads the head of the answer.
    ClientResult<> ask(const ClientRequest& request, const Limit& connecting);
    ClientResult<std::size_t> read(std::span<std::byte> to);
    /// The answer is not wanted any more.
    void end() { socket_.cut(); }
    [[nodiscard]] const ResponseHead& head() const { return response_.head; }
    [[nodiscard]] const Fields& trailers() const { return trailers_; }

private:
    ClientResult<> open(const Limit& limit);
    ClientResult<> write(std::string_view bytes);
    ClientResult<> begin_to_send(const ClientRequest& request);

    // On the sending fiber
    void send_streamed();
    ClientResult<> send_pieces();
    ClientResult<> send_end();
    ClientResult<std::size_t> pull(std::span<std::byte> to);
    void have_sent();

    ClientResult<> read_heads(bool to_head);
    ClientResult<ParsedResponse> read_head(bool to_head);
    ClientResult<bool> fill();
    ClientResult<std::size_t> receive(std::span<std::byte> to);
    ClientError receive_error(const Error& error) const;
    [[nodiscard]] Limit next_limit() const;
    ClientResult<std::size_t> read_body(std::span<std::byte> to);
    ClientResult<std::size_t> read_bytes(std::span<std::byte> to);
    ClientResult<std::size_t> read_chunks(std::span<std::byte> to);
    [[nodiscard]] std::string_view unread() const { return std::string_view(in_).substr(in_at_); }
    void consume(std::size_t count);

    EventLoop& loop_;
    Socket socket_;
    Transport transport_;
    ClientLimits limits_;
    Limit deadline_;
    ClientTimeouts timeouts_;
    Cancellation* cancellation_;

    std::optional<ClientBody> streamed_;
    std::uint64_t to_send_ = 0; ///< of a streamed body with a known length
    std::optional<ClientError> send_failure_;
    Limit first_byte_; ///< known once the request is sent

    ParsedResponse response_;
    bool head_is_read_ = false, has_first_byte_ = false;
    Limit reading_;          ///< of the wait that is under way, or was
    std::uint64_t left_ = 0; ///< of a body with a known length
    ChunkedDecoder chunks_;
    Fields trailers_;
    std::string in_; ///< received; from in_at_ on unread
    std::size_t in_at_ = 0;
    std::optional<ClientError> failure_;
};

} // namespace trellis::net::http
