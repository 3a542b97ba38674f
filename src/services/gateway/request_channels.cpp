#include "services/gateway/request_channels.hpp"

#include <algorithm>

namespace trellis::gateway {

using sandbox::failure;
using sandbox::Outcome;
using sandbox::SystemError;
using sandbox::Wait;

namespace {

std::span<const std::byte> bytes_of(const iovec& part)
{
    return {static_cast<const std::byte*>(part.iov_base), part.iov_len};
}

std::string_view text_of(const iovec& part)
{
    return {static_cast<const char*>(part.iov_base), part.iov_len};
}

std::size_t size_of(std::span<const iovec> parts)
{
    std::size_t total = 0;
    for (const auto& part : parts)
        total += part.iov_len;
    return total;
}

/// The guest ends here: nothing it could still do would reach anybody.
std::unexpected<SystemError> end_guest(Wait& wait)
{
    wait.trap = wasm::Trap::interrupted;
    return failure(SystemError::guest_trapped);
}

} // namespace

Outcome<std::size_t> BodyChannel::read(std::span<const iovec> parts, Wait& wait)
{
    const auto part = *std::ranges::find_if(parts, [](const iovec& one) { return one.iov_len != 0; });
    const std::span to(static_cast<std::byte*>(part.iov_base), part.iov_len);
    auto count = turns_.outside([&] { return exchange_.read(to); });
    if (count && *count > left_)
        count = fail(ErrorCode::limit, "the request's body is larger than this module takes");
    if (!count) {
        transfer_.body_error = std::move(count).error();
        transfer_.body_late = exchange_.too_slow();
        transfer_.client_gone = transfer_.body_error->code == ErrorCode::io && !transfer_.body_late;
        return end_guest(wait);
    }
    left_ -= *count;
    return *count;
}

Outcome<std::size_t> ResponseChannel::write(std::span<const iovec> parts, Wait& wait)
{
    for (const auto& part : parts) {
        const auto taken =
            parser_.complete() ? turns_.outside([&] { return exchange_.write(bytes_of(part)); }) : take(text_of(part));
        if (!taken) {
            transfer_.client_gone = taken.error().code == ErrorCode::io;
            if (!transfer_.client_gone)
                transfer_.response_error = taken.error();
            return end_guest(wait);
        }
    }
    return size_of(parts);
}

/// Bytes while the head is not whole.
Result<> ResponseChannel::take(std::string_view bytes)
{
    const auto used = TRELLIS_TRY(parser_.consume(bytes));
    if (!parser_.complete())
        return {};
    exchange_.start(parser_.take());
    const auto rest = std::as_bytes(std::span(bytes.substr(used)));
    return turns_.outside([&] { return exchange_.write(rest); });
}

Outcome<std::size_t> LogChannel::write(std::span<const iovec> parts, Wait&)
{
    for (const auto& part : parts)
        stream_.write(bytes_of(part));
    return size_of(parts);
}

void LogChannel::write_line(std::string_view text)
{
    stream_.finish();
    stream_.write(std::as_bytes(std::span(text)));
    stream_.finish();
}

} // namespace trellis::gateway
