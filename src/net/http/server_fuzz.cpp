// Bytes of the fuzzer's choice as what a client sends over one connection, to a server that answers with what it
// understood. Nothing may crash; heads that are taken obey the rules that make their framing unambiguous; and what is
// understood does not depend on how the bytes are cut into pieces on their way.
//
// Input: a byte that says where they are cut, then the bytes.
#include "base/check.hpp"
#include "net/http/request_parser.hpp"
#include "net/http/server.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

using namespace trellis;
using namespace trellis::net;
using namespace trellis::net::http;

namespace {

void check(const RequestHead& head)
{
    TRELLIS_CHECK(is_field_name(head.method));
    TRELLIS_CHECK(head.target.starts_with('/') || head.target == "*");
    TRELLIS_CHECK(head.target.find_first_of(" \r\n") == std::string::npos && !head.target.contains('\0'));
    TRELLIS_CHECK(head.minor_version <= 1);
    for (const auto& [name, value] : head.fields.all())
        TRELLIS_CHECK(is_field_name(name) && is_field_value(value));
    const bool has_length = head.fields.find("content-length").has_value();
    const bool has_encoding = head.fields.find("transfer-encoding").has_value();
    TRELLIS_CHECK(!has_length || !has_encoding);
    TRELLIS_CHECK(has_encoding != head.content_length.has_value());
}

/// Says what it understood. A third of the requests is answered without their bodies having been read.
void answer(Exchange& exchange)
{
    const auto& request = exchange.request();
    check(request);
    std::string text = request.method + " " + request.target + "\n";
    for (const auto& [name, value] : request.fields.all())
        text.append(name).append("=").append(value).append("\n");
    std::array<std::byte, 7> bytes;
    Result<std::size_t> count = request.target.size() % 3 == 0 ? 0 : 1;
    while (count && *count != 0) {
        count = exchange.read(bytes);
        if (count)
            text.append(reinterpret_cast<const char*>(bytes.data()), *count);
    }
    for (const auto& [name, value] : exchange.trailers().all()) {
        TRELLIS_CHECK(is_field_name(name) && is_field_value(value) && may_be_trailer(name));
        text.append(name).append("~").append(value).append("\n");
    }
    if (!count) // how much came before depends on the pieces
        text = "no whole body";
    exchange.start({.status = count ? 200u : 400u});
    exchange.set_trailers(exchange.trailers());
    (void)exchange.write(std::as_bytes(std::span(text)));
}

void remove_all(std::string& text, std::string_view begin, std::string_view end)
{
    for (auto at = text.find(begin); at != std::string::npos; at = text.find(begin, at))
        text.erase(at, text.find(end, at) + end.size() - at);
}

class Conversation {
public:
    /// Everything that the server says to these pieces, but for dates and interim responses.
    std::string with(std::string_view first, std::string_view second)
    {
        std::array<int, 2> ends;
        TRELLIS_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0);
        server_.take(ends[0], 0);
        std::string said;
        TRELLIS_CHECK(loop_.spawn([&] { talk(ends[1], first, second, said); }).has_value());
        loop_.run();
        remove_all(said, "Date: ", "\r\n");
        remove_all(said, "HTTP/1.1 100 ", "\r\n\r\n");
        return said;
    }

private:
    void talk(int fd, std::string_view first, std::string_view second, std::string& said)
    {
        (void)!::send(fd, first.data(), first.size(), MSG_NOSIGNAL);
        loop_.sleep_until(std::chrono::steady_clock::now()); // the server goes on
        (void)!::send(fd, second.data(), second.size(), MSG_NOSIGNAL);
        ::shutdown(fd, SHUT_WR);
        std::array<char, 4096> bytes;
        while (true) {
            pollfd wanted = {.fd = fd, .events = POLLIN, .revents = 0};
            loop_.wait_ready({&wanted, 1}, std::nullopt);
            const auto count = ::recv(fd, bytes.data(), bytes.size(), 0);
            if (count <= 0)
                break;
            said.append(bytes.data(), static_cast<std::size_t>(count));
        }
        ::close(fd);
        while (server_.connections() != 0)
            loop_.sleep_until(std::chrono::steady_clock::now());
        loop_.post([this] { loop_.stop(); }); // and does not wait for the next look at deadlines
    }

    EventLoop loop_;
    Server server_{loop_, {.head_bytes = 400, .fields = 5, .body_bytes = 100}, answer};
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    constexpr std::size_t most = 2000;
    if (size == 0 || size > most)
        return 0;
    static Conversation conversation;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto cut = bytes.size() * data[0] / 255;
    TRELLIS_CHECK(conversation.with(bytes, {}) == conversation.with(bytes.substr(0, cut), bytes.substr(cut)));
    return 0;
}
