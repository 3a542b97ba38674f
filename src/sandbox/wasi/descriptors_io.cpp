// Moving data: reading, writing, seeking, and the calls on sockets.
#include "sandbox/wasi/functions.hpp"

#include <algorithm>
#include <array>
#include <sys/socket.h>

namespace trellis::sandbox::preview1 {

namespace {

constexpr std::uint32_t max_vectors_seen = 65'536;

/// The guest's vectors as the system takes them: empty ones left out, at most IOV_MAX. What lies behind those is a
/// short transfer.
class Parts {
public:
    Parts() {} // NOLINT: leaves the parts as they are
    Outcome<std::span<iovec>> take(const Call& call, const GuestVectors& vectors)
    {
        std::size_t count = 0;
        const auto seen = std::min(vectors.size(), max_vectors_seen);
        for (std::uint32_t index = 0; index < seen && count < IOV_MAX; ++index) {
            const auto vector = vectors[index];
            const auto bytes = TRELLIS_TRY(call.bytes(vector.address, vector.length));
            if (!bytes.empty())
                parts_[count++] = {.iov_base = bytes.data(), .iov_len = bytes.size()};
        }
        if (count == 0 && vectors.size() > seen) // 0 bytes moved would mean the end of the file
            return failure(EINVAL);
        // A guest reads the number of bytes as 32 bits.
        std::size_t total = 0;
        for (std::size_t index = 0; index < count; ++index) {
            parts_[index].iov_len = std::min(parts_[index].iov_len, UINT32_MAX - total);
            total += parts_[index].iov_len;
        }
        return std::span(parts_, count);
    }

private:
    iovec parts_[IOV_MAX];
};

/// Gives the guest the number of bytes moved.
Outcome<> give(const Outcome<std::size_t>& moved, Out<std::uint32_t> count)
{
    if (!moved)
        return failure(moved.error());
    count = static_cast<std::uint32_t>(*moved);
    return {};
}

Outcome<> seek_from(Call& call, Fd fd, std::uint64_t offset, int whence, Out<std::uint64_t> position)
{
    const auto delta = static_cast<std::int64_t>(offset);
    const bool only_tells = delta == 0 && whence == SEEK_CUR;
    auto* stream = TRELLIS_TRY(call.guest.descriptors.find_stream(fd, 0));
    auto* descriptor = TRELLIS_TRY(call.guest.descriptors.find(fd));
    if (!only_tells || !descriptor->require(right::fd_tell))
        TRELLIS_TRY(descriptor->require(right::fd_seek));
    position = TRELLIS_TRY(seek(stream->fd(), delta, whence));
    return {};
}

/// `order`: what the guest's numbers for whence mean.
Outcome<int> whence_of(std::uint32_t whence, const std::array<int, 3>& order)
{
    if (whence >= order.size())
        return failure(EINVAL);
    return order[whence];
}

} // namespace

Outcome<> fd_read(Call& call, Fd fd, const GuestVectors& vectors, Out<std::uint32_t> count)
{
    auto* stream = TRELLIS_TRY(call.guest.descriptors.find_stream(fd, right::fd_read));
    Parts parts;
    return give(stream->read(TRELLIS_TRY(parts.take(call, vectors)), call.wait), count);
}

Outcome<> fd_write(Call& call, Fd fd, const GuestVectors& vectors, Out<std::uint32_t> count)
{
    auto* stream = TRELLIS_TRY(call.guest.descriptors.find_stream(fd, right::fd_write));
    Parts parts;
    return give(stream->write(TRELLIS_TRY(parts.take(call, vectors)), call.wait), count);
}

Outcome<> fd_pread(Call& call, Fd fd, const GuestVectors& vectors, std::uint64_t offset, Out<std::uint32_t> count)
{
    auto* stream = TRELLIS_TRY(call.guest.descriptors.find_stream(fd, right::fd_read | right::fd_seek));
    Parts parts;
    return give(stream->read_at(TRELLIS_TRY(parts.take(call, vectors)), offset, call.wait), count);
}

Outcome<> fd_pwrite(Call& call, Fd fd, const GuestVectors& vectors, std::uint64_t offset, Out<std::uint32_t> count)
{
    auto* stream = TRELLIS_TRY(call.guest.descriptors.find_stream(fd, right::fd_write | right::fd_seek));
    Parts parts;
    return give(stream->write_at(TRELLIS_TRY(parts.take(call, vectors)), offset, call.wait), count);
}

Outcome<> fd_seek(Call& call, Fd fd, std::uint64_t offset, std::uint32_t whence, Out<std::uint64_t> position)
{
    return seek_from(call, fd, offset, TRELLIS_TRY(whence_of(whence, {SEEK_SET, SEEK_CUR, SEEK_END})), position);
}

Outcome<> snapshot0::fd_seek(Call& call, Fd fd, std::uint64_t offset, std::uint32_t whence, Out<std::uint64_t> position)
{
    return seek_from(call, fd, offset, TRELLIS_TRY(whence_of(whence, {SEEK_CUR, SEEK_END, SEEK_SET})), position);
}

Outcome<> fd_tell(Call& call, Fd fd, Out<std::uint64_t> position)
{
    return seek_from(call, fd, 0, SEEK_CUR, position);
}

Outcome<> sock_accept(Call& call, Fd fd, std::uint32_t flags, Out<Fd> connection_fd)
{
    auto& descriptors = call.guest.descriptors;
    auto* listener = TRELLIS_TRY(descriptors.find_socket(fd, right::sock_accept));
    if (flags & ~fdflags::nonblock)
        return failure(EINVAL);
    if (!descriptors.has_room())
        return failure(EMFILE);
    connection_fd =
        TRELLIS_TRY(descriptors.add(connection(TRELLIS_TRY(accept_connection(*listener, call.wait)), flags)));
    return {};
}

Outcome<> sock_recv(Call& call, Fd fd, const GuestVectors& vectors, std::uint32_t flags, Out<std::uint32_t> count,
                    Out<std::uint16_t> out_flags)
{
    auto* socket = TRELLIS_TRY(call.guest.descriptors.find_socket(fd, right::fd_read));
    if (flags & ~riflags::all)
        return failure(EINVAL);
    Parts parts;
    const auto received = TRELLIS_TRY(receive(*socket, TRELLIS_TRY(parts.take(call, vectors)),
                                              flags & riflags::recv_peek, flags & riflags::recv_waitall, call.wait));
    count = static_cast<std::uint32_t>(received.bytes);
    out_flags = received.truncated ? recv_data_truncated : std::uint16_t(0);
    return {};
}

Outcome<> sock_send(Call& call, Fd fd, const GuestVectors& vectors, std::uint32_t flags, Out<std::uint32_t> count)
{
    auto* socket = TRELLIS_TRY(call.guest.descriptors.find_socket(fd, right::fd_write));
    if (flags != 0)
        return failure(EINVAL);
    Parts parts;
    return give(socket->write(TRELLIS_TRY(parts.take(call, vectors)), call.wait), count);
}

Outcome<> sock_shutdown(Call& call, Fd fd, std::uint32_t how)
{
    constexpr std::array<int, 4> directions = {-1, SHUT_RD, SHUT_WR, SHUT_RDWR}; // by sdflags
    auto* socket = TRELLIS_TRY(call.guest.descriptors.find_socket(fd, right::sock_shutdown));
    if (how == 0 || how > sdflags::all)
        return failure(EINVAL);
    return shut_down(*socket, directions[how]);
}

} // namespace trellis::sandbox::preview1
