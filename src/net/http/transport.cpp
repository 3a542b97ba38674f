#include "net/http/transport.hpp"

#include <array>

namespace trellis::net::http {
namespace {

constexpr std::chrono::milliseconds handshake_patience{10'000};

} // namespace

/// Records must not get into each other: who comes while another fiber sends leaves it to that one.
Result<> Transport::send_wire(std::chrono::milliseconds patience, Deadline deadline)
{
    if (sending_)
        return {};
    sending_ = true;
    Result<> sent;
    for (auto wire = session_->take_wire(); sent && !wire.empty(); wire = session_->take_wire())
        sent = socket_.write_all(wire, patience, deadline);
    sending_ = false;
    return sent;
}

/// False: the other side has ended.
Result<bool> Transport::receive_wire(Deadline deadline)
{
    std::array<std::byte, 16 * 1024> wire;
    const auto count = TRELLIS_TRY(socket_.read_some(wire, deadline));
    if (count == 0)
        return false;
    auto received = session_->receive(std::span(wire).first(count));
    // Alerts say why, also where it failed.
    const auto sent = send_wire(handshake_patience, deadline);
    TRELLIS_TRY(std::move(received));
    TRELLIS_TRY(std::move(sent));
    return true;
}

Result<> Transport::open(Deadline deadline)
{
    if (session_ == nullptr)
        return {};
    TRELLIS_TRY(send_wire(handshake_patience, deadline));
    while (!session_->handshake_done())
        if (!TRELLIS_TRY(receive_wire(deadline)))
            return fail(ErrorCode::io, "the other side ended the TLS handshake");
    return {};
}

Result<std::size_t> Transport::read_some(std::span<std::byte> to, Deadline deadline)
{
    if (session_ == nullptr)
        return socket_.read_some(to, deadline);
    while (true) {
        if (const auto count = TRELLIS_TRY(session_->read(to)); count != 0)
            return count;
        if (session_->peer_closed())
            return 0;
        if (!TRELLIS_TRY(receive_wire(deadline)))
            return fail(ErrorCode::io, "the connection ended inside TLS");
    }
}

Result<> Transport::write_all(std::span<const std::byte> bytes, std::chrono::milliseconds patience, Deadline deadline)
{
    if (session_ == nullptr)
        return socket_.write_all(bytes, patience, deadline);
    TRELLIS_TRY(session_->write(bytes));
    return send_wire(patience, deadline);
}

void Transport::write_at_once(std::span<const std::byte> bytes)
{
    if (!socket_.takes_now())
        return;
    if (session_ == nullptr)
        return socket_.write_or_cut(bytes);
    if (session_->write(bytes))
        socket_.write_or_cut(session_->take_wire());
}

void Transport::finish()
{
    if (session_ != nullptr) {
        session_->close();
        (void)send_wire(std::chrono::milliseconds(1'000), std::nullopt);
    }
    socket_.shut_down_writing();
}

} // namespace trellis::net::http
