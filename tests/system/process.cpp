#include "system/process.hpp"

#include "base/check.hpp"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <spawn.h>
#include <sstream>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

extern char** environ;

namespace trellis::testing {
namespace {

struct Pipe {
    int read_end = -1, write_end = -1;
    Pipe()
    {
        int ends[2];
        TRELLIS_CHECK(pipe2(ends, O_CLOEXEC) == 0);
        read_end = ends[0];
        write_end = ends[1];
    }
};

std::vector<char*> pointers_to(std::vector<std::string>& words)
{
    std::vector<char*> pointers;
    for (auto& word : words)
        pointers.push_back(word.data());
    pointers.push_back(nullptr);
    return pointers;
}

pid_t spawn(const ProcessRequest& request, const Pipe& input, const Pipe& output, const Pipe& errors)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input.read_end, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output.write_end, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, errors.write_end, STDERR_FILENO);
    if (!request.directory.empty())
        posix_spawn_file_actions_addchdir_np(&actions, request.directory.c_str());
    auto words = request.words;
    auto environment = request.environment;
    if (!request.may_use_cache)
        environment.emplace_back("TRELLIS_NO_CACHE=1");
    for (char** variable = environ; *variable; ++variable)
        environment.emplace_back(*variable);
    pid_t child = -1;
    const int failed = posix_spawn(&child, words[0].c_str(), &actions, nullptr, pointers_to(words).data(),
                                   pointers_to(environment).data());
    posix_spawn_file_actions_destroy(&actions);
    TRELLIS_CHECK(failed == 0);
    return child;
}

/// Reads until both pipes are closed by the child.
void read_both(int output, int errors, ProcessResult& result)
{
    std::array<pollfd, 2> streams{{{output, POLLIN, 0}, {errors, POLLIN, 0}}};
    std::array<std::string*, 2> texts{&result.output, &result.errors};
    while (streams[0].fd >= 0 || streams[1].fd >= 0) {
        poll(streams.data(), streams.size(), -1);
        for (std::size_t i = 0; i < streams.size(); ++i) {
            char buffer[65536];
            if (streams[i].fd < 0 || streams[i].revents == 0)
                continue;
            const auto count = read(streams[i].fd, buffer, sizeof buffer);
            if (count > 0)
                texts[i]->append(buffer, static_cast<std::size_t>(count));
            else
                streams[i].fd = -1;
        }
    }
}

void write_input(int descriptor, const std::string& input)
{
    for (std::size_t written = 0; written < input.size();) {
        const auto count = write(descriptor, input.data() + written, input.size() - written);
        if (count < 0)
            return; // it does not read on
        written += static_cast<std::size_t>(count);
    }
}

/// Sends the wanted signal in its time, and SIGKILL at the time limit, unless the child ends before.
void watch(const ProcessRequest& request, int process)
{
    pollfd ended{process, POLLIN, 0};
    const auto send = [&](int signal) { syscall(SYS_pidfd_send_signal, process, signal, nullptr, 0); };
    const auto ends_within = [&](std::chrono::milliseconds time) {
        return poll(&ended, 1, static_cast<int>(time.count())) == 1;
    };
    if (request.signal != 0 && !ends_within(request.signal_after))
        send(request.signal);
    if (!ends_within(request.time_limit))
        send(SIGKILL);
}

} // namespace

ProcessResult run_process(const ProcessRequest& request)
{
    std::signal(SIGPIPE, SIG_IGN);
    const Pipe input, output, errors;
    const auto child = spawn(request, input, output, errors);
    for (const int end : {input.read_end, output.write_end, errors.write_end})
        close(end);
    const int process = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
    TRELLIS_CHECK(process >= 0);
    ProcessResult result;
    {
        std::jthread watcher([&] { watch(request, process); });
        std::jthread writer([&] {
            write_input(input.write_end, request.input);
            if (!request.keep_input_open)
                close(input.write_end);
        });
        read_both(output.read_end, errors.read_end, result);
    }
    int status = 0;
    TRELLIS_CHECK(waitpid(child, &status, 0) == child);
    for (const int end : {process, output.read_end, errors.read_end})
        close(end);
    if (request.keep_input_open)
        close(input.write_end);
    result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return result;
}

TemporaryDirectory::TemporaryDirectory()
{
    std::string pattern = (std::filesystem::temp_directory_path() / "trellis-test-XXXXXX").string();
    TRELLIS_CHECK(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory()
{
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::file(const std::string& name, std::string_view content) const
{
    const auto path = path_ + "/" + name;
    TRELLIS_CHECK(write_whole_file(path, content));
    return path;
}

std::string read_whole_file(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    std::ostringstream content;
    content << file.rdbuf();
    return std::move(content).str();
}

bool write_whole_file(const std::string& path, std::string_view content)
{
    std::ofstream file(path, std::ios::binary);
    file << content;
    return static_cast<bool>(file.flush());
}

} // namespace trellis::testing
