// Directories and files as capabilities: a Directory is the right to everything below it, and only that; read-only ones
// refuse whatever would change something, as a read-only mount does (EROFS). All paths go through path_resolution.hpp.
// Paths are C strings. One thread at a time per object.
#pragma once

#include "sandbox/path_resolution.hpp"

#include <array>
#include <cstdint>
#include <ctime>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <sys/stat.h>

namespace trellis::sandbox {

/// Access and modification time for set_times; tv_nsec may be UTIME_NOW or UTIME_OMIT.
using FileTimes = std::array<timespec, 2>;

struct OpenOptions {
    bool read = false, write = false; ///< neither: opened for reading
    bool follow = false;              ///< a symbolic link at the end of the path
    bool create = false, exclusive = false, truncate = false;
    bool directory = false; ///< must be one
    bool append = false, data_sync = false, sync = false;
};

struct OpenedFile {
    HostFd fd; ///< in non-blocking mode
    struct stat status;
};

/// What may be done through a descriptor, as it was opened.
struct FileAccess {
    bool read, write;
    bool append, data_sync, sync;
};

/// What a directory lists. `position` is where reading goes on behind this entry.
struct DirectoryEntry {
    std::uint64_t position;
    std::uint64_t inode; ///< 0 for "..", which may lie outside
    unsigned char type;  ///< DT_REG, ...
    std::string_view name;
};

class Directory {
public:
    Directory(HostFd fd, bool read_only, Resolution resolution)
        : fd_(std::move(fd)), read_only_(read_only), resolution_(resolution)
    {
    }
    /// A directory of the host, named by a path of the host.
    static Outcome<Directory> open_host(const char* path, bool read_only, Resolution resolution);

    /// The same directory and rights once more, with a position of its own for listing.
    [[nodiscard]] Outcome<Directory> reopen() const;

    [[nodiscard]] int fd() const { return fd_.number(); }
    [[nodiscard]] bool read_only() const { return read_only_; }
    /// The same rights to a directory found below this one.
    [[nodiscard]] Directory below(HostFd fd) const { return {std::move(fd), read_only_, resolution_}; }

    /// The same directories, where nothing may be changed.
    [[nodiscard]] Directory read_only_below(HostFd fd) const { return {std::move(fd), true, resolution_}; }

    /// Never blocks and never becomes a controlling terminal, whatever is found.
    Outcome<OpenedFile> open(const char* path, const OpenOptions& options) const;
    Outcome<struct stat> status(const char* path, bool follow) const;
    Outcome<> set_times(const char* path, bool follow, const FileTimes& times) const;
    Outcome<> make_directory(const char* path) const;
    Outcome<> remove_directory(const char* path) const;
    Outcome<> remove_file(const char* path) const;
    /// The bytes of the link's contents that fit; their number.
    Outcome<std::size_t> read_link(const char* path, std::span<char> contents) const;
    /// All of the link's contents. Refuses absolute ones: outside_grant.
    Outcome<std::string> relative_link(const char* path) const;
    /// Refuses absolute contents: outside_grant.
    Outcome<> make_symbolic_link(const char* contents, const char* path) const;
    /// Links what `path` names itself, also where that is a symbolic link. Both directories must be writable.
    Outcome<> make_hard_link(const char* path, const Directory& target, const char* target_path) const;
    Outcome<> rename(const char* path, const Directory& target, const char* target_path) const;
    /// Hands out entries from `position` (0: the start) on until `entry` returns false or there are no more.
    Outcome<> list(std::uint64_t position, const std::function<bool(const DirectoryEntry&)>& entry) const;

private:
    [[nodiscard]] Outcome<> writable() const;
    Outcome<HostFd> locate(const char* path, bool follow) const;

    HostFd fd_;
    bool read_only_;
    Resolution resolution_;
};

// What is done to an open file. Sizes and offsets are in bytes; offsets beyond 2^63 are EINVAL.
Outcome<struct stat> status_of(int fd);
Outcome<FileAccess> access_of(int fd);
/// Until what was written is on the disk; `data_only`: without what only tells about it, such as times.
Outcome<> synchronize(int fd, bool data_only);
Outcome<> set_times_of(int fd, const FileTimes& times);
Outcome<> set_size_of(int fd, std::uint64_t size);
/// Makes sure that the bytes exist; the file only grows.
Outcome<> allocate(int fd, std::uint64_t offset, std::uint64_t length);
/// `advice`: POSIX_FADV_...
Outcome<> advise(int fd, std::uint64_t offset, std::uint64_t length, int advice);
/// `whence`: SEEK_SET, SEEK_CUR or SEEK_END. The new offset.
Outcome<std::uint64_t> seek(int fd, std::int64_t offset, int whence);

} // namespace trellis::sandbox
