#include "net/http/chunked.hpp"

#include <algorithm>
#include <cstring>

namespace trellis::net::http {
namespace {

constexpr unsigned most_digits = 15;
constexpr std::size_t most_passed_over = 16 * 1024;

Result<> malformed(const char* what)
{
    return fail(ErrorCode::malformed, what);
}

int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool is_text(char c)
{
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

} // namespace

Result<ChunkedDecoder::Step> ChunkedDecoder::decode(std::string_view wire, std::span<std::byte> to)
{
    Step step;
    while (step.consumed < wire.size() && state_ != State::finished) {
        if (state_ == State::data) {
            const auto count =
                std::min({wire.size() - step.consumed, to.size() - step.produced, static_cast<std::size_t>(left_)});
            if (count == 0)
                break;
            std::memcpy(to.data() + step.produced, wire.data() + step.consumed, count);
            step.consumed += count;
            step.produced += count;
            left_ -= count;
            if (left_ == 0)
                state_ = State::data_cr;
        } else if (auto taken = take(wire[step.consumed]); taken) {
            ++step.consumed;
        } else if (step.produced != 0) {
            break; // what came before it counts, however the bytes were cut; the next call fails
        } else {
            return std::unexpected(std::move(taken).error());
        }
    }
    return step;
}

Result<> ChunkedDecoder::take(char c)
{
    switch (state_) {
    case State::size:
        return take_size(c);
    case State::extension:
        return take_extension(c);
    case State::size_end:
        if (c != '\n')
            return malformed("a chunk's size line does not end with CR LF");
        state_ = left_ != 0 ? State::data : State::trailer_start;
        return {};
    case State::data_cr:
    case State::data_lf:
        if (c != (state_ == State::data_cr ? '\r' : '\n'))
            return malformed("a chunk's data does not end with CR LF");
        state_ = state_ == State::data_cr ? State::data_lf : State::size;
        digits_ = 0;
        return {};
    default:
        return take_trailer(c);
    }
}

Result<> ChunkedDecoder::take_size(char c)
{
    if (const int value = hex_value(c); value >= 0) {
        if (++digits_ > most_digits)
            return malformed("a chunk's size has too many digits");
        left_ = left_ * 16 + static_cast<unsigned>(value);
        return {};
    }
    if (digits_ == 0 || (c != '\r' && c != ';'))
        return malformed("a chunk's size is no hexadecimal number");
    state_ = c == '\r' ? State::size_end : State::extension;
    return {};
}

Result<> ChunkedDecoder::take_extension(char c)
{
    if (++passed_over_ > most_passed_over)
        return malformed("the chunks' extensions are too long");
    if (c == '\r')
        state_ = State::size_end;
    else if (!is_text(c))
        return malformed("a chunk's extension holds a control character");
    return {};
}

Result<> ChunkedDecoder::take_trailer(char c)
{
    if (++passed_over_ > most_passed_over)
        return malformed("the trailer is too long");
    if (state_ != State::last_lf && !(state_ == State::trailer_start && c == '\r'))
        trailer_.push_back(c);
    switch (state_) {
    case State::trailer_start:
        if (c == '\r')
            state_ = State::last_lf;
        else if (c == ' ' || c == '\t' || c == ':' || !is_text(c))
            return malformed("a trailer field has no name");
        else
            state_ = State::trailer;
        return {};
    case State::trailer:
        if (c == '\r')
            state_ = State::trailer_end;
        else if (!is_text(c))
            return malformed("a trailer field holds a control character");
        return {};
    default: // trailer_end, last_lf
        if (c != '\n')
            return malformed("a trailer line does not end with CR LF");
        state_ = state_ == State::last_lf ? State::finished : State::trailer_start;
        return {};
    }
}

} // namespace trellis::net::http
