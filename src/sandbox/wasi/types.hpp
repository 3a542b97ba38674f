// The types of WASI 0.1 as they lie in guest memory: little-endian, fields at their natural alignment, padding named so
// that it is always zero. `Snapshot0` layouts are those of `wasi_unstable` where they differ.
// https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace trellis::sandbox::preview1 {

static_assert(std::endian::native == std::endian::little);

enum class Errno : std::uint16_t {
    success,
    toobig,
    acces,
    addrinuse,
    addrnotavail,
    afnosupport,
    again,
    already,
    badf,
    badmsg,
    busy,
    canceled,
    child,
    connaborted,
    connrefused,
    connreset,
    deadlk,
    destaddrreq,
    dom,
    dquot,
    exist,
    fault,
    fbig,
    hostunreach,
    idrm,
    ilseq,
    inprogress,
    intr,
    inval,
    io,
    isconn,
    isdir,
    loop,
    mfile,
    mlink,
    msgsize,
    multihop,
    nametoolong,
    netdown,
    netreset,
    netunreach,
    nfile,
    nobufs,
    nodev,
    noent,
    noexec,
    nolck,
    nolink,
    nomem,
    nomsg,
    noprotoopt,
    nospc,
    nosys,
    notconn,
    notdir,
    notempty,
    notrecoverable,
    notsock,
    notsup,
    notty,
    nxio,
    overflow,
    ownerdead,
    perm,
    pipe,
    proto,
    protonosupport,
    prototype,
    range,
    rofs,
    spipe,
    srch,
    stale,
    timedout,
    txtbsy,
    xdev,
    notcapable,
};

/// A set of rights, one bit each.
using Rights = std::uint64_t;
namespace right {
constexpr Rights bit(int number)
{
    return Rights(1) << number;
}
inline constexpr Rights fd_datasync = bit(0), fd_read = bit(1), fd_seek = bit(2), fd_fdstat_set_flags = bit(3),
                        fd_sync = bit(4), fd_tell = bit(5), fd_write = bit(6), fd_advise = bit(7), fd_allocate = bit(8),
                        path_create_directory = bit(9), path_create_file = bit(10), path_link_source = bit(11),
                        path_link_target = bit(12), path_open = bit(13), fd_readdir = bit(14), path_readlink = bit(15),
                        path_rename_source = bit(16), path_rename_target = bit(17), path_filestat_get = bit(18),
                        path_filestat_set_size = bit(19), path_filestat_set_times = bit(20), fd_filestat_get = bit(21),
                        fd_filestat_set_size = bit(22), fd_filestat_set_times = bit(23), path_symlink = bit(24),
                        path_remove_directory = bit(25), path_unlink_file = bit(26), poll_fd_readwrite = bit(27),
                        sock_shutdown = bit(28), sock_accept = bit(29);

inline constexpr Rights any = fd_fdstat_set_flags | fd_filestat_get | poll_fd_readwrite;
inline constexpr Rights regular_file = any | fd_datasync | fd_read | fd_seek | fd_sync | fd_tell | fd_write |
                                       fd_advise | fd_allocate | fd_filestat_set_size | fd_filestat_set_times;
inline constexpr Rights directory = any | fd_datasync | fd_sync | fd_advise | fd_readdir | fd_filestat_set_times |
                                    path_create_directory | path_create_file | path_link_source | path_link_target |
                                    path_open | path_readlink | path_rename_source | path_rename_target |
                                    path_filestat_get | path_filestat_set_size | path_filestat_set_times |
                                    path_symlink | path_remove_directory | path_unlink_file;
inline constexpr Rights directory_inheriting = directory | regular_file;
inline constexpr Rights stream = any | fd_datasync | fd_sync | fd_read | fd_write; ///< pipes, terminals
inline constexpr Rights connection = any | fd_read | fd_write | sock_shutdown;
inline constexpr Rights listener = any | sock_accept;
} // namespace right

enum class FileType : std::uint8_t {
    unknown,
    block_device,
    character_device,
    directory,
    regular_file,
    socket_dgram,
    socket_stream,
    symbolic_link,
};

