// wasi:http/client: one request on a connection of its own, plain text, HTTP/1.1; the body is sent while the answer may
// already come. Who may be asked is the guest's HttpPolicy.
#include "base/format.hpp"
#include "net/http/chunked.hpp"
#include "net/http/request_parser.hpp"
#include "net/http/response_parser.hpp"
#include "sandbox/network/tcp_socket.hpp"
#include "sandbox/wasi/p3/http_types.hpp"

#include <charconv>

namespace trellis::sandbox::preview3 {

namespace {

using namespace wasm::component;

constexpr std::uint32_t piece_bytes = 16 * 1024;
constexpr std::size_t most_head_bytes = 64 * 1024, most_fields = 200;
constexpr int most_interim_responses = 16;
constexpr std::chrono::seconds connect_patience{10};

using Refused = std::expected<void, HttpError>;

template <std::size_t which>
Refused refused()
{
    return std::unexpected(http_error<which>());
}

Refused refused_by(SystemError error)
{
    switch (static_cast<int>(error)) {
    case ECONNREFUSED:
        return refused<http_case("connection-refused")>();
    case ETIMEDOUT:
        return refused<http_case("connection-timeout")>();
    case EHOSTUNREACH:
    case ENETUNREACH:
        return refused<http_case("destination-IP-unroutable")>();
    case EACCES:
        return refused<http_case("destination-IP-prohibited")>();
    default:
        return refused<http_case("connection-terminated")>();
    }
}

Refused refused_by(LookupError error)
{
    if (error == LookupError::invalid_name)
        return refused<http_case("HTTP-request-URI-invalid")>();
    return refused<http_case("DNS-error")>();
}

/// The connections of the host's client are the policy's business, not the guest's network's.
std::shared_ptr<const NetworkGrant> any_connection()
{
    auto grant = std::make_shared<NetworkGrant>();
    grant->connect.push_back({.host = AnyAddress()});
    if (auto names = NamePattern::parse("*"))
        grant->lookup.push_back(std::move(*names));
    return grant;
}

/// A connection with one request and its answer. Kept by the fibers that send and receive.
class Exchange {
public:
    Exchange(State& state, ComponentStore& store) : state_(state), store_(store), network_(any_connection()) {}

    /// Errors come in `outcome` here and below.
    Trap connect(const Origin& origin, Refused& outcome);
    Trap write(std::string_view bytes, Refused& outcome);
    /// 0: the end.
    Trap receive(std::span<std::uint8_t> to, std::size_t& count, Refused& outcome);
    Trap read_head(bool to_head, Refused& outcome);
    Trap read_body(StreamWriter<std::uint8_t>& to, Refused& outcome);
    /// The other side gets no more, and neither do we.
    void cut(HttpError why)
    {
        failure_ = std::move(why);
        (void)socket_->shut_down(SHUT_RDWR);
    }
    [[nodiscard]] const net::http::ParsedResponse& response() const { return response_; }
    [[nodiscard]] const std::string& trailer_lines() const { return chunks_.trailer_lines(); }

private:
    Trap look_up(const std::string& host, std::vector<net::IpAddress>& addresses, Refused& outcome);
    Trap connect_to(const SocketAddress& address, Refused& outcome);
    Trap fill(bool& is_over, Refused& outcome);
    Trap read_some(std::span<std::uint8_t> to, std::size_t& count, Refused& outcome);
    Trap read_chunk(std::span<std::uint8_t> to, std::size_t& count, Refused& outcome);

