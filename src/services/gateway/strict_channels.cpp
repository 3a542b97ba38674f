#include "services/gateway/strict_channels.hpp"

#include <algorithm>
#include <array>

namespace trellis::gateway {

Result<> read_all(net::http::Exchange& exchange, std::uint64_t most, std::string& to)
{
    std::array<std::byte, 16 * 1024> buffer;
    while (true) {
        const auto count = TRELLIS_TRY(exchange.read(buffer));
        if (count == 0)
            return {};
        if (count > most - to.size())
            return fail(ErrorCode::limit, "the request's body is larger than this module takes");
        to.append(reinterpret_cast<const char*>(buffer.data()), count);
    }
}

sandbox::Outcome<std::size_t> StoredBody::read(std::span<const iovec> parts, sandbox::Wait&)
{
    std::size_t total = 0;
    for (const auto& part : parts) {
        const auto count = rest_.copy(static_cast<char*>(part.iov_base), part.iov_len);
        rest_.remove_prefix(count);
        total += count;
    }
    return total;
}

sandbox::Outcome<std::size_t> StoredAnswer::write(std::span<const iovec> parts, sandbox::Wait& wait)
{
    std::size_t total = 0;
    for (const auto& part : parts) {
        if (part.iov_len > most_bytes - text_.size()) {
            wait.trap = wasm::Trap::interrupted;
            return sandbox::failure(sandbox::SystemError::guest_trapped);
        }
        text_.append(static_cast<const char*>(part.iov_base), part.iov_len);
        total += part.iov_len;
    }
    return total;
}

} // namespace trellis::gateway
