// Attributes and times of files, from the system's form to WASI's and back.
#pragma once

#include "sandbox/clocks.hpp"
#include "sandbox/wasi/descriptors.hpp"

namespace trellis::sandbox::preview1 {

/// FileStat or FileStatSnapshot0.
template <class Stat>
Stat file_status(const struct stat& status)
{
    return {.device = status.st_dev,
            .inode = status.st_ino,
            .filetype = file_type_of(status.st_mode),
            .links = static_cast<decltype(Stat::links)>(status.st_nlink),
            .size = static_cast<std::uint64_t>(status.st_size),
            .accessed = nanoseconds(status.st_atim),
            .modified = nanoseconds(status.st_mtim),
            .changed = nanoseconds(status.st_ctim)};
}

/// What a guest asks times to be. Errors: EINVAL for unknown flags and where a time and "now" are both asked for.
inline Outcome<FileTimes> file_times(std::uint64_t accessed, std::uint64_t modified, std::uint32_t flags)
{
    const bool both_accessed = (flags & fstflags::atim) && (flags & fstflags::atim_now);
    const bool both_modified = (flags & fstflags::mtim) && (flags & fstflags::mtim_now);
    if ((flags & ~fstflags::all) || both_accessed || both_modified)
        return failure(EINVAL);
    const auto time = [](std::uint64_t ns, bool set, bool now) {
        if (set)
            return to_timespec(ns);
        return timespec{.tv_sec = 0, .tv_nsec = now ? UTIME_NOW : UTIME_OMIT};
    };
    return FileTimes{time(accessed, flags & fstflags::atim, flags & fstflags::atim_now),
                     time(modified, flags & fstflags::mtim, flags & fstflags::mtim_now)};
}

} // namespace trellis::sandbox::preview1
