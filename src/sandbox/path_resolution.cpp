#include "sandbox/path_resolution.hpp"

#include "base/result.hpp"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <vector>

namespace trellis::sandbox {

namespace {

constexpr int max_symbolic_links = 40; // as Linux
constexpr int max_kernel_attempts = 128;
constexpr std::size_t max_walk_depth = 400; // directories held open at once

long open_with_kernel(int root, const char* path, int flags, mode_t mode)
{
    const open_how how = {.flags = static_cast<unsigned>(flags | O_CLOEXEC),
                          .mode = flags & O_CREAT ? mode : 0,
                          .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    return ::syscall(SYS_openat2, root, path, &how, sizeof how);
}

/// EAGAIN: something was renamed while the kernel stepped through "..", so that it can't tell whether it left the
/// directory.
Outcome<HostFd> open_by_kernel(int root, const char* path, int flags, mode_t mode)
{
    for (int attempt = 0;; ++attempt) {
        const auto fd = open_with_kernel(root, path, flags, mode);
        if (fd >= 0)
            return HostFd(static_cast<int>(fd));
        if ((errno != EAGAIN && errno != EINTR) || attempt == max_kernel_attempts)
            return errno == EXDEV ? failure(SystemError::outside_grant) : last_failure();
    }
}

/// Follows one path a component at a time. `rest_` is what is still to be followed, links expanded in front of it.
class Walk {
public:
    Walk(int root, const char* path, int flags, mode_t mode) : root_(root), flags_(flags), mode_(mode), rest_(path) {}

    Outcome<HostFd> run()
    {
        while (true) {
            const auto component = TRELLIS_TRY(next_component());
            if (component == "..") {
                if (stack_.empty())
                    return failure(SystemError::outside_grant);
                stack_.pop_back();
            }
            const bool stays = component == "." || component == "..";
            if (is_last_) {
                auto end = TRELLIS_TRY(stays ? opened(open_here(".", flags_)) : open_last(component));
                if (end)
                    return end;
            } else if (!stays) {
                TRELLIS_TRY(enter(component));
            }
        }
    }

private:
    [[nodiscard]] int here() const { return stack_.empty() ? root_ : stack_.back().number(); }
    int open_here(const char* name, int flags) const
    {
        return uninterrupted([&] { return ::openat(here(), name, flags | O_CLOEXEC, mode_); });
    }

    Outcome<std::string> next_component()
    {
        if (rest_.empty())
            return failure(ENOENT);
        if (rest_.front() == '/')
            return failure(SystemError::outside_grant);
        const auto end = std::min(rest_.find('/'), rest_.size());
        const auto behind = std::min(rest_.find_first_not_of('/', end), rest_.size());
        auto component = rest_.substr(0, end);
        is_last_ = behind == rest_.size();
        needs_directory_ = is_last_ && end != rest_.size();
        rest_.erase(0, behind);
        return component;
    }

    /// Puts a link's contents in front of the rest. False: the name is no link.
    Outcome<bool> expand(int directory, const char* name)
    {
        std::array<char, PATH_MAX> contents;
        const auto length = ::readlinkat(directory, name, contents.data(), contents.size());
        if (length == -1)
            return errno == EINVAL ? Outcome<bool>(false) : last_failure();
        if (++links_ > max_symbolic_links)
            return failure(ELOOP);
        std::string path(contents.data(), static_cast<std::size_t>(length));
        if (!is_last_ || needs_directory_)
            path += '/';
        rest_.insert(0, path);
        if (rest_.size() >= PATH_MAX)
            return failure(ENAMETOOLONG);
        return true;
    }

    /// A component in the middle: a directory, or a link to expand.
    Outcome<> enter(const std::string& component)
    {
        auto fd = TRELLIS_TRY(opened(open_here(component.c_str(), O_PATH | O_NOFOLLOW)));
        struct stat status;
        TRELLIS_TRY(checked(::fstat(fd.number(), &status)));
        if (S_ISLNK(status.st_mode)) {
            TRELLIS_TRY(expand(fd.number(), ""));
            return {};
        }
        if (!S_ISDIR(status.st_mode))
            return failure(ENOTDIR);
        if (stack_.size() == max_walk_depth)
            return failure(ENAMETOOLONG);
        stack_.push_back(std::move(fd));
        return {};
    }

    /// The last component. An empty descriptor: it was a link, go on.
    Outcome<HostFd> open_last(const std::string& component)
    {
        const bool follow = !(flags_ & O_NOFOLLOW) || needs_directory_;
        const bool create = flags_ & O_CREAT;
        if (needs_directory_ && create)
            return failure(EISDIR);
        const int directory = needs_directory_ ? O_DIRECTORY : 0;
        if ((flags_ & O_PATH) && follow) { // O_PATH with O_NOFOLLOW opens the link itself
            if (TRELLIS_TRY(expand(here(), component.c_str())))
                return HostFd();
        }
        const int fd = open_here(component.c_str(), flags_ | O_NOFOLLOW | directory);
        if (fd >= 0)
            return refuse_link(HostFd(fd), follow);
        const int error = errno;
        const bool may_be_link = error == ELOOP || error == ENOTDIR;
        if (follow && may_be_link && !(create && (flags_ & O_EXCL)) && TRELLIS_TRY(expand(here(), component.c_str())))
            return HostFd();
        return failure(error);
    }

    /// A link that appeared between looking and opening must not be handed out in place of what it points to.
    Outcome<HostFd> refuse_link(HostFd fd, bool follow) const
    {
        if (!(flags_ & O_PATH) || !follow)
            return fd;
        struct stat status;
        TRELLIS_TRY(checked(::fstat(fd.number(), &status)));
        if (S_ISLNK(status.st_mode))
            return failure(EAGAIN);
        return fd;
    }

    int root_;
    int flags_;
    mode_t mode_;
    std::string rest_;
    std::vector<HostFd> stack_; ///< directories from the root down to here
    int links_ = 0;
    bool is_last_ = false;
    bool needs_directory_ = false; ///< the last component has a slash behind it
};

} // namespace

Resolution best_resolution()
{
    const HostFd fd(static_cast<int>(open_with_kernel(AT_FDCWD, ".", O_PATH, 0)));
    return fd ? Resolution::kernel : Resolution::walk;
}

Outcome<HostFd> open_beneath(Resolution resolution, int root, const char* path, int flags, mode_t mode)
{
    if (resolution == Resolution::kernel)
        return open_by_kernel(root, path, flags, mode);
    return Walk(root, path, flags, mode).run();
}

Outcome<Place> Place::find(Resolution resolution, int root, const char* path)
{
    const std::string_view whole(path);
    const auto last = whole.find_last_not_of('/');
    if (whole.empty())
        return failure(ENOENT);
    if (whole.front() == '/')
        return failure(SystemError::outside_grant);
    const auto slash = whole.find_last_of('/', last);
    const auto start = slash == std::string_view::npos ? 0 : slash + 1;
    const auto name = whole.substr(start, last + 1 - start);
    if (name.size() > NAME_MAX)
        return failure(ENAMETOOLONG);

    Place place;
    place.trailing_slash_ = last + 1 < whole.size();
    constexpr int as_directory = O_PATH | O_DIRECTORY;
    if (name == "." || name == "..") {
        place.directory_ = TRELLIS_TRY(open_beneath(resolution, root, path, as_directory));
        place.name_[0] = '.';
        return place;
    }
    if (start == 0) {
        place.directory_ = HostFd::borrowed(root);
    } else {
        const std::string parent(whole.substr(0, start));
        place.directory_ = TRELLIS_TRY(open_beneath(resolution, root, parent.c_str(), as_directory));
    }
    std::ranges::copy(name, place.name_.begin());
    if (place.trailing_slash_)
        place.name_[name.size()] = '/';
    return place;
}

} // namespace trellis::sandbox
