#include "response_reader.hpp"

#include "base/format.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace trellis::bench {

namespace {

constexpr std::size_t head_bytes = 64 * 1024;
constexpr std::size_t body_bytes = std::size_t(64) << 20;

Result<std::size_t> number(std::string_view text, int base)
{
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc() || end != text.data() + text.size() || value > body_bytes)
        return fail(ErrorCode::malformed, format("no length: \"{}\"", text));
    return value;
}

std::string lower(std::string_view text)
{
    std::string result(text);
    std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

} // namespace

std::string Response::field(std::string_view name) const
{
    const auto at = lower(head).find(format("\r\n{}:", name));
    if (at == std::string::npos)
        return {};
    auto value = std::string_view(head).substr(at + name.size() + 3);
    value = value.substr(0, value.find("\r\n"));
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    return std::string(value);
}

Result<bool> ResponseReader::add(std::string_view bytes)
{
    rest_ += bytes;
    while (state_ != State::whole)
        if (!TRELLIS_TRY(step()))
            return false;
    return true;
}

Response ResponseReader::take()
{
    state_ = State::head;
    return std::exchange(response_, {});
}

/// False: more bytes are needed.
Result<bool> ResponseReader::step()
{
    switch (state_) {
    case State::head:
        return read_head();
    case State::counted:
        return read_counted(State::whole);
    case State::chunk_size:
        return read_chunk_size();
    case State::chunk:
        return read_counted(State::chunk_end);
    case State::chunk_end:
        return read_empty_line(State::chunk_size);
    case State::trailer:
        return read_empty_line(State::whole);
    case State::whole:
        break;
    }
    return true;
}

Result<bool> ResponseReader::read_head()
{
    const auto end = rest_.find("\r\n\r\n");
    if (end == std::string::npos)
        return rest_.size() > head_bytes ? Result<bool>(fail(ErrorCode::malformed, "endless head")) : false;
    response_.head = rest_.substr(0, end + 2);
    rest_.erase(0, end + 4);
    if (!response_.head.starts_with("HTTP/1.1 "))
        return fail(ErrorCode::malformed, format("no response: \"{}\"", response_.head.substr(0, 40)));
    response_.status = static_cast<unsigned>(TRELLIS_TRY(number(response_.head.substr(9, 3), 10)));
    const auto length = response_.field("content-length"), encoding = response_.field("transfer-encoding");
    if (length.empty() == encoding.empty())
        return fail(ErrorCode::malformed, "neither or both of length and encoding");
    state_ = length.empty() ? State::chunk_size : State::counted;
    if (!length.empty())
        left_ = TRELLIS_TRY(number(length, 10));
    return true;
}

Result<bool> ResponseReader::read_counted(State next)
{
    const auto count = std::min(left_, rest_.size());
    response_.body.append(rest_, 0, count);
    rest_.erase(0, count);
    left_ -= count;
    if (left_ == 0)
        state_ = next;
    return left_ == 0;
}

Result<bool> ResponseReader::read_chunk_size()
{
    const auto end = rest_.find("\r\n");
    if (end == std::string::npos)
        return rest_.size() > 32 ? Result<bool>(fail(ErrorCode::malformed, "endless chunk size")) : false;
    left_ = TRELLIS_TRY(number(std::string_view(rest_).substr(0, end), 16));
    rest_.erase(0, end + 2);
    state_ = left_ == 0 ? State::trailer : State::chunk;
    return true;
}

Result<bool> ResponseReader::read_empty_line(State next)
{
    if (rest_.size() < 2)
        return false;
    if (!rest_.starts_with("\r\n"))
        return fail(ErrorCode::malformed, "no line end behind a chunk");
    rest_.erase(0, 2);
    state_ = next;
    return true;
}

} // namespace trellis::bench
