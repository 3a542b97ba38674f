// The calls that take paths. Each is a right, a directory and one operation of it (sandbox/files.hpp).
#include "sandbox/wasi/file_status.hpp"
#include "sandbox/wasi/functions.hpp"

namespace trellis::sandbox::preview1 {

namespace {

/// Whether to follow a symbolic link at the end of the path. Errors: EINVAL.
Outcome<bool> follows(std::uint32_t flags)
{
    if (flags & ~lookupflags::all)
        return failure(EINVAL);
    return (flags & lookupflags::symlink_follow) != 0;
}

template <class Stat>
Outcome<> give_status(Call& call, Fd fd, std::uint32_t flags, const Path& path, Out<Stat> out)
{
    const auto* directory = TRELLIS_TRY(call.guest.descriptors.find_directory(fd, right::path_filestat_get));
    const bool follow = TRELLIS_TRY(follows(flags));
    out = file_status<Stat>(TRELLIS_TRY(directory->status(path.c_str(), follow)));
    return {};
}

/// What path_open needs of the directory it starts from.
struct NeededRights {
    Rights base;
    Rights inheriting;
};

NeededRights needed_to_open(std::uint32_t open_flags, std::uint32_t fd_flags, Rights base, Rights inheriting)
{
    NeededRights needed = {.base = right::path_open, .inheriting = base | inheriting};
    if (open_flags & oflags::creat)
        needed.base |= right::path_create_file;
    if (open_flags & oflags::trunc)
        needed.base |= right::path_filestat_set_size;
    if (fd_flags & fdflags::dsync)
        needed.inheriting |= right::fd_datasync;
    if (fd_flags & (fdflags::rsync | fdflags::sync))
        needed.inheriting |= right::fd_sync;
    return needed;
}

OpenOptions options_of(bool follow, std::uint32_t open_flags, std::uint32_t fd_flags, Rights base)
{
    return {.read = (base & right::fd_read) != 0,
            .write = (base & (right::fd_write | right::fd_allocate | right::fd_filestat_set_size)) != 0,
            .follow = follow,
            .create = (open_flags & oflags::creat) != 0,
            .exclusive = (open_flags & oflags::excl) != 0,
            .truncate = (open_flags & oflags::trunc) != 0,
            .directory = (open_flags & oflags::directory) != 0,
            .append = (fd_flags & fdflags::append) != 0,
            .data_sync = (fd_flags & fdflags::dsync) != 0,
            .sync = (fd_flags & (fdflags::rsync | fdflags::sync)) != 0};
}

} // namespace

Outcome<> path_create_directory(Call& call, Fd fd, const Path& path)
{
    const auto* directory = TRELLIS_TRY(call.guest.descriptors.find_directory(fd, right::path_create_directory));
    return directory->make_directory(path.c_str());
}

Outcome<> path_filestat_get(Call& call, Fd fd, std::uint32_t flags, const Path& path, Out<FileStat> out)
{
    return give_status(call, fd, flags, path, out);
}

Outcome<> snapshot0::path_filestat_get(Call& call, Fd fd, std::uint32_t flags, const Path& path,
                                       Out<FileStatSnapshot0> out)
{
    return give_status(call, fd, flags, path, out);
}

Outcome<> path_filestat_set_times(Call& call, Fd fd, std::uint32_t flags, const Path& path, std::uint64_t accessed,
                                  std::uint64_t modified, std::uint32_t time_flags)
{
    const auto* directory = TRELLIS_TRY(call.guest.descriptors.find_directory(fd, right::path_filestat_set_times));
    const bool follow = TRELLIS_TRY(follows(flags));
    return directory->set_times(path.c_str(), follow, TRELLIS_TRY(file_times(accessed, modified, time_flags)));
}

Outcome<> path_link(Call& call, Fd fd, std::uint32_t flags, const Path& path, Fd target, const Path& target_path)
{
    auto& descriptors = call.guest.descriptors;
    const auto* from = TRELLIS_TRY(descriptors.find_directory(fd, right::path_link_source));
    const auto* to = TRELLIS_TRY(descriptors.find_directory(target, right::path_link_target));
    if (TRELLIS_TRY(follows(flags))) // a link to what a symbolic link points to can't be made without a race
        return failure(EINVAL);
    return from->make_hard_link(path.c_str(), *to, target_path.c_str());
}

Outcome<> path_open(Call& call, Fd fd, std::uint32_t flags, const Path& path, std::uint32_t open_flags, Rights base,
                    Rights inheriting, std::uint32_t fd_flags, Out<Fd> out)
{
    auto& descriptors = call.guest.descriptors;
    const auto needed = needed_to_open(open_flags, fd_flags, base, inheriting);
    const auto* directory = TRELLIS_TRY(descriptors.find_directory(fd, needed.base));
    const auto* descriptor = TRELLIS_TRY(descriptors.find(fd));
    const bool follow = TRELLIS_TRY(follows(flags));
    if ((open_flags & ~oflags::all) || (fd_flags & ~fdflags::all))
        return failure(EINVAL);
    if (needed.inheriting & ~descriptor->inheriting)
        return failure(SystemError::missing_right);
    if (!descriptors.has_room())
        return failure(EMFILE);
    auto file = TRELLIS_TRY(directory->open(path.c_str(), options_of(follow, open_flags, fd_flags, base)));
    out = TRELLIS_TRY(descriptors.add(descriptor_of(std::move(file), *directory, base, inheriting, fd_flags)));
    return {};
}

Outcome<> path_readlink(Call& call, Fd fd, const Path& path, Buffer contents, Out<std::uint32_t> used)
{
    const auto* directory = TRELLIS_TRY(call.guest.descriptors.find_directory(fd, right::path_readlink));
    const std::span<char> to(reinterpret_cast<char*>(contents.bytes.data()), contents.bytes.size());
    used = static_cast<std::uint32_t>(TRELLIS_TRY(directory->read_link(path.c_str(), to)));
    return {};
}

Outcome<> path_remove_directory(Call& call, Fd fd, const Path& path)
{
    const auto* directory = TRELLIS_TRY(call.guest.descriptors.find_directory(fd, right::path_remove_directory));
    return directory->remove_directory(path.c_str());
}

Outcome<> path_rename(Call& call, Fd fd, const Path& path, Fd target, const Path& target_path)
{
    auto& descriptors = call.guest.descriptors;
    const auto* from = TRELLIS_TRY(descriptors.find_directory(fd, right::path_rename_source));
    const auto* to = TRELLIS_TRY(descriptors.find_directory(target, right::path_rename_target));
    return from->rename(path.c_str(), *to, target_path.c_str());
}

Outcome<> path_symlink(Call& call, const Path& contents, Fd fd, const Path& path)
{
    const auto* directory = TRELLIS_TRY(call.guest.descriptors.find_directory(fd, right::path_symlink));
    return directory->make_symbolic_link(contents.c_str(), path.c_str());
}

Outcome<> path_unlink_file(Call& call, Fd fd, const Path& path)
{
    const auto* directory = TRELLIS_TRY(call.guest.descriptors.find_directory(fd, right::path_unlink_file));
    return directory->remove_file(path.c_str());
}

} // namespace trellis::sandbox::preview1
