#include "services/gateway/log_thread.hpp"

#include "sandbox/scratch_directory.hpp"

#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace trellis::gateway {
namespace {

using sandbox::ScratchDirectory;
using namespace std::chrono_literals;

TEST(gateway_log_thread, appended_lines_are_in_the_file_after_a_drain)
{
    const ScratchDirectory folder;
    folder.write("log", "before\n");
    LogThread thread;
    const auto file = thread.open(folder.path("log")).value();
    EXPECT_TRUE(file->append("one\n", 1));
    EXPECT_TRUE(file->append("two\nthree\n", 2));
    EXPECT_TRUE(thread.drain());
    EXPECT_EQ(folder.read("log"), "before\none\ntwo\nthree\n");
    EXPECT_EQ(thread.dropped_lines(), 0);
}

TEST(gateway_log_thread, the_end_writes_what_is_left)
{
    const ScratchDirectory folder;
    {
        LogThread thread({.gather = 1h});
        const auto file = thread.open(folder.path("log")).value();
        file->append("last\n", 1);
    }
    EXPECT_EQ(folder.read("log"), "last\n");
}

TEST(gateway_log_thread_death, no_signal_ever_reaches_it)
{
    const auto try_it = [] {
        sigset_t ended;
        sigemptyset(&ended);
        sigaddset(&ended, SIGTERM);
        pthread_sigmask(SIG_UNBLOCK, &ended, nullptr);
        for (int i = 0; i < 50; ++i) {
            LogThread thread;
            pthread_sigmask(SIG_BLOCK, &ended, nullptr);
            kill(getpid(), SIGTERM);
            usleep(200); // a thread that begins with signals unblocked takes it now
            int number = 0;
            sigwait(&ended, &number);
            pthread_sigmask(SIG_UNBLOCK, &ended, nullptr);
        }
        _exit(42);
    };
    EXPECT_EXIT(try_it(), testing::ExitedWithCode(42), "");
}

TEST(gateway_log_thread, a_file_that_outlives_the_thread_drops)
{
    const ScratchDirectory folder;
    auto thread = std::make_unique<LogThread>();
    const auto file = thread->open(folder.path("log")).value();
    thread.reset();
    EXPECT_FALSE(file->append("late\n", 1));
    EXPECT_EQ(folder.read("log"), "");
}

TEST(gateway_log_thread, reopen_writes_to_the_new_file_of_that_name)
{
    const ScratchDirectory folder;
    LogThread thread;
    const auto file = thread.open(folder.path("log")).value();
    file->append("old\n", 1);
    thread.drain();
    std::filesystem::rename(folder.path("log"), folder.path("log.1"));
    ASSERT_TRUE(file->reopen());
    file->append("new\n", 1);
    thread.drain();
    EXPECT_EQ(folder.read("log.1"), "old\n");
    EXPECT_EQ(folder.read("log"), "new\n");
}

TEST(gateway_log_thread, a_failed_reopen_names_the_file_and_keeps_the_old_one)
{
    const ScratchDirectory folder;
    std::filesystem::create_directory(folder.path("logs"));
    LogThread thread;
    const auto file = thread.open(folder.path("logs/log")).value();
    std::filesystem::rename(folder.path("logs"), folder.path("moved"));
    const auto result = file->reopen();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::not_found);
    EXPECT_NE(result.error().message.find("logs/log"), std::string::npos);
    file->append("still\n", 1);
    thread.drain();
    EXPECT_EQ(folder.read("moved/log"), "still\n");
}

TEST(gateway_log_thread, a_full_disk_is_counted_and_tears_no_lines)
{
    LogThread thread;
    const auto file = thread.open("/dev/full").value();
    EXPECT_TRUE(file->append("one\ntwo\n", 2));
    EXPECT_TRUE(thread.drain());
    EXPECT_EQ(thread.dropped_lines(), 2);
}

