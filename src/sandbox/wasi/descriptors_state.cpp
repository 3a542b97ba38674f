// What a descriptor is, and changing that: attributes, rights, times, sizes, listing of directories.
#include "sandbox/clocks.hpp"
#include "sandbox/wasi/file_status.hpp"
#include "sandbox/wasi/functions.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>

namespace trellis::sandbox::preview1 {

namespace {

/// For changes of what a descriptor points to, which a read-only grant refuses also where the system would not.
Outcome<Descriptor*> find_writable(Call& call, Fd fd, Rights needed)
{
    auto* descriptor = TRELLIS_TRY(call.guest.descriptors.find(fd, needed));
    if (descriptor->read_only)
        return failure(EROFS);
    return descriptor;
}

/// A channel has no attributes but that it exists.
Outcome<struct stat> status_of(const Descriptor& descriptor)
{
    const auto* stream = std::get_if<Stream>(&descriptor.object);
    if (stream == nullptr || !stream->is_channel())
        return sandbox::status_of(descriptor.fd());
    struct stat status = {};
    status.st_nlink = 1;
    status.st_mode = stream->mode();
    return status;
}

template <class Stat>
Outcome<> give_status(Call& call, Fd fd, Out<Stat> out)
{
    const auto* descriptor = TRELLIS_TRY(call.guest.descriptors.find(fd, right::fd_filestat_get));
    const auto status = TRELLIS_TRY(status_of(*descriptor));
    auto given = file_status<Stat>(status);
    given.filetype = descriptor->type;
    out = given;
    return {};
}

Outcome<const std::string*> find_preopen(Call& call, Fd fd)
{
    const auto* descriptor = TRELLIS_TRY(call.guest.descriptors.find(fd));
    if (!descriptor->preopen)
        return failure(EBADF);
    return &*descriptor->preopen;
}

/// Copies as much as fits; whether everything did.
bool put(std::span<std::byte>& to, const void* from, std::size_t size)
{
    const auto fits = std::min(size, to.size());
    std::memcpy(to.data(), from, fits);
    to = to.subspan(fits);
    return fits == size;
}

} // namespace

Outcome<> fd_advise(Call& call, Fd fd, std::uint64_t offset, std::uint64_t length, std::uint32_t advice)
{
    constexpr std::array advices = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                                    POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
    auto* stream = TRELLIS_TRY(call.guest.descriptors.find_stream(fd, right::fd_advise));
    if (advice >= advices.size())
        return failure(EINVAL);
    return advise(stream->fd(), offset, length, advices[advice]);
}

Outcome<> fd_allocate(Call& call, Fd fd, std::uint64_t offset, std::uint64_t length)
{
    auto* stream = TRELLIS_TRY(call.guest.descriptors.find_stream(fd, right::fd_allocate));
    return allocate(stream->fd(), offset, length);
}

Outcome<> fd_close(Call& call, Fd fd)
{
    return call.guest.descriptors.close(fd);
}

Outcome<> fd_datasync(Call& call, Fd fd)
{
    const auto* descriptor = TRELLIS_TRY(call.guest.descriptors.find(fd, right::fd_datasync));
    return synchronize(descriptor->fd(), true);
}

Outcome<> fd_sync(Call& call, Fd fd)
{
    const auto* descriptor = TRELLIS_TRY(call.guest.descriptors.find(fd, right::fd_sync));
    return synchronize(descriptor->fd(), false);
}

Outcome<> fd_fdstat_get(Call& call, Fd fd, Out<FdStat> out)
{
    const auto* descriptor = TRELLIS_TRY(call.guest.descriptors.find(fd));
    out = FdStat{.filetype = descriptor->type,
                 .flags = static_cast<std::uint16_t>(descriptor->flags),
                 .base = descriptor->base,
                 .inheriting = descriptor->inheriting};
    return {};
}

/// `append` goes to the system, `nonblock` is ours, the others can't be changed once a file is open.
Outcome<> fd_fdstat_set_flags(Call& call, Fd fd, std::uint32_t flags)
{
    auto* descriptor = TRELLIS_TRY(call.guest.descriptors.find(fd, right::fd_fdstat_set_flags));
    const auto changed = flags ^ descriptor->flags;
    if (flags & ~fdflags::all)
        return failure(EINVAL);
    auto* stream = std::get_if<Stream>(&descriptor->object);
    if (changed & (fdflags::dsync | fdflags::rsync | fdflags::sync))
        return failure(ENOTSUP);
    if (changed & fdflags::append) {
        if (stream == nullptr || !stream->is_owned()) // borrowed: the flag is shared with other processes
            return failure(ENOTSUP);
        const int now = ::fcntl(descriptor->fd(), F_GETFL);
        TRELLIS_TRY(checked(now));
        const int wanted = flags & fdflags::append ? now | O_APPEND : now & ~O_APPEND;
        TRELLIS_TRY(checked(::fcntl(descriptor->fd(), F_SETFL, wanted)));
    }
    if (stream != nullptr)
        stream->set_non_blocking(flags & fdflags::nonblock);
    descriptor->flags = flags;
    return {};
}

Outcome<> fd_fdstat_set_rights(Call& call, Fd fd, Rights base, Rights inheriting)
{
    auto* descriptor = TRELLIS_TRY(call.guest.descriptors.find(fd));
    if ((base & ~descriptor->base) != 0 || (inheriting & ~descriptor->inheriting) != 0)
        return failure(SystemError::missing_right);
    descriptor->base = base;
    descriptor->inheriting = inheriting;
    return {};
}

Outcome<> fd_filestat_get(Call& call, Fd fd, Out<FileStat> out)
{
    return give_status(call, fd, out);
}

Outcome<> snapshot0::fd_filestat_get(Call& call, Fd fd, Out<FileStatSnapshot0> out)
{
    return give_status(call, fd, out);
}

Outcome<> fd_filestat_set_size(Call& call, Fd fd, std::uint64_t size)
{
    auto* stream = TRELLIS_TRY(call.guest.descriptors.find_stream(fd, right::fd_filestat_set_size));
    TRELLIS_TRY(find_writable(call, fd, right::fd_filestat_set_size));
    return set_size_of(stream->fd(), size);
}

Outcome<> fd_filestat_set_times(Call& call, Fd fd, std::uint64_t accessed, std::uint64_t modified, std::uint32_t flags)
{
    const auto* descriptor = TRELLIS_TRY(find_writable(call, fd, right::fd_filestat_set_times));
    return set_times_of(descriptor->fd(), TRELLIS_TRY(file_times(accessed, modified, flags)));
}

Outcome<> fd_prestat_get(Call& call, Fd fd, Out<PrestatDirectory> out)
{
    const auto* name = TRELLIS_TRY(find_preopen(call, fd));
    out = PrestatDirectory{.name_length = static_cast<std::uint32_t>(name->size())};
    return {};
}

Outcome<> fd_prestat_dir_name(Call& call, Fd fd, Buffer buffer)
{
    const auto* name = TRELLIS_TRY(find_preopen(call, fd));
    if (buffer.bytes.size() < name->size())
        return failure(ENAMETOOLONG);
    std::memcpy(buffer.bytes.data(), name->data(), name->size());
    return {};
}

/// Fills the buffer to its end where there are entries enough, cutting the last one: a full buffer tells the guest that
/// there is more.
Outcome<> fd_readdir(Call& call, Fd fd, Buffer buffer, std::uint64_t cookie, Out<std::uint32_t> used)
{
    const auto* directory = TRELLIS_TRY(call.guest.descriptors.find_directory(fd, right::fd_readdir));
    auto free = buffer.bytes;
    TRELLIS_TRY(directory->list(cookie, [&free](const DirectoryEntry& entry) {
        const DirectoryEntryHeader header = {.next = entry.position,
                                             .inode = entry.inode,
                                             .name_length = static_cast<std::uint32_t>(entry.name.size()),
                                             .type = file_type_of_entry(entry.type)};
        return put(free, &header, sizeof header) && put(free, entry.name.data(), entry.name.size());
    }));
    used = static_cast<std::uint32_t>(buffer.bytes.size() - free.size());
    return {};
}

Outcome<> fd_renumber(Call& call, Fd from, Fd to)
{
    return call.guest.descriptors.renumber(from, to);
}

} // namespace trellis::sandbox::preview1
