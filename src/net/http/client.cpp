#include "net/http/client.hpp"

#include "base/format.hpp"
#include "net/http/chunked.hpp"
#include "net/http/request_parser.hpp"
#include "net/http/response_parser.hpp"
#include "net/http/transport.hpp"
#include "net/tls/tls.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace trellis::net::http {

namespace {

constexpr std::size_t buffer_bytes = 16 * 1024;
constexpr std::chrono::milliseconds write_patience{30'000};
constexpr int most_interim_responses = 16;

std::unexpected<Error> too_late()
{
    return fail(ErrorCode::io, "there was no answer in time");
}

bool is_past(Deadline deadline)
{
    return deadline && std::chrono::steady_clock::now() >= *deadline;
}

Deadline earlier(Deadline one, Instant other)
{
    return std::min(one.value_or(other), other);
}

struct SocketAddress {
    SocketAddress(const IpAddress& address, std::uint16_t port)
    {
        if (address.is_v4()) {
            sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {}, .sin_zero = {}};
            std::memcpy(&v4.sin_addr, address.bytes().data() + 12, 4);
            std::memcpy(&storage, &v4, length = sizeof v4);
        } else {
            sockaddr_in6 v6 = {};
            v6.sin6_family = AF_INET6;
            v6.sin6_port = htons(port);
            std::memcpy(&v6.sin6_addr, address.bytes().data(), 16);
            std::memcpy(&storage, &v6, length = sizeof v6);
        }
    }
    sockaddr_storage storage = {};
    socklen_t length = 0;
};

/// A descriptor until somebody else owns it.
class OwnedDescriptor {
public:
    explicit OwnedDescriptor(int fd) : fd_(fd) {}
    ~OwnedDescriptor()
    {
        if (fd_ >= 0)
            ::close(fd_);
    }
    OwnedDescriptor(OwnedDescriptor&& other) noexcept : fd_(other.release()) {}
    OwnedDescriptor& operator=(OwnedDescriptor&& other) noexcept
    {
        std::swap(fd_, other.fd_);
        return *this;
    }
    [[nodiscard]] int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }

private:
    int fd_;
};

std::unexpected<Error> cannot_connect(const IpAddress& address, int number)
{
    return fail(ErrorCode::io, format("can't connect to {}: {}", address.text(), std::strerror(number)));
}

Result<OwnedDescriptor> connect_to(EventLoop& loop, const IpAddress& address, std::uint16_t port, Deadline deadline,
                                   Cancellation* cancellation)
{
    const SocketAddress to(address, port);
    OwnedDescriptor socket(::socket(to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (socket.get() < 0)
        return cannot_connect(address, errno);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to.storage), to.length) == 0)
        return socket;
    if (errno != EINPROGRESS)
        return cannot_connect(address, errno);
    pollfd waited = {.fd = socket.get(), .events = POLLOUT, .revents = 0};
    Pause cancelled(loop);
    const Cancellation::Wait wait(cancellation, [&cancelled] { cancelled.wake(); });
    if (!loop.wait_ready({&waited, 1}, deadline, &cancelled))
        return cannot_connect(address, ETIMEDOUT);
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0)
        return cannot_connect(address, error);
    return socket;
}

std::string head_of(const ClientRequest& request)
{
    std::string head = format("{} {} HTTP/1.1\r\nHost: {}\r\n", request.method, request.target, request.authority);
    for (const auto& [name, value] : request.fields.all())
        head += format("{}: {}\r\n", name, value);
    const bool usually_has_body = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
    if (!request.body.empty() || usually_has_body)
        head += format("Content-Length: {}\r\n", request.body.size());
    return head + "Connection: close\r\n\r\n";
}

/// A connection that carries one request and its answer.
class Conversation final : public ClientResponse {
public:
    Conversation(EventLoop& loop, Deadlines& deadlines, OwnedDescriptor socket, std::unique_ptr<tls::Session> session,
                 const ClientLimits& limits, Deadline deadline, Cancellation* cancellation)
        : socket_(loop, deadlines, socket.release()), transport_(socket_, std::move(session)), limits_(limits),
          deadline_(deadline), cancellation_(cancellation)
    {
    }

    Result<> ask(const ClientRequest& request)
    {
        const Cancellation::Wait wait(cancellation_, [this] { socket_.cut(); });
        TRELLIS_TRY(transport_.open(deadline_));
        const auto written = write(request);
        // Who has answered already need not read everything; then the answer counts.
        auto answered = read_heads(request.method == "HEAD");
        if (!answered && !written)
            return written;
        return answered;
    }

    [[nodiscard]] const ResponseHead& head() const override { return response_.head; }

    Result<std::size_t> read(std::span<std::byte> to) override
    {
        if (failure_)
            return std::unexpected(*failure_);
        const Cancellation::Wait wait(cancellation_, [this] { socket_.cut(); });
        auto count = to.empty() ? Result<std::size_t>(0) : read_body(to);
        if (!count)
            failure_ = count.error();
        return count;
    }

private:
    Result<> write(const ClientRequest& request)
    {
        const std::string head = head_of(request);
        TRELLIS_TRY(transport_.write_all(std::as_bytes(std::span(head)), write_patience, deadline_));
        return transport_.write_all(request.body, write_patience, deadline_);
    }

    Result<> read_heads(bool to_head)
    {
        for (int interim = 0; interim < most_interim_responses; ++interim) {
            response_ = TRELLIS_TRY(read_head(to_head));
            if (response_.head.status == 101)
                return fail(ErrorCode::malformed, "the response is malformed: it changes the protocol");
            if (response_.head.status >= 200) {
                left_ = response_.head.content_length.value_or(0);
                return {};
            }
        }
        return fail(ErrorCode::limit, "there is no end of interim responses");
    }

