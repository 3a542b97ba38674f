#include "cli/child_process.hpp"

#include "cli/terminal.hpp"
#include "embed/module_file.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace trellis::cli {
namespace {

constexpr std::size_t most_output = std::size_t(1) << 20;

/// What posix_spawn does in the child before the program begins.
class Preparation {
public:
    Preparation()
    {
        posix_spawn_file_actions_init(&actions_);
        posix_spawnattr_init(&attributes_);
        sigset_t ours;
        sigemptyset(&ours);
        sigaddset(&ours, SIGPIPE); // which this program ignores
        posix_spawnattr_setsigdefault(&attributes_, &ours);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF);
    }
    ~Preparation()
    {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }
    Preparation(const Preparation&) = delete;
    Preparation& operator=(const Preparation&) = delete;

    void place(int descriptor, int number) { posix_spawn_file_actions_adddup2(&actions_, descriptor, number); }

    /// 0 or an errno.
    int start(const std::vector<std::string>& words, pid_t& child)
    {
        std::vector<char*> pointers;
        for (const auto& word : words)
            pointers.push_back(const_cast<char*>(word.c_str()));
        pointers.push_back(nullptr);
        return posix_spawnp(&child, pointers[0], &actions_, &attributes_, pointers.data(), environ);
    }

private:
    posix_spawn_file_actions_t actions_;
    posix_spawnattr_t attributes_;
};

/// To the end; what is more than is kept is read all the same.
std::string read_output(int descriptor)
{
    std::string output;
    std::array<char, 65536> buffer;
    for (;;) {
        const auto count = read(descriptor, buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return output;
        output.append(buffer.data(), std::min(static_cast<std::size_t>(count), most_output - output.size()));
    }
}

Result<int> wait_for(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return embed::system_failure("waitpid", errno);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/// The child's numbers may be ours in another order: so each is moved out of the way first.
Result<std::vector<sandbox::HostFd>> moved_up(const std::vector<int>& descriptors)
{
    constexpr int out_of_the_way = 100;
    std::vector<sandbox::HostFd> moved;
    for (const int descriptor : descriptors) {
        moved.emplace_back(fcntl(descriptor, F_DUPFD_CLOEXEC, out_of_the_way));
        if (moved.back().number() < 0)
            return embed::system_failure("a file for another program", errno);
    }
    return moved;
}

} // namespace

Result<ChildResult> run_child(const ChildRequest& request)
{
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0)
        return embed::system_failure("pipe", errno);
    const sandbox::HostFd from_child(ends[0]);
    sandbox::HostFd to_us(ends[1]);
    const auto descriptors = TRELLIS_TRY(moved_up(request.descriptors));
    Preparation preparation;
    preparation.place(to_us.number(), STDOUT_FILENO);
    for (std::size_t i = 0; i < descriptors.size(); ++i)
        preparation.place(descriptors[i].number(), first_child_descriptor + static_cast<int>(i));
    pid_t child = 0;
    if (const int error = preparation.start(request.words, child); error != 0)
        return embed::system_failure(request.words[0], error);
    to_us = sandbox::HostFd();
    ChildResult result;
    result.output = read_output(from_child.number());
    result.exit_code = TRELLIS_TRY(wait_for(child));
    return result;
}

Result<sandbox::HostFd> make_unnamed_file(Bytes content)
{
    sandbox::HostFd file(memfd_create("trellis", MFD_CLOEXEC));
    if (!file)
        return embed::system_failure("a file without a name", errno);
    TRELLIS_TRY(write_all(file.number(), content));
    return file;
}

} // namespace trellis::cli