// Flags, as bits of the integers that guests pass.
namespace fdflags {
inline constexpr std::uint32_t append = 1, dsync = 2, nonblock = 4, rsync = 8, sync = 16, all = 31;
}
namespace oflags {
inline constexpr std::uint32_t creat = 1, directory = 2, excl = 4, trunc = 8, all = 15;
}
namespace fstflags {
inline constexpr std::uint32_t atim = 1, atim_now = 2, mtim = 4, mtim_now = 8, all = 15;
}
namespace lookupflags {
inline constexpr std::uint32_t symlink_follow = 1, all = 1;
}
namespace riflags {
inline constexpr std::uint32_t recv_peek = 1, recv_waitall = 2, all = 3;
}
namespace sdflags {
inline constexpr std::uint32_t rd = 1, wr = 2, all = 3;
}
inline constexpr std::uint16_t recv_data_truncated = 1;
inline constexpr std::uint16_t fd_readwrite_hangup = 1;
inline constexpr std::uint16_t subscription_clock_abstime = 1;

/// iovec and ciovec.
struct GuestVector {
    std::uint32_t address;
    std::uint32_t length;
};

struct FdStat {
    FileType filetype;
    std::uint8_t padding0 = 0;
    std::uint16_t flags;
    std::uint32_t padding1 = 0;
    Rights base;
    Rights inheriting;
};
static_assert(sizeof(FdStat) == 24);

struct FileStat {
    std::uint64_t device;
    std::uint64_t inode;
    FileType filetype;
    std::array<std::uint8_t, 7> padding = {};
    std::uint64_t links;
    std::uint64_t size;
    std::uint64_t accessed, modified, changed; ///< nanoseconds since 1970
};
static_assert(sizeof(FileStat) == 64);

struct FileStatSnapshot0 {
    std::uint64_t device;
    std::uint64_t inode;
    FileType filetype;
    std::array<std::uint8_t, 3> padding = {};
    std::uint32_t links;
    std::uint64_t size;
    std::uint64_t accessed, modified, changed;
};
static_assert(sizeof(FileStatSnapshot0) == 56);

struct PrestatDirectory {
    std::uint32_t tag = 0;
    std::uint32_t name_length;
};

struct DirectoryEntryHeader {
    std::uint64_t next;
    std::uint64_t inode;
    std::uint32_t name_length;
    FileType type;
    std::array<std::uint8_t, 3> padding = {};
};
static_assert(sizeof(DirectoryEntryHeader) == 24);

enum class EventType : std::uint8_t { clock, fd_read, fd_write };

struct Subscription {
    std::uint64_t userdata;
    std::uint8_t tag;
    std::array<std::uint8_t, 7> padding0;
    std::uint32_t id; ///< of a clock, or the descriptor
    std::uint32_t padding1;
    std::uint64_t timeout;
    std::uint64_t precision;
    std::uint16_t flags;
    std::array<std::uint8_t, 6> padding2;

    [[nodiscard]] std::uint32_t descriptor() const { return id; }
};
static_assert(sizeof(Subscription) == 48);

/// Clocks have a number of their own in front; descriptors stand in its place.
struct SubscriptionSnapshot0 {
    std::uint64_t userdata;
    std::uint8_t tag;
    std::array<std::uint8_t, 7> padding0;
    std::uint64_t identifier;
    std::uint32_t id;
    std::uint32_t padding1;
    std::uint64_t timeout;
    std::uint64_t precision;
    std::uint16_t flags;
    std::array<std::uint8_t, 6> padding2;

    [[nodiscard]] std::uint32_t descriptor() const { return static_cast<std::uint32_t>(identifier); }
};
static_assert(sizeof(SubscriptionSnapshot0) == 56);

struct Event {
    std::uint64_t userdata;
    Errno error = Errno::success;
    EventType type;
    std::array<std::uint8_t, 5> padding0 = {};
    std::uint64_t bytes = 0;
    std::uint16_t flags = 0;
    std::array<std::uint8_t, 6> padding1 = {};
};
static_assert(sizeof(Event) == 32);

} // namespace trellis::sandbox::preview1
