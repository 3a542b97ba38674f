#include "sandbox/wasi/p3/filesystem_types.hpp"

#include <algorithm>
#include <fcntl.h>

namespace trellis::sandbox::preview3 {

namespace {

struct Pair {
    int system;
    FileErrorCode wasi;
};

constexpr std::array pairs = {
    Pair{EACCES, FileErrorCode::access},
    Pair{EALREADY, FileErrorCode::already},
    Pair{EBADF, FileErrorCode::bad_descriptor},
    Pair{EBUSY, FileErrorCode::busy},
    Pair{EDEADLK, FileErrorCode::deadlock},
    Pair{EDQUOT, FileErrorCode::quota},
    Pair{EEXIST, FileErrorCode::exist},
    Pair{EFBIG, FileErrorCode::file_too_large},
    Pair{EILSEQ, FileErrorCode::illegal_byte_sequence},
    Pair{EINPROGRESS, FileErrorCode::in_progress},
    Pair{EINTR, FileErrorCode::interrupted},
    Pair{EINVAL, FileErrorCode::invalid},
    Pair{EIO, FileErrorCode::io},
    Pair{EISDIR, FileErrorCode::is_directory},
    Pair{ELOOP, FileErrorCode::loop},
    Pair{EMLINK, FileErrorCode::too_many_links},
    Pair{EMSGSIZE, FileErrorCode::message_size},
    Pair{ENAMETOOLONG, FileErrorCode::name_too_long},
    Pair{ENODEV, FileErrorCode::no_device},
    Pair{ENOENT, FileErrorCode::no_entry},
    Pair{ENOLCK, FileErrorCode::no_lock},
    Pair{ENOMEM, FileErrorCode::insufficient_memory},
    Pair{EMFILE, FileErrorCode::insufficient_memory},
    Pair{ENFILE, FileErrorCode::insufficient_memory},
    Pair{ENOSPC, FileErrorCode::insufficient_space},
    Pair{ENOTDIR, FileErrorCode::not_directory},
    Pair{ENOTEMPTY, FileErrorCode::not_empty},
    Pair{ENOTRECOVERABLE, FileErrorCode::not_recoverable},
    Pair{ENOTSUP, FileErrorCode::unsupported},
    Pair{ENOSYS, FileErrorCode::unsupported},
    Pair{ENOTTY, FileErrorCode::no_tty},
    Pair{ENXIO, FileErrorCode::no_such_device},
    Pair{EOVERFLOW, FileErrorCode::overflow},
    Pair{EPERM, FileErrorCode::not_permitted},
    Pair{static_cast<int>(SystemError::outside_grant), FileErrorCode::not_permitted},
    Pair{EPIPE, FileErrorCode::pipe},
    Pair{EROFS, FileErrorCode::read_only},
    Pair{ESPIPE, FileErrorCode::invalid_seek},
    Pair{ETXTBSY, FileErrorCode::text_file_busy},
    Pair{EXDEV, FileErrorCode::cross_device},
};

struct KindRow {
    mode_t mode;
    FileKind kind;
};
constexpr std::array kinds = {
    KindRow{S_IFBLK, FileKind::block_device},  KindRow{S_IFCHR, FileKind::character_device},
    KindRow{S_IFDIR, FileKind::directory},     KindRow{S_IFIFO, FileKind::fifo},
    KindRow{S_IFLNK, FileKind::symbolic_link}, KindRow{S_IFREG, FileKind::regular_file},
    KindRow{S_IFSOCK, FileKind::socket},
};

/// The uses in the order of the flags.
constexpr std::array use_of_flag = {&FileUses::read,
                                    &FileUses::write,
                                    &FileUses::file_sync,
                                    &FileUses::data_sync,
                                    &FileUses::requested_write_sync,
                                    &FileUses::mutate_directory};

Outcome<timespec> file_time(const NewTimestamp& time)
{
    if (time.value.index() < 2)
        return timespec{.tv_sec = 0, .tv_nsec = time.value.index() == 0 ? UTIME_OMIT : UTIME_NOW};
    const auto& moment = std::get<2>(time.value);
    if (moment.nanoseconds >= 1'000'000'000)
        return failure(EINVAL);
    return timespec{.tv_sec = moment.seconds, .tv_nsec = moment.nanoseconds};
}

} // namespace

FileError file_error(SystemError error)
{
    const auto found = std::ranges::find(pairs, static_cast<int>(error), &Pair::system);
    return found == pairs.end() ? FileErrorCode::other : found->wasi;
}

DescriptorType descriptor_type(mode_t mode)
{
    const auto found = std::ranges::find(kinds, mode & S_IFMT, &KindRow::mode);
    return found == kinds.end() ? FileKind::other : found->kind;
}

DescriptorStat descriptor_stat(const struct stat& status)
{
    return {.type = descriptor_type(status.st_mode),
            .link_count = status.st_nlink,
            .size = static_cast<std::uint64_t>(status.st_size),
            .accessed = system_instant(status.st_atim),
            .modified = system_instant(status.st_mtim),
            .changed = system_instant(status.st_ctim)};
}

DescriptorFlags descriptor_flags(const FileUses& uses)
{
    DescriptorFlags flags;
    for (std::size_t i = 0; i < use_of_flag.size(); ++i)
        flags.bits |= static_cast<std::uint32_t>(uses.*use_of_flag[i]) << i;
    return flags;
}

FileUses file_uses(DescriptorFlags flags)
{
    FileUses uses;
    for (std::size_t i = 0; i < use_of_flag.size(); ++i)
        uses.*use_of_flag[i] = (flags.bits >> i & 1) != 0;
    return uses;
}

OpenWishes open_wishes(PathFlags path_flags, OpenFlags open_flags)
{
    return {.follow = (path_flags.bits & 1) != 0,
            .create = (open_flags.bits & 1) != 0,
            .directory = (open_flags.bits & 2) != 0,
            .exclusive = (open_flags.bits & 4) != 0,
            .truncate = (open_flags.bits & 8) != 0};
}

Outcome<FileTimes> file_times(const NewTimestamp& accessed, const NewTimestamp& modified)
{
    return FileTimes{TRELLIS_TRY(file_time(accessed)), TRELLIS_TRY(file_time(modified))};
}

int system_advice(Advice advice)
{
    constexpr std::array system = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                                   POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
    return system[static_cast<std::size_t>(advice)];
}

} // namespace trellis::sandbox::preview3
