// Where log lines go: files, standard output and standard error, all written by one thread of their own, so that a slow
// or full disk, or a pipe that nobody reads, delays no request. Lines wait in bounded memory; what doesn't fit, or
// can't be written, is dropped and counted. One write call takes whatever has gathered. Any thread may append.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace trellis::gateway {

class LogThread;
struct LogThreadState;
class Descriptor;

/// One destination. Shared by whoever writes there; closed with the last of them.
class LogFile : public std::enable_shared_from_this<LogFile> {
public:
    /// Whole lines, each with its line feed, that stay together. Never waits for the disk. False: there is no room, and
    /// they are dropped and counted.
    bool append(std::string_view whole_lines, std::size_t line_count);
    /// Opens the file of that name again, when somebody has moved it away; nothing to do for standard output and error.
    /// What was appended before may go to either. Errors: as LogThread::open; the old file stays in use.
    Result<> reopen();
    [[nodiscard]] const std::string& path() const { return path_; } ///< empty: standard output or error

private:
    friend class LogThread;
    friend struct LogThreadState;
    LogFile(std::shared_ptr<LogThreadState> thread, std::shared_ptr<Descriptor> descriptor, std::string path,
            std::size_t most_waiting_bytes);
    void write_waiting();
    void write(int fd, std::string_view lines);

    std::shared_ptr<LogThreadState> thread_;
    std::string path_;
    std::size_t most_waiting_bytes_;
    std::mutex mutex_; ///< of the following three
    std::shared_ptr<Descriptor> descriptor_;
    std::string waiting_;
    std::size_t waiting_lines_ = 0;
    // The log thread's own.
    std::string writing_;
    bool torn_ = false; ///< the last line written is not whole
};

class LogThread {
public:
    struct Options {
        std::chrono::milliseconds gather{20};     ///< a line waits so long for others to be written with it
        std::chrono::milliseconds patience{2000}; ///< how long the end waits for a destination that is stuck
    };

    /// What waits for one destination at most, if nothing else is said.
    static constexpr std::size_t usual_waiting_bytes = std::size_t(4) << 20;

    LogThread() : LogThread(Options()) {}
    explicit LogThread(Options options);
    /// Writes what has been appended, unless that takes longer than `patience`. Files may outlive it, and then drop.
    ~LogThread();
    LogThread(const LogThread&) = delete;
    LogThread& operator=(const LogThread&) = delete;

    /// A file that is appended to; made if missing, its folder is not. Errors: not_found, denied, io; they name it.
    Result<std::shared_ptr<LogFile>> open(const std::string& path, std::size_t waiting_bytes = usual_waiting_bytes);
    std::shared_ptr<LogFile> standard_output(std::size_t waiting_bytes = usual_waiting_bytes);
    std::shared_ptr<LogFile> standard_error(std::size_t waiting_bytes = usual_waiting_bytes);

    /// Waits until everything appended before is written or dropped; false: not within `patience`.
    bool drain();
    [[nodiscard]] std::uint64_t dropped_lines() const;

private:
    std::shared_ptr<LogFile> standard(int fd, std::size_t waiting_bytes);

    std::shared_ptr<LogThreadState> state_;
    std::thread thread_;
};

} // namespace trellis::gateway
