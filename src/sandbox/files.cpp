#include "sandbox/files.hpp"

#include "base/result.hpp"

#include <algorithm>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>

namespace trellis::sandbox {

namespace {

constexpr mode_t new_file_mode = 0666; // less the umask
constexpr mode_t new_directory_mode = 0777;

int open_flags(const OpenOptions& options)
{
    // Non-blocking: opening a FIFO must not wait for its other end.
    int flags = O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    flags |= options.write ? (options.read ? O_RDWR : O_WRONLY) : O_RDONLY;
    const std::pair<bool, int> rest[] = {
        {!options.follow, O_NOFOLLOW}, {options.create, O_CREAT},        {options.exclusive, O_EXCL},
        {options.truncate, O_TRUNC},   {options.append, O_APPEND},       {options.data_sync, O_DSYNC},
        {options.sync, O_SYNC},        {options.directory, O_DIRECTORY},
    };
    for (const auto& [wanted, flag] : rest)
        if (wanted)
            flags |= flag;
    return flags;
}

Outcome<off_t> as_offset(std::uint64_t value)
{
    if (value > std::uint64_t(INT64_MAX))
        return failure(EINVAL);
    return static_cast<off_t>(value);
}

} // namespace

Outcome<Directory> Directory::open_host(const char* path, bool read_only, Resolution resolution)
{
    auto fd = TRELLIS_TRY(opened(uninterrupted([&] { return ::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); })));
    return Directory(std::move(fd), read_only, resolution);
}

Outcome<> Directory::writable() const
{
    if (read_only_)
        return failure(EROFS);
    return {};
}

Outcome<HostFd> Directory::locate(const char* path, bool follow) const
{
    return open_beneath(resolution_, fd(), path, O_PATH | (follow ? 0 : O_NOFOLLOW));
}

Outcome<OpenedFile> Directory::open(const char* path, const OpenOptions& options) const
{
    if (options.create && options.directory)
        return failure(EINVAL);
    if (read_only_ && (options.write || options.truncate || options.exclusive))
        return failure(EROFS);
    auto allowed = options;
    allowed.create = options.create && !read_only_;
    auto fd = open_beneath(resolution_, this->fd(), path, open_flags(allowed), new_file_mode);
    if (!fd) {
        const bool would_create = options.create && read_only_ && fd.error() == system_error(ENOENT);
        return would_create ? failure(EROFS) : failure(fd.error());
    }
    const auto status = TRELLIS_TRY(status_of(fd->number()));
    return OpenedFile{std::move(*fd), status};
}

Outcome<struct stat> Directory::status(const char* path, bool follow) const
{
    return status_of(TRELLIS_TRY(locate(path, follow)).number());
}

Outcome<> Directory::set_times(const char* path, bool follow, const FileTimes& times) const
{
    TRELLIS_TRY(writable());
    const auto fd = TRELLIS_TRY(locate(path, follow));
    return checked(::utimensat(fd.number(), "", times.data(), AT_EMPTY_PATH));
}

Outcome<> Directory::make_directory(const char* path) const
{
    TRELLIS_TRY(writable());
    const auto place = TRELLIS_TRY(Place::find(resolution_, fd(), path));
    return checked(::mkdirat(place.directory(), place.name(), new_directory_mode));
}

Outcome<> Directory::remove_directory(const char* path) const
{
    TRELLIS_TRY(writable());
    const auto place = TRELLIS_TRY(Place::find(resolution_, fd(), path));
    return checked(::unlinkat(place.directory(), place.name(), AT_REMOVEDIR));
}

Outcome<> Directory::remove_file(const char* path) const
{
    TRELLIS_TRY(writable());
    const auto place = TRELLIS_TRY(Place::find(resolution_, fd(), path));
    return checked(::unlinkat(place.directory(), place.name(), 0));
}

Outcome<std::size_t> Directory::read_link(const char* path, std::span<char> contents) const
{
    const auto fd = TRELLIS_TRY(locate(path, false));
    std::array<char, PATH_MAX> whole; // the system refuses a buffer of length 0
    const auto length = ::readlinkat(fd.number(), "", whole.data(), whole.size());
    if (length == -1) // with an empty path, ENOENT says that it is no link
        return failure(errno == ENOENT ? EINVAL : errno);
    const auto fits = std::min(static_cast<std::size_t>(length), contents.size());
    std::copy_n(whole.begin(), fits, contents.begin());
    return fits;
}

Outcome<std::string> Directory::relative_link(const char* path) const
{
    std::string contents(PATH_MAX, '\0');
    contents.resize(TRELLIS_TRY(read_link(path, contents)));
    if (contents.starts_with('/'))
        return failure(SystemError::outside_grant);
    return contents;
}

