// Notices that files have changed: replaced, rewritten, gone or back. Whether one has changed is decided by its status
// (inode, size, times) alone, once that has stayed the same for a while; inotify on the folders, and on those of every
// symbolic link on the way, only says when to look. So lost events, overflow, and file systems without notification
// cost time and never a change: without events it looks every few seconds. One thread.
#pragma once

#include "net/event_loop.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace trellis::gateway {

/// What tells one state of a file from another.
struct FileStatus {
    std::uint64_t device = 0, inode = 0, size = 0; ///< inode 0: missing
    std::int64_t modified_ns = 0, changed_ns = 0;  ///< contents; contents, name or rights
    bool operator==(const FileStatus&) const = default;
};
/// By path: as the files were just before somebody read them.
using FilesRead = std::map<std::string, FileStatus>;

/// To be asked before reading: what changes the file afterwards changes its status too. So it waits, some ten
/// milliseconds, where a file has changed so lately that its times could stay the same. Any thread; may block.
FileStatus status_before_reading(const std::string& file);

class Watcher {
public:
    struct Options {
        std::chrono::milliseconds quiet{200};         ///< a change counts when the files stay so for this long
        std::chrono::milliseconds look_anyway{5'000}; ///< without events
        std::chrono::milliseconds look_without{
            1'000}; ///< where there is no inotify, or a file or its folder is missing
        bool use_inotify = true;
    };

    Watcher() : Watcher(Options()) {}
    explicit Watcher(Options options);
    ~Watcher();
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

    /// From now on these files, instead of others; what differs from what was read counts as a change.
    void watch(const FilesRead& read);

    /// Whether files have changed since watch(), or since the last time this said so, and have been the same at two
    /// looks in succession, which the caller spaces.
    bool look();
    /// Readable: something has happened near a file, look. -1: there is no inotify here.
    [[nodiscard]] int fd() const { return inotify_; }
    /// When to look next, counted from the last look; with true: also when fd() is readable.
    struct Next {
        std::chrono::milliseconds wait;
        bool or_event;
    };
    [[nodiscard]] Next next() const;
    [[nodiscard]] std::chrono::milliseconds quiet() const { return options_.quiet; }

private:
    using Statuses = std::vector<FileStatus>;

    [[nodiscard]] Statuses statuses() const;
    void watch_folders();
    bool watch_folder(const std::string& folder);
    void discard_events();

    Options options_;
    int inotify_ = -1;
    std::vector<std::string> files_;
    std::map<std::string, int> watches_; ///< by folder
    bool all_watched_ = false;           ///< every file is there, and every folder on the way to it watched
    Statuses reported_;                  ///< as the caller knows them
    Statuses last_;                      ///< as they were at the last look
};

/// A fiber's work: waits, and calls `changed` on that fiber for every change that is quiet, which may call watch(). Set
/// `stopped` and wake `stop` to end it.
void watch_until(net::EventLoop& loop, Watcher& watcher, net::Pause& stop, const bool& stopped,
                 const std::function<void()>& changed);

} // namespace trellis::gateway
