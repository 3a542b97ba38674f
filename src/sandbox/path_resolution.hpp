// The one place where a guest's path becomes a file of the host. A path is followed from a directory's descriptor and
// can't leave it: not by `..`, an absolute path, a symbolic link, or a directory moved meanwhile.
// Two ways give the same answers: the kernel's (openat2 with RESOLVE_BENEATH), and a walk that opens one component at a
// time without following links, expands links itself and steps back to the directories it came from.
// No state; safe from any thread.
#pragma once

#include "sandbox/system.hpp"

#include <array>
#include <climits>
#include <sys/types.h>

namespace trellis::sandbox {

/// How paths are followed.
enum class Resolution : unsigned char { kernel, walk };

/// The kernel's way where it has one.
Resolution best_resolution();

/// Opens `path` (a C string) below the directory `root`. `flags` as for open(2): O_NOFOLLOW refuses a symbolic link at
/// the end, O_CLOEXEC is always added. Errors: outside_grant, and those of open(2).
Outcome<HostFd> open_beneath(Resolution resolution, int root, const char* path, int flags, mode_t mode = 0);

/// The directory that holds (or will hold) what a path names, and its name there: for system calls that never follow a
/// link at the end of a path.
class Place {
public:
    /// Finds the place below `root`; what the path names need not exist. Errors: as open_beneath.
    static Outcome<Place> find(Resolution resolution, int root, const char* path);

    [[nodiscard]] int directory() const { return directory_.number(); }
    /// One name, "." where the path ends in "." or "..", followed by "/" where the path is.
    [[nodiscard]] const char* name() const { return name_.data(); }
    [[nodiscard]] bool has_trailing_slash() const { return trailing_slash_; }

private:
    HostFd directory_;
    std::array<char, NAME_MAX + 2> name_{};
    bool trailing_slash_ = false;
};

} // namespace trellis::sandbox