    State& state_;
    ComponentStore& store_;
    Network network_;
    std::optional<TcpSocket> socket_;
    std::string unread_;
    net::http::ParsedResponse response_;
    net::http::ChunkedDecoder chunks_;
    std::uint64_t left_ = 0; ///< of a body with a known length
    std::optional<HttpError> failure_;
};

Trap Exchange::look_up(const std::string& host, std::vector<net::IpAddress>& addresses, Refused& outcome)
{
    auto lookup = NameLookup::start(network_, state_.resolver, host);
    if (!lookup) {
        outcome = refused_by(lookup.error());
        return Trap::none;
    }
    auto found = lookup->addresses();
    while (!found && found.error() == LookupError::would_block) {
        if (const Trap trap = state_.events.until_ready(store_, lookup->readable()); failed(trap))
            return trap;
        found = lookup->addresses();
    }
    if (found)
        addresses = std::move(*found);
    else
        outcome = refused_by(found.error());
    return Trap::none;
}

Trap Exchange::connect_to(const SocketAddress& address, Refused& outcome)
{
    auto socket = TcpSocket::create(network_, address.family);
    Outcome<> connected = socket ? socket->start_connect(address) : failure(socket.error());
    const Instant deadline = std::chrono::steady_clock::now() + connect_patience;
    while (connected) {
        connected = socket->finish_connect();
        if (connected)
            break;
        if (connected.error() != system_error(EAGAIN))
            break;
        if (std::chrono::steady_clock::now() >= deadline) {
            connected = failure(ETIMEDOUT);
            break;
        }
        if (const Trap trap = state_.events.until_ready(store_, socket->writable(), deadline, {}); failed(trap))
            return trap;
        connected = {};
    }
    outcome = connected ? Refused() : refused_by(connected.error());
    if (connected)
        socket_ = std::move(*socket);
    return Trap::none;
}

/// To the first address that is allowed and answers.
Trap Exchange::connect(const Origin& origin, Refused& outcome)
{
    const AllowList& allowed = state_.config.http->allowed;
    std::vector<net::IpAddress> addresses;
    if (!allowed.allows(origin)) {
        outcome = refused<http_case("HTTP-request-denied")>();
        return Trap::none;
    }
    if (const Trap trap = look_up(origin.host, addresses, outcome); failed(trap) || !outcome)
        return trap;
    outcome = refused<http_case("destination-IP-prohibited")>();
    for (const net::IpAddress& address : addresses) {
        if (!allowed.allows_address(origin, address))
            continue;
        const Family family = address.is_v4() ? Family::ipv4 : Family::ipv6;
        const Trap trap = connect_to({.family = family, .address = address, .port = origin.port}, outcome);
        if (failed(trap) || outcome)
            return trap;
    }
    return Trap::none;
}

Trap Exchange::write(std::string_view bytes, Refused& outcome)
{
    while (!bytes.empty()) {
        const auto count = socket_->send(std::as_bytes(std::span(bytes)));
        if (count) {
            bytes.remove_prefix(*count);
        } else if (count.error() == system_error(EAGAIN)) {
            if (const Trap trap = state_.events.until_ready(store_, socket_->writable()); failed(trap))
                return trap;
        } else {
            outcome = refused_by(count.error());
            return Trap::none;
        }
    }
    return Trap::none;
}

Trap Exchange::receive(std::span<std::uint8_t> to, std::size_t& count, Refused& outcome)
{
    while (!failure_) {
        const auto received = socket_->receive(std::as_writable_bytes(to));
        if (received || received.error() != system_error(EAGAIN)) {
            count = received.value_or(0);
            if (!received)
                outcome = refused_by(received.error());
            return Trap::none;
        }
        const auto is_cut = [this] { return failure_.has_value(); };
        if (const Trap trap = state_.events.until_ready(store_, socket_->readable(), is_cut); failed(trap))
            return trap;
    }
    outcome = std::unexpected(*failure_);
    return Trap::none;
}

Trap Exchange::fill(bool& is_over, Refused& outcome)
{
    std::array<std::uint8_t, piece_bytes> bytes;
    std::size_t count = 0;
    const Trap trap = receive(bytes, count, outcome);
    is_over = count == 0;
    unread_.append(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    return trap;
}

/// The final one: those of 100 to 199 are passed over.
Trap Exchange::read_head(bool to_head, Refused& outcome)
{
    for (int interim = 0; interim < most_interim_responses; ++interim) {
        std::size_t end = std::string::npos;
        while ((end = net::http::end_of_head(unread_, 0)) == std::string::npos) {
            bool is_over = false;
            if (const Trap trap = fill(is_over, outcome); failed(trap) || !outcome)
                return trap;
            if (is_over || unread_.size() > most_head_bytes) {
                outcome = refused<http_case("HTTP-response-incomplete")>();
                return Trap::none;
            }
        }
        auto parsed = net::http::parse_response_head(std::string_view(unread_).substr(0, end), most_fields, to_head);
        unread_.erase(0, end);
        if (!parsed || parsed->head.status == 101)
            break;
        response_ = std::move(*parsed);
        left_ = response_.head.content_length.value_or(0);
        if (response_.head.status >= 200)
            return Trap::none;
    }
    outcome = refused<http_case("HTTP-protocol-error")>();
    return Trap::none;
}

Trap Exchange::read_chunk(std::span<std::uint8_t> to, std::size_t& count, Refused& outcome)
{
    while (!chunks_.finished()) {
        const auto step = chunks_.decode(unread_, std::as_writable_bytes(to));
        if (!step) {
            outcome = refused<http_case("HTTP-protocol-error")>();
            return Trap::none;
        }
        unread_.erase(0, step->consumed);
        count = step->produced;
        if (count != 0 || chunks_.finished())
            return Trap::none;
        bool is_over = false;
        if (const Trap trap = fill(is_over, outcome); failed(trap) || !outcome)
            return trap;
        if (is_over) {
            outcome = refused<http_case("HTTP-response-incomplete")>();
            return Trap::none;
        }
    }
    return Trap::none;
}

/// Of the body; what came behind the head first. 0: its end.
Trap Exchange::read_some(std::span<std::uint8_t> to, std::size_t& count, Refused& outcome)
{
    using net::http::BodyEnd;
    count = 0;
    if (response_.body_end == BodyEnd::chunks)
        return read_chunk(to, count, outcome);
    const bool has_length = response_.body_end == BodyEnd::length;
    if (has_length)
        to = to.first(static_cast<std::size_t>(std::min<std::uint64_t>(to.size(), left_)));
    if (response_.body_end == BodyEnd::none || to.empty())
        return Trap::none;
    if (unread_.empty()) {
        if (const Trap trap = receive(to, count, outcome); failed(trap) || !outcome)
            return trap;
    } else {
        count = std::min(to.size(), unread_.size());
        std::copy_n(unread_.begin(), count, to.begin());
        unread_.erase(0, count);
    }
    if (has_length && count == 0)
        outcome = refused<http_case("HTTP-response-incomplete")>();
    left_ -= has_length ? count : 0;
    return Trap::none;
}

Trap Exchange::read_body(StreamWriter<std::uint8_t>& to, Refused& outcome)
{
    std::array<std::uint8_t, piece_bytes> piece;
    std::uint64_t total = 0;
    while (!to.is_dropped()) {
        std::size_t count = 0;
        if (const Trap trap = read_some(piece, count, outcome); failed(trap) || !outcome || count == 0)
            return trap;
        total += count;
        if (total > state_.config.http->response_bytes) {
            outcome = refused<http_case("HTTP-response-body-size")>();
            return Trap::none;
        }
        if (const Trap trap = to.write(store_, std::span(piece).first(count)); failed(trap))
            return trap;
    }
    return Trap::none;
}

// Sending

/// Path and query as they go over the wire: bytes beyond ASCII are encoded.
std::string target_of(const HttpRequest& request)
{
    std::string target;
    const std::string path = request.path.value_or("/");
    if (!path.starts_with('/') && path != "*")
        target = "/";
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80)
            target += c;
        else
            target += format("%{:02X}", byte);
    }
    return target;
}

bool is_chunked(const HttpRequest& request)
{
    return request.contents && !request.headers->find("content-length");
}

std::string head_of(const HttpRequest& request, const Origin& origin)
{
    const std::string method = method_text(request.method);
    std::string head = format("{} {} HTTP/1.1\r\nHost: {}\r\n", method, target_of(request), origin.authority());
    for (const auto& [name, value] : request.headers->all())
        head += format("{}: {}\r\n", name, value);
    const bool usually_has_body = method == "POST" || method == "PUT" || method == "PATCH";
    if (is_chunked(request))
        head += "Transfer-Encoding: chunked\r\n";
    else if (!request.contents && usually_has_body && !request.headers->find("content-length"))
        head += "Content-Length: 0\r\n";
    return head + "Connection: close\r\n\r\n";
}

/// The bytes of the body; no more and no less than a guest's own content-length says.
Trap send_contents(ComponentStore& store, HttpRequest& request, Exchange& exchange, Refused& outcome)
{
    const bool chunked = is_chunked(request);
    std::uint64_t left = 0;
    if (const auto length = request.headers->find("content-length"))
        std::from_chars(length->data(), length->data() + length->size(), left);
    StreamReader<std::uint8_t> reader(std::move(*request.contents));
    ByteList piece;
    while (outcome) {
        if (const Trap trap = reader.read(store, piece_bytes, piece); failed(trap) || piece.empty()) {
            if (!failed(trap) && !chunked && left != 0)
                outcome = refused<http_case("HTTP-request-body-size")>();
            return trap;
        }
        const std::string_view bytes(reinterpret_cast<const char*>(piece.data()), piece.size());
        if (!chunked && bytes.size() > left) {
            outcome = refused<http_case("HTTP-request-body-size")>();
            return Trap::none;
        }
        left -= chunked ? 0 : bytes.size();
        const std::string framed = chunked ? format("{:x}\r\n{}\r\n", bytes.size(), bytes) : std::string(bytes);
        if (const Trap trap = exchange.write(framed, outcome); failed(trap))
            return trap;
    }
    return Trap::none;
}

Trap read_trailers(ComponentStore& store, FutureOf<TrailersResult> future, std::string& lines, Refused& outcome)
{
    FutureReader<TrailersResult> reader(std::move(future));
    std::optional<TrailersResult> trailers;
    if (const Trap trap = reader.read(store, trailers); failed(trap) || !trailers)
        return trap;
    if (!*trailers)
        outcome = std::unexpected(trailers->error());
    else if (const auto& given = **trailers)
        for (const auto& [name, value] : take_object(store, *given)->all())
            lines += format("{}: {}\r\n", name, value);
    return Trap::none;
}

/// Body and trailers. A guest that takes them back ends the connection.
Trap send_rest(ComponentStore& store, HttpRequest& request, Exchange& exchange)
{
    const bool chunked = is_chunked(request);
    Refused outcome;
    std::string lines;
    if (request.contents)
        if (const Trap trap = send_contents(store, request, exchange, outcome); failed(trap))
            return trap;
    if (outcome && request.trailers)
        if (const Trap trap = read_trailers(store, std::move(*request.trailers), lines, outcome); failed(trap))
            return trap;
    if (outcome && chunked)
        if (const Trap trap = exchange.write("0\r\n" + lines + "\r\n", outcome); failed(trap))
            return trap;
    if (!outcome)
        exchange.cut(outcome.error());
    return request.settle(std::move(outcome));
}

// Receiving

TrailersResult trailers_of(ComponentStore& store, const Exchange& exchange, const Refused& outcome)
{
    if (!outcome)
        return std::unexpected(outcome.error());
    if (exchange.trailer_lines().empty())
        return std::nullopt;
    const auto fields = net::http::parse_trailer(exchange.trailer_lines(), most_fields);
    if (!fields)
        return std::unexpected(http_error<http_case("HTTP-protocol-error")>());
    return give_object(store, HttpFields::received(*fields));
}

Trap give_response(ComponentStore& store, const std::shared_ptr<Exchange>& exchange,
                   std::expected<Own<HttpResponse>, HttpError>& result)
{
    auto response = std::make_shared<HttpResponse>();
    const auto body = std::make_shared<StreamWriter<std::uint8_t>>(StreamWriter<std::uint8_t>::make(store));
    const auto trailers = std::make_shared<FutureWriter<TrailersResult>>(FutureWriter<TrailersResult>::make(store));
    const net::http::ResponseHead& head = exchange->response().head;
    response->status = static_cast<std::uint16_t>(head.status);
    response->headers = HttpFields::received(head.fields);
    response->contents = body->readable();
    response->trailers = trailers->readable();
    result = give_object(store, std::move(response));
    return spawn(store, [&store, exchange, body, trailers] {
        Refused outcome;
        if (const Trap trap = exchange->read_body(*body, outcome); failed(trap))
            return trap;
        body->drop();
        return trailers->set(trailers_of(store, *exchange, outcome));
    });
}

/// Whom the request goes to. Errors: no URL of the web.
std::expected<Origin, HttpError> origin_of(const HttpRequest& request)
{
    const std::string scheme = request.scheme ? scheme_text(*request.scheme) : "https";
    const auto url = parse_url(format("{}://{}/", scheme, request.authority.value_or("")));
    if (!url)
        return std::unexpected(http_error<http_case("HTTP-request-URI-invalid")>());
    if (url->origin.secure) // the sandbox has no connection of its own through TLS
        return std::unexpected(http_error<http_case("TLS-protocol-error")>());
    return url->origin;
}

Trap converse(State& state, ComponentStore& store, const std::shared_ptr<HttpRequest>& request,
              std::expected<Own<HttpResponse>, HttpError>& result, Refused& outcome)
{
    const auto origin = origin_of(*request);
    if (!origin) {
        outcome = std::unexpected(origin.error());
        return Trap::none;
    }
    const auto exchange = std::make_shared<Exchange>(state, store);
    if (const Trap trap = exchange->connect(*origin, outcome); failed(trap) || !outcome)
        return trap;
    if (const Trap trap = exchange->write(head_of(*request, *origin), outcome); failed(trap) || !outcome)
        return trap;
    const Trap sending = spawn(store, [&store, request, exchange] { return send_rest(store, *request, *exchange); });
    if (failed(sending))
        return sending;
    const bool to_head = method_text(request->method) == "HEAD";
    if (const Trap trap = exchange->read_head(to_head, outcome); failed(trap) || !outcome)
        return trap;
    return give_response(store, exchange, result);
}

} // namespace

Trap send_request(State& state, ComponentStore& store, std::shared_ptr<HttpRequest> request,
                  std::expected<Own<HttpResponse>, HttpError>& result)
{
    Refused outcome;
    const Trap trap = converse(state, store, request, result, outcome);
    if (failed(trap) || outcome)
        return trap;
    result = std::unexpected(outcome.error());
    return request->settle(std::move(outcome));
}

} // namespace trellis::sandbox::preview3
