#include "process.hpp"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace trellis::bench {

namespace {

constexpr int cannot_start = 127;
constexpr int longest_silence_ms = 120'000;

[[noreturn]] void become(const std::vector<std::string>& command, int output)
{
    std::vector<char*> arguments;
    for (const std::string& argument : command)
        arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    const int null = open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    execvp(arguments[0], arguments.data());
    _exit(cannot_start);
}

/// Whether the other side has closed the pipe in time.
bool read_all(int pipe, std::string& output)
{
    char buffer[4096];
    for (;;) {
        pollfd waiting{.fd = pipe, .events = POLLIN, .revents = 0};
        if (poll(&waiting, 1, longest_silence_ms) == 0)
            return false;
        const ssize_t size = read(pipe, buffer, sizeof buffer);
        if (size == 0)
            return true;
        if (size > 0)
            output.append(buffer, static_cast<std::size_t>(size));
        else if (errno != EINTR)
            return false;
    }
}

double milliseconds(const timeval& time)
{
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
}

} // namespace

Result<Outcome> run(const std::vector<std::string>& command)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return fail(ErrorCode::io, "no pipe");
    const auto start = std::chrono::steady_clock::now();
    // fork, not vfork: the child's peak memory would count this program's.
    const pid_t child = fork();
    if (child == 0)
        become(command, ends[1]);
    close(ends[1]);
    Outcome outcome;
    const bool ended = read_all(ends[0], outcome.output);
    close(ends[0]);
    if (!ended)
        kill(child, SIGKILL);
    int status = 0;
    rusage usage{};
    wait4(child, &status, 0, &usage);
    const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - start;
    if (!ended)
        return fail(ErrorCode::limit, command[0] + " ran for too long");
    outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (outcome.exit_code == cannot_start)
        return fail(ErrorCode::not_found, command[0] + " can't be started");
    outcome.wall_ms = taken.count();
    outcome.processor_ms = milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime);
    outcome.peak_resident_kib = usage.ru_maxrss;
    return outcome;
}

std::string find_program(const std::string& name)
{
    const char* path = std::getenv("PATH");
    std::istringstream folders(path != nullptr ? path : "");
    for (std::string folder; std::getline(folders, folder, ':');) {
        const std::string candidate = folder + "/" + name;
        if (access(candidate.c_str(), X_OK) == 0)
            return candidate;
    }
    return {};
}

} // namespace trellis::bench
