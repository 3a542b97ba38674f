#include "services/gateway/watcher.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <deque>
#include <set>
#include <string_view>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace trellis::gateway {

namespace {

/// As the kernel: more links than that are a loop.
constexpr int most_links = 40;
/// The clock of file times advances in ticks: two changes within one leave the same times.
constexpr std::chrono::nanoseconds file_clock_tick = std::chrono::milliseconds(10);
/// Who writes without a pause isn't waited for.
constexpr int most_waits = 10;

std::int64_t nanoseconds_of(const timespec& time)
{
    return std::int64_t(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

void put_components_first(std::deque<std::string>& components, std::string_view path)
{
    std::vector<std::string> parts;
    while (!path.empty()) {
        const auto slash = std::min(path.find('/'), path.size());
        if (slash > 0)
            parts.emplace_back(path.substr(0, slash));
        path.remove_prefix(std::min(slash + 1, path.size()));
    }
    components.insert(components.begin(), parts.begin(), parts.end());
}

std::string link_target(const std::string& path)
{
    std::array<char, PATH_MAX> target;
    const auto length = ::readlink(path.c_str(), target.data(), target.size());
    return {target.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0))};
}

std::string root_of(std::string_view path)
{
    return path.starts_with('/') ? "/" : ".";
}

/// The folders where a change of their entries can change what `file` means: the one of every symbolic link on the way,
/// and the one that holds the file. False: the way ends early; the last folder that is there is among them.
bool add_folders(std::set<std::string>& to, const std::string& file)
{
    std::deque<std::string> components;
    put_components_first(components, file);
    auto folder = root_of(file);
    for (int links = 0; !components.empty();) {
        const auto entry = folder + '/' + components.front();
        components.pop_front();
        struct stat status = {};
        const bool there = ::lstat(entry.c_str(), &status) == 0;
        const bool link = there && S_ISLNK(status.st_mode);
        if (!there || link || components.empty())
            to.insert(folder);
        if (!there || (link && ++links > most_links))
            return false;
        if (link) {
            const auto target = link_target(entry);
            put_components_first(components, target);
            folder = target.starts_with('/') ? "/" : folder;
        } else {
            folder = entry;
        }
    }
    return true;
}

} // namespace

Watcher::Watcher(Options options) : options_(options)
{
    if (options_.use_inotify)
        inotify_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
}

Watcher::~Watcher()
{
    if (inotify_ >= 0)
        ::close(inotify_);
}

namespace {

FileStatus status_of(const std::string& file)
{
    struct stat status = {};
    if (::stat(file.c_str(), &status) != 0)
        return {};
    return {.device = status.st_dev,
            .inode = status.st_ino,
            .size = static_cast<std::uint64_t>(status.st_size),
            .modified_ns = nanoseconds_of(status.st_mtim),
            .changed_ns = nanoseconds_of(status.st_ctim)};
}

} // namespace

FileStatus status_before_reading(const std::string& file)
{
    auto status = status_of(file);
    for (int i = 0; i < most_waits; ++i) {
        const auto now = std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch());
        const auto age = now - std::chrono::nanoseconds(status.changed_ns);
        if (age < std::chrono::nanoseconds(0) || age >= file_clock_tick)
            break;
        std::this_thread::sleep_for(file_clock_tick - age);
        status = status_of(file);
    }
    return status;
}

Watcher::Statuses Watcher::statuses() const
{
    Statuses all;
    for (const auto& file : files_)
        all.push_back(status_of(file));
    return all;
}

bool Watcher::watch_folder(const std::string& folder)
{
    constexpr std::uint32_t events = IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO |
                                     IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
    const int watch = ::inotify_add_watch(inotify_, folder.c_str(), events);
    if (watch >= 0)
        watches_[folder] = watch;
    return watch >= 0;
}

void Watcher::watch_folders()
{
    if (inotify_ < 0)
        return;
    std::set<std::string> folders;
    all_watched_ = true;
    for (const auto& file : files_)
        all_watched_ &= add_folders(folders, file);

    // All again, since a folder of that name may be another one now. Two names of one folder share a watch.
    const auto before = std::exchange(watches_, {});
    for (const auto& folder : folders)
        all_watched_ &= watch_folder(folder);
    std::set<int> used;
    for (const auto& [folder, watch] : watches_)
        used.insert(watch);
    for (const auto& [folder, watch] : before)
        if (used.insert(watch).second)
            ::inotify_rm_watch(inotify_, watch);
}

void Watcher::discard_events()
{
    std::array<char, 16 * 1024> events;
    while (inotify_ >= 0 && ::read(inotify_, events.data(), events.size()) > 0) {
    }
}

void Watcher::watch(const FilesRead& read)
{
    files_.clear();
    reported_.clear();
    for (const auto& [file, status] : read) {
        files_.push_back(file);
        reported_.push_back(status);
    }
    watch_folders();
    last_ = statuses();
}

bool Watcher::look()
{
    discard_events();
    watch_folders();
    auto now = statuses();
    const bool quiet = now == last_;
    last_ = std::move(now);
    if (!quiet || last_ == reported_)
        return false;
    reported_ = last_;
    return true;
}

Watcher::Next Watcher::next() const
{
    if (last_ != reported_)
        return {options_.quiet, false};
    return {all_watched_ && inotify_ >= 0 ? options_.look_anyway : options_.look_without, inotify_ >= 0};
}

} // namespace trellis::gateway
