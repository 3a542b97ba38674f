#include "services/gateway/process_status.hpp"

#include <array>
#include <charconv>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <unistd.h>

namespace trellis::gateway {

namespace {

std::string contents_of(const char* path)
{
    std::string text;
    const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return text;
    std::array<char, 4096> piece;
    for (ssize_t count; (count = ::read(fd, piece.data(), piece.size())) > 0;)
        text.append(piece.data(), static_cast<std::size_t>(count));
    ::close(fd);
    return text;
}

/// The n-th of the words that single spaces separate.
std::optional<std::uint64_t> number_at(std::string_view text, std::size_t n)
{
    for (; n > 0; --n) {
        const auto space = text.find(' ');
        if (space == std::string_view::npos)
            return {};
        text.remove_prefix(space + 1);
    }
    std::uint64_t number = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc())
        return {};
    return number;
}

std::optional<std::uint64_t> count_descriptors()
{
    DIR* folder = ::opendir("/proc/self/fd");
    if (folder == nullptr)
        return {};
    std::uint64_t names = 0;
    while (::readdir(folder) != nullptr)
        ++names;
    ::closedir(folder);
    return names - 3; // ".", "..", and the folder itself
}

/// Seconds since the epoch at which the machine started: the line "btime N" of /proc/stat.
std::optional<std::uint64_t> machine_start()
{
    const auto text = contents_of("/proc/stat");
    const auto at = text.find("\nbtime ");
    return at == std::string::npos ? std::nullopt : number_at(std::string_view(text).substr(at + 7), 0);
}

} // namespace

// Fields: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
ProcessStatus process_status()
{
    ProcessStatus status;
    timespec used = {};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    status.processor_time = std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);

    // The second field is the program's name in parentheses, which may contain anything; number 3 comes behind it.
    const auto stat = contents_of("/proc/self/stat");
    const auto name_end = stat.rfind(") ");
    const auto fields =
        name_end == std::string::npos ? std::string_view() : std::string_view(stat).substr(name_end + 2);
    const auto field = [&](std::size_t number) { return number_at(fields, number - 3); };
    status.virtual_bytes = field(23);
    if (const auto pages = field(24))
        status.resident_bytes = *pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    const auto ticks = field(22), start = machine_start();
    if (ticks && start)
        status.started_unix_seconds = *start + *ticks / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));

    status.open_descriptors = count_descriptors();
    rlimit limit = {};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        status.most_descriptors = limit.rlim_cur;
    return status;
}

} // namespace trellis::gateway
