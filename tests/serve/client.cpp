#include "serve/client.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace trellis::testing {
namespace {

constexpr timeval patience = {.tv_sec = 30, .tv_usec = 0};

int connected(int family, const void* address, socklen_t length, int receive_bytes = 0)
{
    const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_bytes != 0)
        ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const int on = 1;
    if (family == AF_INET)
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    EXPECT_EQ(::connect(fd, static_cast<const sockaddr*>(address), length), 0) << std::strerror(errno);
    return fd;
}

sockaddr_in loopback(std::uint16_t port)
{
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int connected(std::uint16_t port, int receive_bytes)
{
    const auto address = loopback(port);
    return connected(AF_INET, &address, sizeof address, receive_bytes);
}

int connected(const std::string& path)
{
    sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
    TRELLIS_CHECK(path.size() < sizeof address.sun_path);
    std::memcpy(address.sun_path, path.data(), path.size());
    return connected(AF_UNIX, &address, sizeof address);
}

std::string lower(std::string_view text)
{
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c + 32);
    return result;
}

std::uint64_t number_in(std::string_view text, int base)
{
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number, base);
    return number;
}

/// "HTTP/1.1 200 OK" and the fields behind it. Anything odd leaves the status 0.
Response parse_head(std::string head)
{
    Response response;
    response.text = head;
    if (!head.starts_with("HTTP/1.1 ") || !head.ends_with("\r\n\r\n"))
        return response;
    head.resize(head.size() - 2);
    auto end = head.find("\r\n");
    response.reason = head.substr(std::min<std::size_t>(13, end), end - std::min<std::size_t>(13, end));
    for (auto at = end + 2; at < head.size(); at = end + 2) {
        end = head.find("\r\n", at);
        const auto line = head.substr(at, end - at);
        const auto colon = line.find(": ");
        if (colon == std::string::npos || line.find_first_of("\r\n") != std::string::npos)
            return response;
        response.fields.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    }
    response.status = static_cast<unsigned>(number_in(std::string_view(head).substr(9, 3), 10));
    return response;
}

} // namespace

std::string Response::field(std::string_view name) const
{
    std::string values;
    for (const auto& [one, value] : fields)
        if (lower(one) == lower(name))
            values.append(values.empty() ? "" : "|").append(value);
    return values;
}

Client::Client(std::uint16_t port) : Client(port, 0) {}
Client::Client(std::uint16_t port, int receive_bytes) : fd_(connected(port, receive_bytes)) {}
Client::Client(const std::string& unix_path) : fd_(connected(unix_path)) {}

bool Client::is_accepted(std::uint16_t port)
{
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = loopback(port);
    const bool accepted = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return accepted;
}

Client::~Client()
{
    close();
}

void Client::close()
{
    if (fd_ >= 0)
        ::close(std::exchange(fd_, -1));
}

void Client::reset()
{
    const linger now = {.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
}

void Client::end()
{
    ::shutdown(fd_, SHUT_WR);
}

bool Client::send(std::string_view text)
{
    while (!text.empty()) {
        const auto count = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
        if (count <= 0)
            return false;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

std::size_t Client::send_some(std::string_view text)
{
    const auto count = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return count < 0 ? 0 : static_cast<std::size_t>(count);
}

bool Client::receive()
{
    char bytes[65536];
    const auto count = ::recv(fd_, bytes, sizeof bytes, 0);
    timed_out_ = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    if (count > 0)
        received_.append(bytes, static_cast<std::size_t>(count));
    return count > 0;
}

std::string Client::take(std::size_t count)
{
    while (received_.size() < count && receive()) {
    }
    auto taken = received_.substr(0, count);
    received_.erase(0, count);
    return taken;
}

std::string Client::read_until(std::string_view mark)
{
    std::size_t searched = 0;
    std::size_t at = 0;
    while ((at = received_.find(mark, searched)) == std::string::npos) {
        searched = received_.size() - std::min(received_.size(), mark.size());
        if (!receive())
            return std::exchange(received_, {});
    }
    return take(at + mark.size());
}

std::string Client::read_all()
{
    while (receive()) {
    }
    return std::exchange(received_, {});
}

void Client::read_chunks(Response& response)
{
    while (true) {
        const auto line = read_until("\r\n");
        const auto size = number_in(line, 16);
        const auto data = take(size + 2);
        response.text += line + data;
        if (!line.ends_with("\r\n") || !data.ends_with("\r\n") || data.size() != size + 2)
            return;
        response.body += data.substr(0, size);
        if (size == 0) {
            response.whole = true;
            return;
        }
    }
}

Response Client::read_response(bool to_head)
{
    auto response = parse_head(read_until("\r\n\r\n"));
    if (response.status == 0)
        return response;
    const auto length = response.field("content-length");
    if (to_head || response.status < 200 || response.status == 204 || response.status == 304) {
        response.whole = true;
    } else if (response.field("transfer-encoding") == "chunked") {
        read_chunks(response);
    } else if (!length.empty()) {
        response.body = take(number_in(length, 10));
        response.whole = response.body.size() == number_in(length, 10);
        response.text += response.body;
    } else {
        response.body = read_all();
        response.whole = !timed_out_;
        response.text += response.body;
    }
    return response;
}

std::string request(std::string_view method, std::string_view target, std::string_view fields, std::string_view body)
{
    std::string text(method);
    text.append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n").append(fields);
    if (!body.empty())
        text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return text.append("\r\n").append(body);
}

std::string percent_encoded(std::string_view text)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string encoded;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        encoded += {'%', digits[byte >> 4], digits[byte & 15]};
    }
    return encoded;
}

} // namespace trellis::testing
