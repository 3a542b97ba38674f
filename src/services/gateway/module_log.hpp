// What modules write to their standard error, in whole lines: lines of two requests never mix, and the last one is
// completed when its request ends. To the server's standard error each line goes with time, module and request in front
// and without control characters; with a log directory it goes as it is to DIR/<sha256 of the route>/module.stderr,
// where WAGI puts it. A ModuleLog and its channels are shared by threads; a Stream belongs to its request's thread.
#pragma once

#include "services/gateway/log_text.hpp"
#include "services/gateway/log_thread.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>

namespace trellis::gateway {

class ModuleLog {
public:
    /// Longer lines are cut into pieces of this size, each a line.
    static constexpr std::size_t line_bytes = 8 * 1024;
    /// What waits for one route's destination: a module that says much costs its own lines and not those of others.
    static constexpr std::size_t waiting_bytes = 256 * 1024;

    /// The lines of one route.
    class Channel {
    public:
        Channel(std::shared_ptr<LogFile> file, std::string name, bool with_prefix)
            : file_(std::move(file)), name_(std::move(name)), with_prefix_(with_prefix)
        {
        }

    private:
        friend class ModuleLog;
        std::shared_ptr<LogFile> file_;
        std::string name_; ///< readable
        bool with_prefix_;
    };

    /// One request's standard error. Costs nothing until something is written; holds at most one line.
    class Stream {
    public:
        Stream(std::shared_ptr<Channel> channel, std::uint64_t request)
            : channel_(std::move(channel)), request_(request)
        {
        }
        ~Stream() { finish(); }
        Stream(const Stream&) = delete;
        Stream& operator=(const Stream&) = delete;

        /// Takes all of it and never waits; what the log has no room for is dropped and counted.
        void write(std::span<const std::byte> bytes);
        /// Completes the last line.
        void finish();

    private:
        void take(std::string_view& rest);
        void add_line(std::string_view line);
        void hand_on();

        std::shared_ptr<Channel> channel_;
        std::uint64_t request_;
        std::string begun_; ///< a line without its end
        std::string lines_; ///< formatted, of the write that is under way
        std::size_t line_count_ = 0;
        TimeText time_text_;
    };

    /// To the server's standard error.
    explicit ModuleLog(LogThread& thread) : thread_(thread) {}
    /// Into files under `directory`, which is made. Errors: denied, io.
    static Result<std::unique_ptr<ModuleLog>> in_directory(LogThread& thread, std::string directory);

    /// For each route of an application when it is loaded. Equal routes share a file. `route`: the pattern as written,
    /// with its "/...". Errors: denied, io (the file can't be made).
    Result<std::shared_ptr<Channel>> channel(const std::string& route, const std::string& module_name);
    /// All files again, for log rotation. Errors: the first one; the others are reopened.
    Result<> reopen();

private:
    ModuleLog(LogThread& thread, std::string directory) : thread_(thread), directory_(std::move(directory)) {}
    Result<std::shared_ptr<LogFile>> file_of(const std::string& route);

    LogThread& thread_;
    std::string directory_; ///< empty: standard error
    std::mutex mutex_;
    std::map<std::string, std::weak_ptr<LogFile>> files_; ///< by path
};

} // namespace trellis::gateway
