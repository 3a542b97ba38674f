// Pipes between a test and a guest that runs on a thread of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <fcntl.h>
#include <mutex>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>

namespace trellis::test {

/// The guest's end and ours.
class Pipe {
public:
    Pipe()
    {
        if (::pipe2(ends_, O_CLOEXEC) != 0)
            std::abort();
    }
    ~Pipe()
    {
        close_writing();
        ::close(ends_[0]);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    [[nodiscard]] int reading() const { return ends_[0]; }
    [[nodiscard]] int writing() const { return ends_[1]; }
    void close_writing()
    {
        if (ends_[1] >= 0)
            ::close(std::exchange(ends_[1], -1));
    }

private:
    int ends_[2];
};

/// Reads a pipe to its end on a thread of its own, so that the guest never waits for us.
class Collector {
public:
    static constexpr auto patience = std::chrono::seconds(20);

    Collector() : thread_([this] { run(); }) {}
    ~Collector() { finish(); }
    [[nodiscard]] int descriptor() const { return pipe_.writing(); }
    /// Everything that was not taken.
    const std::string& finish()
    {
        pipe_.close_writing();
        if (thread_.joinable())
            thread_.join();
        return collected_;
    }
    /// The next bytes; fewer, if they don't come.
    std::string take(std::size_t bytes)
    {
        std::unique_lock lock(mutex_);
        came_.wait_for(lock, patience, [&] { return is_over_ || collected_.size() >= bytes; });
        return taken(std::min(bytes, collected_.size()));
    }
    /// Without the end of the line.
    std::string take_line()
    {
        std::unique_lock lock(mutex_);
        came_.wait_for(lock, patience, [&] { return is_over_ || collected_.contains('\n'); });
        auto line = taken(std::min(collected_.find('\n'), collected_.size() - 1) + 1);
        if (line.ends_with('\n'))
            line.pop_back();
        return line;
    }

private:
    std::string taken(std::size_t bytes)
    {
        auto text = collected_.substr(0, bytes);
        collected_.erase(0, bytes);
        return text;
    }
    void run()
    {
        char block[4096];
        while (true) {
            const auto count = ::read(pipe_.reading(), block, sizeof block);
            const std::lock_guard lock(mutex_);
            is_over_ = count <= 0;
            if (!is_over_)
                collected_.append(block, static_cast<std::size_t>(count));
            came_.notify_all();
            if (is_over_)
                return;
        }
    }

    Pipe pipe_;
    std::mutex mutex_;
    std::condition_variable came_;
    std::string collected_;
    bool is_over_ = false;
    std::thread thread_;
};

} // namespace trellis::test
