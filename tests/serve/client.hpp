// A client that says exactly what it is told to, over TCP or a Unix socket, and takes answers apart without forgiving
// anything. A hang becomes a failure. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace trellis::testing {

struct Response {
    unsigned status = 0; ///< 0: no answer came, or a broken one
    std::string reason;
    std::vector<std::pair<std::string, std::string>> fields; ///< in order
    std::string body;
    bool whole = false; ///< the body came as far as its head says
    std::string text;   ///< all of it, as it came

    /// Values of all fields of that name, with "|" between them.
    [[nodiscard]] std::string field(std::string_view name) const;
};

class Client {
public:
    explicit Client(std::uint16_t port);
    /// `receive_bytes`: how much the system may keep that nobody has read.
    Client(std::uint16_t port, int receive_bytes);
    explicit Client(const std::string& unix_path);
    ~Client();
    /// Whether anybody listens there.
    static bool is_accepted(std::uint16_t port);
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// False: the other side takes no more.
    bool send(std::string_view text);
    /// As much as goes without waiting; how much that was.
    std::size_t send_some(std::string_view text);
    /// Says that no more will come.
    void end();
    void close();
    /// Closes so that the other side gets a reset.
    void reset();

    /// Up to and with `mark`, or all until the end.
    std::string read_until(std::string_view mark);
    std::string read_all();
    /// Whether the other side has closed, and has said nothing more.
    bool ended() { return read_all().empty() && !timed_out_; }
    [[nodiscard]] bool timed_out() const { return timed_out_; }
    /// The next response of this connection; `to_head`: of a HEAD request.
    Response read_response(bool to_head = false);

private:
    bool receive();
    /// Bytes of that number, or fewer at the end.
    std::string take(std::size_t count);
    void read_chunks(Response& response);

    int fd_;
    std::string received_;
    bool timed_out_ = false;
};

/// "GET /target HTTP/1.1" with Host and `fields`, which end with CR LF each.
std::string request(std::string_view method, std::string_view target, std::string_view fields = "",
                    std::string_view body = "");

/// Every byte as %xx.
std::string percent_encoded(std::string_view text);

} // namespace trellis::testing