    Result<ParsedResponse> read_head(bool to_head)
    {
        std::size_t searched = 0;
        while (true) {
            const auto end = end_of_head(unread(), searched);
            if ((end == std::string_view::npos ? unread().size() : end) > limits_.head_bytes)
                return fail(ErrorCode::limit,
                            format("the response has a head of more than {} bytes", limits_.head_bytes));
            if (end != std::string_view::npos) {
                auto response = parse_response_head(unread().substr(0, end), limits_.fields, to_head);
                consume(end);
                return response;
            }
            searched = unread().size();
            if (!TRELLIS_TRY(fill()))
                return fail(ErrorCode::io, "the connection ended before the answer");
        }
    }

    [[nodiscard]] std::string_view unread() const { return std::string_view(in_).substr(in_at_); }
    void consume(std::size_t count)
    {
        in_at_ += count;
        if (in_at_ == in_.size()) {
            in_.clear();
            in_at_ = 0;
        }
    }

    /// False: the end.
    Result<bool> fill()
    {
        std::array<std::byte, buffer_bytes> bytes;
        const auto count = TRELLIS_TRY(receive(bytes));
        in_.append(reinterpret_cast<const char*>(bytes.data()), count);
        return count != 0;
    }

    Result<std::size_t> receive(std::span<std::byte> to)
    {
        // A deadline is looked at while one waits; who sends without a pause must not get around it.
        if (is_past(deadline_))
            return too_late();
        return transport_.read_some(to, deadline_);
    }

    Result<std::size_t> read_body(std::span<std::byte> to)
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
            return fail(ErrorCode::io, "the connection ended inside the body");
        left_ -= count;
        return count;
    }

    /// What came behind the head first.
    Result<std::size_t> read_bytes(std::span<std::byte> to)
    {
        if (unread().empty())
            return receive(to);
        const auto count = std::min(unread().size(), to.size());
        std::memcpy(to.data(), unread().data(), count);
        consume(count);
        return count;
    }

    Result<std::size_t> read_chunks(std::span<std::byte> to)
    {
        while (!chunks_.finished()) {
            const auto step = TRELLIS_TRY(chunks_.decode(unread(), to));
            consume(step.consumed);
            if (step.produced != 0)
                return step.produced;
            if (!chunks_.finished() && !TRELLIS_TRY(fill()))
                return fail(ErrorCode::io, "the connection ended inside the body");
        }
        return 0;
    }

    Socket socket_;
    Transport transport_;
    const ClientLimits& limits_;
    Deadline deadline_;
    Cancellation* cancellation_;
    ParsedResponse response_;
    std::uint64_t left_ = 0; ///< of a body with a known length
    ChunkedDecoder chunks_;
    std::string in_; ///< received; from in_at_ on unread
    std::size_t in_at_ = 0;
    std::optional<Error> failure_;
};

class LoopClient final : public Client {
public:
    LoopClient(EventLoop& loop, ClientSupport& support, ClientLimits limits)
        : loop_(loop), support_(support), limits_(limits), deadlines_(loop)
    {
    }

    Result<std::unique_ptr<ClientResponse>> send(const ClientRequest& request) override
    {
        std::unique_ptr<tls::Session> session;
        if (request.secure)
            session = TRELLIS_TRY(TRELLIS_TRY(support_.tls())->connect(request.host));
        auto socket = TRELLIS_TRY(connect(request));
        auto conversation = std::make_unique<Conversation>(loop_, deadlines_, std::move(socket), std::move(session),
                                                           limits_, request.deadline, request.cancellation);
        TRELLIS_TRY(conversation->ask(request));
        return conversation;
    }

private:
    /// To the first address that is allowed and answers.
    Result<OwnedDescriptor> connect(const ClientRequest& request)
    {
        auto addresses =
            TRELLIS_TRY(support_.resolver().resolve(loop_, request.host, request.deadline, request.cancellation));
        if (request.may_connect)
            std::erase_if(addresses, [&](const IpAddress& one) { return !request.may_connect(one); });
        Result<OwnedDescriptor> connected =
            fail(ErrorCode::denied, format("no address of {} is allowed", request.host));
        for (const IpAddress& address : addresses) {
            if (is_past(request.deadline))
                return too_late();
            const auto until = earlier(request.deadline, std::chrono::steady_clock::now() + limits_.connect_timeout);
            connected = connect_to(loop_, address, request.port, until, request.cancellation);
            if (connected)
                break;
        }
        return connected;
    }

    EventLoop& loop_;
    ClientSupport& support_;
    ClientLimits limits_;
    Deadlines deadlines_;
};

} // namespace

ClientSupport::ClientSupport(Resolver::Lookup lookup, std::string authorities_file)
    : resolver_(std::move(lookup)), authorities_file_(std::move(authorities_file)),
      tls_(fail(ErrorCode::unsupported, "no TLS yet"))
{
}

ClientSupport::~ClientSupport() = default;

Result<tls::ClientContext*> ClientSupport::tls()
{
    std::call_once(once_, [this] { tls_ = tls::ClientContext::make(authorities_file_); });
    if (!tls_)
        return std::unexpected(tls_.error());
    return tls_->get();
}

std::unique_ptr<Client> Client::make(EventLoop& loop, ClientSupport& support, ClientLimits limits)
{
    return std::make_unique<LoopClient>(loop, support, limits);
}

} // namespace trellis::net::http
