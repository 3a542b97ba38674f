#include "wasi/http_server.hpp"

#include "base/format.hpp"

#include <algorithm>
#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>
#include <unistd.h>

namespace trellis::test {

namespace {

std::string lower(std::string text)
{
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

/// What one connection brings.
class Incoming {
public:
    explicit Incoming(int socket) : socket_(socket) {}

    std::string method, path, body;
    TextPairs headers = {}, trailers = {}; ///< names in lower case

    /// False: it ended too early.
    bool read()
    {
        const auto first = line();
        if (!first)
            return false;
        method = first->substr(0, first->find(' '));
        path = first->substr(method.size() + 1, first->rfind(' ') - method.size() - 1);
        return read_fields(headers) && read_body();
    }

private:
    bool read_fields(TextPairs& fields)
    {
        while (true) {
            const auto next = line();
            if (!next || next->empty())
                return next.has_value();
            const auto colon = next->find(':');
            fields.emplace_back(lower(next->substr(0, colon)), next->substr(next->find_first_not_of(' ', colon + 1)));
        }
    }
    bool read_body()
    {
        for (const auto& [name, value] : headers) {
            if (name == "transfer-encoding")
                return read_chunks();
            if (name == "content-length")
                return read_bytes(std::stoul(value));
        }
        return true;
    }
    bool read_chunks()
    {
        while (true) {
            const auto size = line();
            if (!size || size->empty())
                return false;
            const auto bytes = std::stoul(*size, nullptr, 16);
            if (bytes == 0)
                return read_fields(trailers);
            if (!read_bytes(bytes) || !line())
                return false;
        }
    }
    bool read_bytes(std::size_t count)
    {
        while (received_.size() < count)
            if (!fill())
                return false;
        body += received_.substr(0, count);
        received_.erase(0, count);
        return true;
    }
    std::optional<std::string> line()
    {
        while (!received_.contains("\r\n"))
            if (!fill())
                return std::nullopt;
        const auto end = received_.find("\r\n");
        auto text = received_.substr(0, end);
        received_.erase(0, end + 2);
        return text;
    }
    bool fill()
    {
        char block[4096];
        const auto count = ::recv(socket_, block, sizeof block, 0);
        if (count > 0)
            received_.append(block, static_cast<std::size_t>(count));
        return count > 0;
    }

    int socket_;
    std::string received_;
};

std::string head(unsigned status, const TextPairs& headers)
{
    std::string text = format("HTTP/1.1 {} Status\r\nConnection: close\r\n", status);
    for (const auto& [name, value] : headers)
        text += format("{}: {}\r\n", name, value);
    return text;
}

std::string whole(unsigned status, const TextPairs& headers, const std::string& body, bool has_body = true)
{
    return head(status, headers) + format("Content-Length: {}\r\n\r\n{}", body.size(), has_body ? body : "");
}

std::string echoed_headers(const Incoming& incoming)
{
    TextPairs headers = {{"x-request-method", incoming.method}, {"x-request-path", incoming.path}};
    for (const auto& [name, value] : incoming.headers)
        headers.emplace_back("x-echo-" + name, value);
    for (const auto& [name, value] : incoming.trailers)
        headers.emplace_back("x-trailer-" + name, value);
    return whole(200, headers, "");
}

std::string chunked(const Endpoint& endpoint)
{
    std::string text = head(endpoint.status, endpoint.headers) + "Transfer-Encoding: chunked\r\n";
    for (const auto& [name, value] : endpoint.trailers)
        text += format("Trailer: {}\r\n", name);
    text += "\r\n";
    for (const std::string& chunk : endpoint.chunks)
        text += format("{:x}\r\n{}\r\n", chunk.size(), chunk);
    text += "0\r\n";
    for (const auto& [name, value] : endpoint.trailers)
        text += format("{}: {}\r\n", name, value);
    return text + "\r\n";
}

std::string answer(const ServerDescription& description, const Incoming& incoming)
{
    const auto endpoint = std::ranges::find_if(description.endpoints, [&](const Endpoint& one) {
        return one.method == incoming.method && one.path == incoming.path;
    });
    if (endpoint == description.endpoints.end())
        return whole(404, {}, "");
    if (endpoint->mode == "echo-body")
        return whole(200, {}, incoming.body);
    if (endpoint->mode == "echo-headers")
        return echoed_headers(incoming);
    if (!endpoint->chunks.empty())
        return chunked(*endpoint);
    return whole(endpoint->status, endpoint->headers, endpoint->body, incoming.method != "HEAD");
}

void serve(const ServerDescription& description, int socket)
{
    Incoming incoming(socket);
    if (incoming.read()) {
        const std::string text = answer(description, incoming);
        (void)!::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    }
    ::close(socket);
}

} // namespace

HttpServer::HttpServer(const ServerDescription& description) : description_(description)
{
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        std::abort();
    port_ = ntohs(address.sin_port);
    if (!description.is_listening) // bound, so that nobody else comes to listen there
        return;
    ::listen(listener_, 16);
    thread_ = std::thread([this] { run(); });
}

HttpServer::~HttpServer()
{
    ::shutdown(listener_, SHUT_RDWR);
    if (thread_.joinable())
        thread_.join();
    ::close(listener_);
}

std::string HttpServer::variable() const
{
    std::string name = "HTTP_SERVER_" + description_.name;
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
    return name;
}

void HttpServer::run()
{
    while (true) {
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0)
            return;
        serve(description_, socket);
    }
}

} // namespace trellis::test
