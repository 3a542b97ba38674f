// Reads HTTP/1.1 responses from a stream of bytes, strictly: anything odd is an error, since the point is to notice.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace trellis::bench {

struct Response {
    unsigned status = 0;
    std::string head; ///< status line and fields, each ended by CR LF
    std::string body;

    /// The value of a field; empty if there is none. `name` in lower case.
    [[nodiscard]] std::string field(std::string_view name) const;
};

class ResponseReader {
public:
    /// Takes bytes as they come. True: a response is whole, take() it, and put the rest with add({}). Errors:
    /// malformed.
    Result<bool> add(std::string_view bytes);
    Response take();
    /// Bytes behind the response that is whole, or of one that is not.
    [[nodiscard]] bool has_more() const { return !rest_.empty() || state_ != State::head; }

private:
    enum class State { head, counted, chunk_size, chunk, chunk_end, trailer, whole };
    Result<bool> step();
    Result<bool> read_head();
    Result<bool> read_counted(State next);
    Result<bool> read_chunk_size();
    Result<bool> read_empty_line(State next);

    State state_ = State::head;
    std::size_t left_ = 0;
    std::string rest_;
    Response response_;
};

} // namespace trellis::bench
