#include "embed/cache_folder.hpp"

#include "base/digest.hpp"
#include "base/format.hpp"
#include "embed/module_file.hpp"

#include <array>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>

namespace trellis::embed {
namespace {

using sandbox::HostFd;

std::string without_slashes_at_end(std::string path)
{
    while (path.size() > 1 && path.ends_with('/'))
        path.pop_back();
    return path;
}

/// Where several make it at once, it is there afterwards.
void make_folders(const std::string& path)
{
    for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1))
        mkdir(path.substr(0, slash).c_str(), 0700);
    mkdir(path.c_str(), 0700);
}

std::uint64_t size_of(std::initializer_list<Bytes> parts)
{
    std::uint64_t sum = 0;
    for (const auto part : parts)
        sum += part.size();
    return sum;
}

bool write_fully(const HostFd& file, Bytes bytes)
{
    while (!bytes.empty()) {
        const auto count = sandbox::uninterrupted([&] { return write(file.number(), bytes.data(), bytes.size()); });
        if (count <= 0)
            return false;
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return true;
}

/// Where a process may not write as much, the system would end it.
bool may_be_written(std::uint64_t bytes)
{
    rlimit limit{};
    return getrlimit(RLIMIT_FSIZE, &limit) != 0 || bytes <= limit.rlim_cur;
}

std::string unfinished_name()
{
    std::array<std::uint8_t, 12> random;
    if (getrandom(random.data(), random.size(), 0) != random.size())
        return {};
    return std::string(unfinished_prefix) + hex(random);
}

} // namespace

std::unexpected<Error> CacheFolder::failed_to(std::string_view what) const
{
    auto error = system_failure(path_, errno);
    error.error().message = format("{} ({})", error.error().message, what);
    return error;
}

Result<CacheFolder> CacheFolder::open(const std::string& given)
{
    const auto path = without_slashes_at_end(given);
    HostFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder && (errno == ELOOP || errno == ENOTDIR))
        return fail(ErrorCode::denied, format("{}: is a link or no folder; name the folder itself", path));
    struct stat status{};
    if (!folder || fstat(folder.number(), &status) != 0)
        return system_failure(path, errno);
    if (status.st_uid != geteuid())
        return fail(ErrorCode::denied, format("{}: belongs to another user (number {})", path, status.st_uid));
    if ((status.st_mode & 077) != 0)
        return fail(ErrorCode::denied,
                    format("{}: is open to other users, who may have changed what is in it; remove it", path));
    return CacheFolder(std::move(folder), path);
}

Result<CacheFolder> CacheFolder::open_or_make(const std::string& path)
{
    auto there = open(path);
    if (there || there.error().code != ErrorCode::not_found)
        return there;
    make_folders(without_slashes_at_end(path));
    return open(path);
}

Result<CacheFolder::OpenFile> CacheFolder::open_file(const std::string& name) const
{
    HostFd file(openat(folder_.number(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    if (!file && errno == ELOOP)
        return fail(ErrorCode::denied, format("{}/{}: is a link", path_, name));
    struct stat status{};
    if (!file || fstat(file.number(), &status) != 0)
        return failed_to(name);
    if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & 022) != 0)
        return fail(ErrorCode::denied, format("{}/{}: is no plain file that only its owner can change", path_, name));
    return OpenFile{std::move(file), static_cast<std::uint64_t>(status.st_size)};
}

Result<HostFd> CacheFolder::write_new(const std::string& name, std::initializer_list<Bytes> parts) const
{
    if (!may_be_written(size_of(parts)))
        return fail(ErrorCode::io, format("{}: files of that size may not be written (ulimit -f)", path_));
    HostFd file(openat(folder_.number(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file)
        return failed_to("making a file");
    for (const auto part : parts)
        if (!write_fully(file, part)) {
            const auto error = failed_to("writing");
            remove_file(name);
            return error;
        }
    return file;
}

Result<> CacheFolder::replace_file(const std::string& name, std::initializer_list<Bytes> parts) const
{
    const auto unfinished = unfinished_name();
    TRELLIS_TRY(write_new(unfinished, parts));
    if (renameat(folder_.number(), unfinished.c_str(), folder_.number(), name.c_str()) == 0)
        return {};
    const auto error = failed_to("renaming");
    remove_file(unfinished);
    return error;
}

Result<> CacheFolder::make_file(const std::string& name, Bytes content) const
{
    const auto unfinished = unfinished_name();
    const auto file = TRELLIS_TRY(write_new(unfinished, {content}));
    const bool durable = fsync(file.number()) == 0;
    const bool made = durable && linkat(folder_.number(), unfinished.c_str(), folder_.number(), name.c_str(), 0) == 0;
    const bool done = made || (durable && errno == EEXIST);
    const auto error = failed_to("making a file");
    remove_file(unfinished);
    if (!done)
        return error;
    (void)fsync(folder_.number());
    return {};
}

bool CacheFolder::remove_file(const std::string& name) const
{
    return unlinkat(folder_.number(), name.c_str(), 0) == 0;
}

std::vector<CacheFolder::File> CacheFolder::files() const
{
    std::vector<File> all;
    // A descriptor of its own, since reading a folder moves it.
    const int descriptor = openat(folder_.number(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* const folder = descriptor < 0 ? nullptr : fdopendir(descriptor);
    if (!folder)
        return all;
    while (const auto* const entry = readdir(folder)) {
        struct stat status{};
        if (fstatat(descriptor, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode))
            all.push_back({entry->d_name, static_cast<std::uint64_t>(status.st_size), status.st_mtim.tv_sec});
    }
    closedir(folder);
    return all;
}

void mark_as_used(const HostFd& file)
{
    constexpr auto worth_marking = 60; // seconds
    struct stat status{};
    if (fstat(file.number(), &status) == 0 && status.st_mtim.tv_sec + worth_marking < time(nullptr))
        (void)futimens(file.number(), nullptr);
}

bool read_at(const HostFd& file, std::uint64_t offset, std::span<std::uint8_t> to)
{
    while (!to.empty()) {
        const auto count = sandbox::uninterrupted(
            [&] { return pread(file.number(), to.data(), to.size(), static_cast<off_t>(offset)); });
        if (count <= 0)
            return false;
        offset += static_cast<std::uint64_t>(count);
        to = to.subspan(static_cast<std::size_t>(count));
    }
    return true;
}

} // namespace trellis::embed