/// Files of this process can't grow beyond that while it lives.
struct FileSizeLimit {
    explicit FileSizeLimit(rlim_t bytes)
    {
        ::getrlimit(RLIMIT_FSIZE, &before);
        const rlimit limit = {bytes, before.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before); }
    rlimit before = {};
};

TEST(gateway_log_thread, a_line_that_was_cut_by_a_full_disk_does_not_swallow_the_next)
{
    const ScratchDirectory folder;
    LogThread thread;
    const auto file = thread.open(folder.path("log")).value();
    {
        const FileSizeLimit limit(10);
        file->append("one\ntwo\nthree\nfour\n", 4);
        thread.drain();
        file->append("five\n", 1);
        thread.drain();
    }
    EXPECT_EQ(thread.dropped_lines(), 3);
    file->append("six\n", 1);
    thread.drain();
    EXPECT_EQ(folder.read("log"), "one\ntwo\nth\nsix\n");
}

/// A named pipe with a reader, whose buffer can be filled.
struct Pipe {
    explicit Pipe(const std::string& path)
    {
        EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
        reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    }
    ~Pipe() { close(); }
    void close()
    {
        if (reader >= 0)
            ::close(std::exchange(reader, -1));
    }
    std::string read_all() const
    {
        std::string text(1 << 20, '\0');
        const auto count = ::read(reader, text.data(), text.size());
        text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        return text;
    }
    int reader;
};

TEST(gateway_log_thread, a_pipe_that_nobody_reads_blocks_no_caller_and_not_the_end)
{
    const ScratchDirectory folder;
    const Pipe pipe(folder.path("pipe"));
    const std::string line(999, 'x');
    std::uint64_t refused = 0;
    {
        LogThread thread({.patience = 50ms});
        const auto file = thread.open(folder.path("pipe"), 100'000).value();
        for (int i = 0; i < 1000; ++i)
            refused += !file->append(line + '\n', 1);
        EXPECT_FALSE(thread.drain());
        EXPECT_GE(refused, 1000 - 2 * 100 - 65); // waiting, being written, in the pipe
        EXPECT_EQ(thread.dropped_lines(), refused);
    }
    EXPECT_EQ(pipe.read_all().substr(0, 1000), line + '\n');
}

TEST(gateway_log_thread, a_reader_that_is_gone_does_not_end_the_process)
{
    const ScratchDirectory folder;
    Pipe pipe(folder.path("pipe"));
    LogThread thread;
    const auto file = thread.open(folder.path("pipe")).value();
    pipe.close();
    file->append("into the void\n", 1);
    EXPECT_TRUE(thread.drain());
    EXPECT_EQ(thread.dropped_lines(), 1);
}

TEST(gateway_log_thread, much_is_written_without_waiting_for_more)
{
    const ScratchDirectory folder;
    LogThread thread({.gather = 1h});
    const auto file = thread.open(folder.path("log"), 1000).value();
    file->append("one\n", 1);
    file->append(std::string(300, 'x') + '\n', 1);
    while (folder.read("log").empty())
        std::this_thread::yield();
    EXPECT_EQ(folder.read("log").size(), 305);
}

TEST(gateway_log_thread, lines_of_many_threads_stay_whole)
{
    const ScratchDirectory folder;
    {
        LogThread log({.gather = 0ms});
        const auto file = log.open(folder.path("log")).value();
        std::vector<std::jthread> threads;
        for (char name = 'a'; name < 'e'; ++name)
            threads.emplace_back([&, name] {
                for (int i = 0; i < 500; ++i)
                    file->append(std::string(100, name) + '\n', 1);
            });
    }
    std::ifstream file(folder.path("log"));
    int lines = 0;
    for (std::string line; std::getline(file, line); ++lines)
        ASSERT_EQ(line, std::string(100, line[0]));
    EXPECT_EQ(lines, 2000);
}

} // namespace
} // namespace trellis::gateway
