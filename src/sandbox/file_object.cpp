#include "sandbox/file_object.hpp"

#include "base/result.hpp"

namespace trellis::sandbox {

namespace {

/// As the system takes it.
Outcome<const char*> system_path(const std::string& path)
{
    if (path.find('\0') != std::string::npos)
        return failure(EILSEQ);
    return path.c_str();
}

OpenOptions options_of(const OpenWishes& wishes, const FileUses& uses)
{
    return {.read = uses.read,
            .write = uses.write,
            .follow = wishes.follow,
            .create = wishes.create,
            .exclusive = wishes.exclusive,
            .truncate = wishes.truncate,
            .directory = wishes.directory,
            .data_sync = uses.data_sync,
            .sync = uses.file_sync || uses.requested_write_sync};
}

} // namespace

FileObject::FileObject(Directory directory)
    : object_(std::move(directory)), uses_{.read = true, .mutate_directory = !std::get<Directory>(object_).read_only()}
{
}

FileObject::FileObject(OpenedFile file, const Directory& found_in, const FileUses& uses)
    : object_(Stream(HostFd(), S_IFREG)), uses_(uses)
{
    if (S_ISDIR(file.status.st_mode)) {
        const bool may_change = uses.mutate_directory;
        object_ = may_change ? found_in.below(std::move(file.fd)) : found_in.read_only_below(std::move(file.fd));
    } else {
        object_ = Stream(std::move(file.fd), file.status.st_mode);
        uses_.mutate_directory = false;
    }
}

int FileObject::fd() const
{
    return std::visit([](const auto& object) { return object.fd(); }, object_);
}

Outcome<const Directory*> FileObject::directory() const
{
    if (const auto* const directory = std::get_if<Directory>(&object_))
        return directory;
    return failure(ENOTDIR);
}

Outcome<const Stream*> FileObject::file() const
{
    if (const auto* const file = std::get_if<Stream>(&object_))
        return file;
    return failure(EISDIR);
}

Outcome<> FileObject::may_read() const
{
    TRELLIS_TRY(file());
    if (!uses_.read)
        return failure(EBADF);
    return {};
}

Outcome<> FileObject::may_write() const
{
    TRELLIS_TRY(file());
    if (!uses_.write)
        return failure(EBADF);
    return {};
}

Outcome<std::size_t> FileObject::read_at(std::span<std::uint8_t> to, std::uint64_t offset, Wait& wait)
{
    TRELLIS_TRY(may_read());
    iovec part = {.iov_base = to.data(), .iov_len = to.size()};
    return std::get<Stream>(object_).read_at({&part, 1}, offset, wait);
}

Outcome<std::size_t> FileObject::write_at(std::span<const std::uint8_t> bytes, std::uint64_t offset, Wait& wait)
{
    TRELLIS_TRY(may_write());
    iovec part = {.iov_base = const_cast<std::uint8_t*>(bytes.data()), .iov_len = bytes.size()};
    return std::get<Stream>(object_).write_at({&part, 1}, offset, wait);
}

Outcome<std::size_t> FileObject::append(std::span<const std::uint8_t> bytes, Wait& wait)
{
    TRELLIS_TRY(may_write());
    iovec part = {.iov_base = const_cast<std::uint8_t*>(bytes.data()), .iov_len = bytes.size()};
    return std::get<Stream>(object_).append({&part, 1}, wait);
}

Outcome<> FileObject::set_size(std::uint64_t size) const
{
    TRELLIS_TRY(may_write());
    return set_size_of(fd(), size);
}

Outcome<> FileObject::advise(std::uint64_t offset, std::uint64_t length, int advice) const
{
    if (is_directory())
        return failure(EBADF);
    return sandbox::advise(fd(), offset, length, advice);
}

Outcome<> FileObject::set_times(const FileTimes& times) const
{
    if (is_directory() ? !uses_.mutate_directory : !uses_.write)
        return failure(is_directory() ? EROFS : EPERM);
    return set_times_of(fd(), times);
}

Outcome<DirectoryReader> FileObject::list() const
{
    return DirectoryReader::open(*TRELLIS_TRY(directory()));
}

Outcome<FileObject> FileObject::open_at(const std::string& path, const OpenWishes& wishes, const FileUses& uses) const
{
    const Directory& base = *TRELLIS_TRY(directory());
    const char* const name = TRELLIS_TRY(system_path(path));
    const bool may_change = uses.write || uses.mutate_directory || wishes.create || wishes.truncate;
    if (may_change && !uses_.mutate_directory)
        return failure(EROFS);
    FileUses granted = uses;
    granted.write |= wishes.create; // who makes a file may write it
    granted.read |= !uses.write;
    auto opened = TRELLIS_TRY(base.open(name, options_of(wishes, granted)));
    return FileObject(std::move(opened), base, granted);
}

Outcome<struct stat> FileObject::status_at(const std::string& path, bool follow) const
{
    return TRELLIS_TRY(directory())->status(TRELLIS_TRY(system_path(path)), follow);
}

Outcome<> FileObject::set_times_at(const std::string& path, bool follow, const FileTimes& times) const
{
    return TRELLIS_TRY(directory())->set_times(TRELLIS_TRY(system_path(path)), follow, times);
}

Outcome<> FileObject::make_directory_at(const std::string& path) const
{
    return TRELLIS_TRY(directory())->make_directory(TRELLIS_TRY(system_path(path)));
}

Outcome<> FileObject::remove_directory_at(const std::string& path) const
{
    const Directory& base = *TRELLIS_TRY(directory());
    const char* const name = TRELLIS_TRY(system_path(path));
    auto removed = base.remove_directory(name);
    if (!removed && removed.error() == system_error(ENOTDIR) && path.ends_with('/')) {
        // The path goes through the link at its end, and may leave the grant there.
        const auto status = base.status(name, true);
        if (!status && status.error() == SystemError::outside_grant)
            return failure(status.error());
    }
    return removed;
}

Outcome<> FileObject::remove_file_at(const std::string& path) const
{
    return TRELLIS_TRY(directory())->remove_file(TRELLIS_TRY(system_path(path)));
}

Outcome<std::string> FileObject::read_link_at(const std::string& path) const
{
    return TRELLIS_TRY(directory())->relative_link(TRELLIS_TRY(system_path(path)));
}

Outcome<> FileObject::make_symbolic_link_at(const std::string& contents, const std::string& path) const
{
    const Directory& base = *TRELLIS_TRY(directory());
    return base.make_symbolic_link(TRELLIS_TRY(system_path(contents)), TRELLIS_TRY(system_path(path)));
}

Outcome<> FileObject::link_at(const std::string& path, bool follow, const FileObject& target,
                              const std::string& target_path) const
{
    const Directory& from = *TRELLIS_TRY(directory());
    const Directory& to = *TRELLIS_TRY(target.directory());
    if (follow) // a link to what a symbolic link points to can't be made without a race
        return failure(EINVAL);
    return from.make_hard_link(TRELLIS_TRY(system_path(path)), to, TRELLIS_TRY(system_path(target_path)));
}

Outcome<> FileObject::rename_at(const std::string& path, const FileObject& target, const std::string& target_path) const
{
    const Directory& from = *TRELLIS_TRY(directory());
    const Directory& to = *TRELLIS_TRY(target.directory());
    return from.rename(TRELLIS_TRY(system_path(path)), to, TRELLIS_TRY(system_path(target_path)));
}

} // namespace trellis::sandbox