Outcome<> Directory::make_symbolic_link(const char* contents, const char* path) const
{
    TRELLIS_TRY(writable());
    if (contents[0] == '/')
        return failure(SystemError::outside_grant);
    const auto place = TRELLIS_TRY(Place::find(resolution_, fd(), path));
    return checked(::symlinkat(contents, place.directory(), place.name()));
}

Outcome<> Directory::make_hard_link(const char* path, const Directory& target, const char* target_path) const
{
    TRELLIS_TRY(writable());
    TRELLIS_TRY(target.writable());
    const auto from = TRELLIS_TRY(Place::find(resolution_, fd(), path));
    // The kernel would follow a link with a slash behind it; what it leads to can only be a directory, and directories
    // have no hard links.
    if (from.has_trailing_slash()) {
        TRELLIS_TRY(open_beneath(resolution_, fd(), path, O_PATH | O_DIRECTORY));
        return failure(EPERM);
    }
    const auto to = TRELLIS_TRY(Place::find(target.resolution_, target.fd(), target_path));
    return checked(::linkat(from.directory(), from.name(), to.directory(), to.name(), 0));
}

Outcome<> Directory::rename(const char* path, const Directory& target, const char* target_path) const
{
    TRELLIS_TRY(writable());
    TRELLIS_TRY(target.writable());
    const auto from = TRELLIS_TRY(Place::find(resolution_, fd(), path));
    const auto to = TRELLIS_TRY(Place::find(target.resolution_, target.fd(), target_path));
    return checked(::renameat(from.directory(), from.name(), to.directory(), to.name()));
}

Outcome<Directory> Directory::reopen() const
{
    return below(TRELLIS_TRY(opened(::openat(fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC))));
}

Outcome<> Directory::list(std::uint64_t position, const std::function<bool(const DirectoryEntry&)>& entry) const
{
    const auto start = TRELLIS_TRY(as_offset(position));
    if (::lseek(fd(), start, SEEK_SET) == -1)
        return last_failure();
    alignas(dirent64) std::array<char, 8192> block;
    while (true) {
        const auto length = ::syscall(SYS_getdents64, fd(), block.data(), block.size());
        if (length <= 0)
            return length == 0 ? Outcome<>() : last_failure();
        for (long at = 0; at < length;) {
            const auto* raw = reinterpret_cast<const dirent64*>(block.data() + at);
            const std::string_view name(raw->d_name);
            if (!entry({.position = static_cast<std::uint64_t>(raw->d_off),
                        .inode = name == ".." ? 0 : raw->d_ino,
                        .type = raw->d_type,
                        .name = name}))
                return {};
            at += raw->d_reclen;
        }
    }
}

Outcome<struct stat> status_of(int fd)
{
    struct stat status;
    TRELLIS_TRY(checked(::fstatat(fd, "", &status, AT_EMPTY_PATH)));
    return status;
}

Outcome<FileAccess> access_of(int fd)
{
    const int flags = ::fcntl(fd, F_GETFL);
    TRELLIS_TRY(checked(flags));
    const int mode = flags & O_ACCMODE;
    return FileAccess{.read = mode != O_WRONLY,
                      .write = mode != O_RDONLY,
                      .append = (flags & O_APPEND) != 0,
                      .data_sync = (flags & O_DSYNC) != 0,
                      .sync = (flags & O_SYNC) == O_SYNC};
}

Outcome<> synchronize(int fd, bool data_only)
{
    return checked(uninterrupted([&] { return data_only ? ::fdatasync(fd) : ::fsync(fd); }));
}

Outcome<> set_times_of(int fd, const FileTimes& times)
{
    return checked(::futimens(fd, times.data()));
}

Outcome<> set_size_of(int fd, std::uint64_t size)
{
    const auto length = TRELLIS_TRY(as_offset(size));
    return checked(uninterrupted([&] { return ::ftruncate(fd, length); }));
}

Outcome<> allocate(int fd, std::uint64_t offset, std::uint64_t length)
{
    const auto start = TRELLIS_TRY(as_offset(offset));
    const auto size = TRELLIS_TRY(as_offset(length));
    return checked(uninterrupted([&] { return ::fallocate(fd, 0, start, size); }));
}

Outcome<> advise(int fd, std::uint64_t offset, std::uint64_t length, int advice)
{
    const auto start = TRELLIS_TRY(as_offset(offset));
    const auto size = TRELLIS_TRY(as_offset(length));
    if (const int error = ::posix_fadvise(fd, start, size, advice))
        return failure(error);
    return {};
}

Outcome<std::uint64_t> seek(int fd, std::int64_t offset, int whence)
{
    const auto now = ::lseek(fd, offset, whence);
    if (now == -1)
        return last_failure();
    return static_cast<std::uint64_t>(now);
}

} // namespace trellis::sandbox
