#include "sandbox/wasi/p2/filesystem_types.hpp"

#include "base/result.hpp"

#include <algorithm>
#include <dirent.h>

namespace trellis::sandbox::preview2 {
namespace {

struct Row {
    SystemError system;
    FileError wasi;
};

constexpr Row row(int number, FileError wasi)
{
    return {system_error(number), wasi};
}

constexpr Row rows[] = {
    row(EACCES, FileError::access),
    row(EAGAIN, FileError::would_block),
    row(EALREADY, FileError::already),
    row(EBADF, FileError::bad_descriptor),
    row(EBUSY, FileError::busy),
    row(EDEADLK, FileError::deadlock),
    row(EDQUOT, FileError::quota),
    row(EEXIST, FileError::exist),
    row(EFBIG, FileError::file_too_large),
    row(EILSEQ, FileError::illegal_byte_sequence),
    row(EINPROGRESS, FileError::in_progress),
    row(EINTR, FileError::interrupted),
    row(EINVAL, FileError::invalid),
    row(EIO, FileError::io),
    row(EISDIR, FileError::is_directory),
    row(ELOOP, FileError::loop),
    row(EMFILE, FileError::insufficient_memory), // of descriptors; there is no other word
    row(EMLINK, FileError::too_many_links),
    row(EMSGSIZE, FileError::message_size),
    row(ENAMETOOLONG, FileError::name_too_long),
    row(ENFILE, FileError::insufficient_memory),
    row(ENODEV, FileError::no_device),
    row(ENOENT, FileError::no_entry),
    row(ENOLCK, FileError::no_lock),
    row(ENOMEM, FileError::insufficient_memory),
    row(ENOSPC, FileError::insufficient_space),
    row(ENOSYS, FileError::unsupported),
    row(ENOTDIR, FileError::not_directory),
    row(ENOTEMPTY, FileError::not_empty),
    row(ENOTRECOVERABLE, FileError::not_recoverable),
    row(ENOTSUP, FileError::unsupported),
    row(ENOTTY, FileError::no_tty),
    row(ENXIO, FileError::no_such_device),
    row(EOVERFLOW, FileError::overflow),
    row(EPERM, FileError::not_permitted),
    row(EPIPE, FileError::pipe),
    row(EROFS, FileError::read_only),
    row(ESPIPE, FileError::invalid_seek),
    row(ETXTBSY, FileError::text_file_busy),
    row(EXDEV, FileError::cross_device),
    {SystemError::outside_grant, FileError::not_permitted},
};

struct TypeRow {
    mode_t mode;
    unsigned char entry;
    DescriptorType type;
};

constexpr TypeRow types[] = {
    {S_IFBLK, DT_BLK, DescriptorType::block_device},  {S_IFCHR, DT_CHR, DescriptorType::character_device},
    {S_IFDIR, DT_DIR, DescriptorType::directory},     {S_IFIFO, DT_FIFO, DescriptorType::fifo},
    {S_IFLNK, DT_LNK, DescriptorType::symbolic_link}, {S_IFREG, DT_REG, DescriptorType::regular_file},
    {S_IFSOCK, DT_SOCK, DescriptorType::socket},
};

Outcome<timespec> time_of(const NewTimestamp& timestamp)
{
    if (timestamp.value.index() == 0)
        return timespec{.tv_sec = 0, .tv_nsec = UTIME_OMIT};
    if (timestamp.value.index() == 1)
        return timespec{.tv_sec = 0, .tv_nsec = UTIME_NOW};
    const auto& [seconds, nanoseconds] = std::get<2>(timestamp.value);
    if (seconds > std::uint64_t(INT64_MAX) || nanoseconds >= 1'000'000'000)
        return failure(EINVAL);
    return timespec{.tv_sec = static_cast<time_t>(seconds), .tv_nsec = static_cast<long>(nanoseconds)};
}

} // namespace

FileError file_error_of(SystemError error)
{
    const auto* const found = std::ranges::find(rows, error, &Row::system);
    return found != std::end(rows) ? found->wasi : FileError::io;
}

DescriptorType descriptor_type_of(mode_t mode)
{
    const auto* const found = std::ranges::find(types, mode & S_IFMT, &TypeRow::mode);
    return found != std::end(types) ? found->type : DescriptorType::unknown;
}

DescriptorType descriptor_type_of_entry(unsigned char type)
{
    const auto* const found = std::ranges::find(types, type, &TypeRow::entry);
    return found != std::end(types) ? found->type : DescriptorType::unknown;
}

DescriptorStat descriptor_stat_of(const struct stat& status)
{
    return {.type = descriptor_type_of(status.st_mode),
            .link_count = status.st_nlink,
            .size = static_cast<std::uint64_t>(status.st_size),
            .accessed = datetime_of(status.st_atim),
            .modified = datetime_of(status.st_mtim),
            .status_changed = datetime_of(status.st_ctim)};
}

Outcome<FileTimes> file_times_of(const NewTimestamp& accessed, const NewTimestamp& modified)
{
    return FileTimes{TRELLIS_TRY(time_of(accessed)), TRELLIS_TRY(time_of(modified))};
}

} // namespace trellis::sandbox::preview2
