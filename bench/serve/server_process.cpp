#include "server_process.hpp"

#include "base/format.hpp"

#include <arpa/inet.h>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace trellis::bench {

namespace {

constexpr auto patience = std::chrono::seconds(10);

sockaddr_in loopback(std::uint16_t port)
{
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

bool accepts(std::uint16_t port)
{
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = loopback(port);
    const bool accepted = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return accepted;
}

[[noreturn]] void become(const std::vector<std::string>& command, const std::string& log)
{
    std::vector<char*> arguments;
    for (const auto& argument : command)
        arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
}

bool ended(pid_t pid, int& status)
{
    return ::waitpid(pid, &status, WNOHANG) == pid;
}

} // namespace

std::uint16_t free_port()
{
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = loopback(0);
    socklen_t size = sizeof address;
    ::bind(fd, reinterpret_cast<const sockaddr*>(&address), size);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(fd);
    return ntohs(address.sin_port);
}

Result<ServerProcess> ServerProcess::start(const std::vector<std::string>& command, std::uint16_t port,
                                           const std::string& log)
{
    const pid_t pid = ::fork();
    if (pid == 0)
        become(command, log);
    ServerProcess server(pid, port);
    const auto until = std::chrono::steady_clock::now() + patience;
    int status = 0;
    while (!accepts(port)) {
        if (ended(pid, status)) {
            server.pid_ = 0;
            return fail(ErrorCode::io, format("{} has ended; see {}", command[0], log));
        }
        if (std::chrono::steady_clock::now() > until)
            return fail(ErrorCode::limit, format("{} accepts no connections; see {}", command[0], log));
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return server;
}

ServerProcess::ServerProcess(ServerProcess&& other) noexcept : pid_(std::exchange(other.pid_, 0)), port_(other.port_) {}

ServerProcess::~ServerProcess()
{
    stop();
}

int ServerProcess::stop()
{
    if (pid_ == 0)
        return 0;
    const pid_t pid = std::exchange(pid_, 0);
    ::kill(pid, SIGTERM);
    const auto until = std::chrono::steady_clock::now() + patience;
    int status = 0;
    while (!ended(pid, status)) {
        if (std::chrono::steady_clock::now() > until)
            ::kill(pid, SIGKILL);
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string ServerProcess::proc(const std::string& name) const
{
    return format("/proc/{}/{}", pid_, name);
}

std::uint64_t ServerProcess::resident_bytes() const
{
    std::ifstream file(proc("statm"));
    std::uint64_t all = 0, resident = 0;
    file >> all >> resident;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::size_t ServerProcess::descriptors() const
{
    std::error_code ignored;
    std::size_t count = 0;
    for (auto at = std::filesystem::directory_iterator(proc("fd"), ignored);
         at != std::filesystem::directory_iterator(); at.increment(ignored))
        ++count;
    return count;
}

std::size_t ServerProcess::threads() const
{
    std::error_code ignored;
    std::size_t count = 0;
    for (auto at = std::filesystem::directory_iterator(proc("task"), ignored);
         at != std::filesystem::directory_iterator(); at.increment(ignored))
        ++count;
    return count;
}

double ServerProcess::processor_seconds() const
{
    std::ifstream file(proc("stat"));
    std::string text((std::istreambuf_iterator<char>(file)), {});
    std::istringstream fields(text.substr(std::min(text.rfind(')') + 1, text.size())));
    std::string word;
    std::uint64_t user = 0, system = 0;
    for (int number = 3; number < 14; ++number)
        fields >> word;
    fields >> user >> system;
    return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

} // namespace trellis::bench
