#include "services/gateway/log_thread.hpp"

#include "base/check.hpp"
#include "base/format.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace trellis::gateway {

namespace {

/// What a destination keeps of its buffer when everything is written.
constexpr std::size_t kept_bytes = 256 * 1024;

} // namespace

/// Closes what it owns; the standard streams are nobody's.
class Descriptor {
public:
    Descriptor(int fd, bool owned) : fd_(fd), owned_(owned) {}
    ~Descriptor()
    {
        if (owned_)
            ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int fd() const { return fd_; }

private:
    int fd_;
    bool owned_;
};

/// Shared by the files and by the thread, which may be stuck in a write when everybody else is gone.
struct LogThreadState {
    explicit LogThreadState(LogThread::Options given) : options(given) {}

    /// The file has lines waiting. False: the thread has ended.
    bool add(std::shared_ptr<LogFile> file);
    void run();
    /// Much is waiting: no more gathering.
    void write_soon();
    bool wait_until_idle(std::unique_lock<std::mutex>& lock);

    const LogThread::Options options;
    std::atomic<std::uint64_t> dropped_lines = 0;
    std::mutex mutex; ///< of what follows
    std::condition_variable changed, idle;
    std::vector<std::shared_ptr<LogFile>> with_lines;
    bool writing = false;
    bool in_a_hurry = false;
    bool stopping = false;
    bool ended = false;
};

bool LogThreadState::add(std::shared_ptr<LogFile> file)
{
    {
        const std::lock_guard lock(mutex);
        if (ended)
            return false;
        with_lines.push_back(std::move(file));
    }
    changed.notify_one();
    return true;
}

void LogThreadState::run()
{
    std::unique_lock lock(mutex);
    for (;;) {
        changed.wait(lock, [this] { return stopping || !with_lines.empty(); });
        if (with_lines.empty())
            break;
        changed.wait_for(lock, options.gather, [this] { return stopping || in_a_hurry; });
        auto files = std::exchange(with_lines, {});
        in_a_hurry = false;
        writing = true;
        lock.unlock();
        for (const auto& file : files)
            file->write_waiting();
        files.clear();
        lock.lock();
        writing = false;
        idle.notify_all();
    }
    ended = true;
    idle.notify_all();
}

void LogThreadState::write_soon()
{
    {
        const std::lock_guard lock(mutex);
        in_a_hurry = true;
    }
    changed.notify_one();
}

bool LogThreadState::wait_until_idle(std::unique_lock<std::mutex>& lock)
{
    in_a_hurry = true;
    changed.notify_one();
    const bool done = idle.wait_for(lock, options.patience, [this] { return with_lines.empty() && !writing; });
    in_a_hurry = false;
    return done;
}

LogFile::LogFile(std::shared_ptr<LogThreadState> thread, std::shared_ptr<Descriptor> descriptor, std::string path,
                 std::size_t most_waiting_bytes)
    : thread_(std::move(thread)), path_(std::move(path)), most_waiting_bytes_(most_waiting_bytes),
      descriptor_(std::move(descriptor))
{
}

bool LogFile::append(std::string_view whole_lines, std::size_t line_count)
{
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() + whole_lines.size() > most_waiting_bytes_) {
            thread_->dropped_lines += line_count;
            return false;
        }
        const bool first = waiting_.empty();
        waiting_ += whole_lines;
        waiting_lines_ += line_count;
        if (!first) {
            if (waiting_.size() > most_waiting_bytes_ / 4)
                thread_->write_soon();
            return true;
        }
    }
    if (thread_->add(shared_from_this()))
        return true;
    const std::lock_guard lock(mutex_);
    thread_->dropped_lines += std::exchange(waiting_lines_, 0);
    waiting_.clear();
    return false;
}

void LogFile::write_waiting()
{
    std::shared_ptr<Descriptor> descriptor;
    {
        const std::lock_guard lock(mutex_);
        std::swap(waiting_, writing_);
        waiting_lines_ = 0;
        descriptor = descriptor_;
    }
    write(descriptor->fd(), writing_);
    writing_.clear();
    if (writing_.capacity() > kept_bytes)
        writing_ = {};
}

