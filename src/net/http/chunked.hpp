// The chunked transfer coding, read strictly: sizes are plain hexadecimal digits, lines end with CR LF, extensions are
// bounded and passed over, trailer fields bounded and kept as they came. One message each.
// https://www.rfc-editor.org/rfc/rfc9112#section-7.1
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace trellis::net::http {

class ChunkedDecoder {
public:
    struct Step {
        std::size_t consumed = 0; ///< of the wire's bytes
        std::size_t produced = 0; ///< of the body's
    };
    /// Goes on with `wire` until it is used up, `to` is full, or the body is at its end. Errors: malformed.
    Result<Step> decode(std::string_view wire, std::span<std::byte> to);
    [[nodiscard]] bool finished() const { return state_ == State::finished; }
    /// The lines of the trailer, each with its CR LF.
    [[nodiscard]] const std::string& trailer_lines() const { return trailer_; }

private:
    enum class State : std::uint8_t {
        size,
        extension,
        size_end,
        data,
        data_cr,
        data_lf,
        trailer_start,
        trailer,
        trailer_end,
        last_lf,
        finished
    };
    Result<> take(char c);
    Result<> take_size(char c);
    Result<> take_extension(char c);
    Result<> take_trailer(char c);

    State state_ = State::size;
    std::uint64_t left_ = 0; ///< of this chunk
    unsigned digits_ = 0;
    std::size_t passed_over_ = 0; ///< bytes of extensions and trailers
    std::string trailer_;
};

} // namespace trellis::net::http