namespace {

/// Also to a pipe that somebody has made non-blocking. -1: it can't be written.
ssize_t write_some(int fd, std::string_view bytes)
{
    for (;;) {
        const auto written = ::write(fd, bytes.data(), bytes.size());
        if (written >= 0)
            return written;
        if (errno == EAGAIN) {
            pollfd ready = {fd, POLLOUT, 0};
            ::poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            return -1;
        }
    }
}

} // namespace

void LogFile::write(int fd, std::string_view lines)
{
    // A line that could not be written to its end must not swallow the beginning of the next one.
    if (torn_)
        torn_ = write_some(fd, "\n") != 1;
    for (const bool begins = !torn_; begins && !lines.empty();) {
        const auto written = write_some(fd, lines);
        if (written <= 0)
            break;
        torn_ = lines[static_cast<std::size_t>(written) - 1] != '\n';
        lines.remove_prefix(static_cast<std::size_t>(written));
    }
    thread_->dropped_lines += static_cast<std::uint64_t>(std::ranges::count(lines, '\n'));
}

namespace {

ErrorCode code_of_errno(int error)
{
    if (error == ENOENT || error == ENOTDIR)
        return ErrorCode::not_found;
    return error == EACCES || error == EPERM || error == EROFS ? ErrorCode::denied : ErrorCode::io;
}

Result<std::shared_ptr<Descriptor>> open_log(const std::string& path)
{
    // Not blocking: opening a named pipe that nobody reads would wait for a reader.
    const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
    if (fd < 0) {
        const int error = errno;
        return fail(code_of_errno(error), format("can't open log file {}: {}", path, std::strerror(error)));
    }
    return std::make_shared<Descriptor>(fd, true);
}

} // namespace

Result<> LogFile::reopen()
{
    if (path_.empty())
        return {};
    auto descriptor = TRELLIS_TRY(open_log(path_));
    const std::lock_guard lock(mutex_);
    descriptor_.swap(descriptor);
    return {};
}

LogThread::LogThread(Options options) : state_(std::make_shared<LogThreadState>(options))
{
    // Signals are for other threads; above all SIGPIPE must not end the process when a reader is gone. The thread
    // begins with them blocked: until it could do so itself, SIGTERM would end the process.
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &before);
    thread_ = std::thread([state = state_] { state->run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

LogThread::~LogThread()
{
    std::unique_lock lock(state_->mutex);
    state_->stopping = true;
    state_->changed.notify_one();
    const bool ended = state_->idle.wait_for(lock, state_->options.patience, [this] { return state_->ended; });
    lock.unlock();
    if (ended)
        thread_.join();
    else
        thread_.detach(); // stuck in a write; what it uses is its own
}

Result<std::shared_ptr<LogFile>> LogThread::open(const std::string& path, std::size_t waiting_bytes)
{
    TRELLIS_CHECK(!path.empty());
    auto descriptor = TRELLIS_TRY(open_log(path));
    return std::shared_ptr<LogFile>(new LogFile(state_, std::move(descriptor), path, waiting_bytes));
}

std::shared_ptr<LogFile> LogThread::standard(int fd, std::size_t waiting_bytes)
{
    return std::shared_ptr<LogFile>(new LogFile(state_, std::make_shared<Descriptor>(fd, false), {}, waiting_bytes));
}

std::shared_ptr<LogFile> LogThread::standard_output(std::size_t waiting_bytes)
{
    return standard(STDOUT_FILENO, waiting_bytes);
}

std::shared_ptr<LogFile> LogThread::standard_error(std::size_t waiting_bytes)
{
    return standard(STDERR_FILENO, waiting_bytes);
}

bool LogThread::drain()
{
    std::unique_lock lock(state_->mutex);
    return state_->wait_until_idle(lock);
}

std::uint64_t LogThread::dropped_lines() const
{
    return state_->dropped_lines;
}

} // namespace trellis::gateway
