#include "sandbox/wasi/guest_harness.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>

namespace trellis::sandbox::preview1 {

namespace {

constexpr std::uint64_t size_of_memory = GuestHarness::memory_size;

/// A guest with a directory as descriptor 3 and pipes or files of the test's as streams.
struct WithDirectory {
    ScratchDirectory scratch;
    GuestHarness guest;

    explicit WithDirectory(bool read_only = false, const std::string& module = "wasi_snapshot_preview1")
        : guest({.directories = {{scratch.path().string(), "/data", read_only}}}, module)
    {
    }
};

struct Pipe {
    int ends[2];
    explicit Pipe(int flags = 0) { EXPECT_EQ(::pipe2(ends, O_CLOEXEC | flags), 0); }
    ~Pipe()
    {
        ::close(ends[0]);
        ::close(ends[1]);
    }
    [[nodiscard]] std::string take() const
    {
        char bytes[1000];
        return {bytes, static_cast<std::size_t>(std::max<ssize_t>(::read(ends[0], bytes, sizeof bytes), 0))};
    }
};

} // namespace

TEST(wasi_write, gathers_vectors_into_one_stream)
{
    Pipe pipe;
    GuestHarness guest({.stdout_stream = pipe.ends[1]});
    guest.put_text(1000, "hello");
    guest.put_text(2000, " world");
    guest.put(100, GuestVector{1000, 5});
    guest.put(108, GuestVector{3000, 0});
    guest.put(116, GuestVector{2000, 6});
    EXPECT_EQ(guest.call("fd_write", {1, 100, 3, 204}), Errno::success);
    EXPECT_EQ(guest.changes(), "204+4");
    EXPECT_EQ(guest.at<std::uint32_t>(204), 11U);
    EXPECT_EQ(pipe.take(), "hello world");
}

TEST(wasi_write, bad_pointers_write_nothing)
{
    Pipe pipe(O_NONBLOCK);
    GuestHarness guest({.stdout_stream = pipe.ends[1]});
    guest.put(100, GuestVector{1000, 5});
    guest.put(108, GuestVector{0xffff'fff0, 32});
    EXPECT_EQ(guest.call("fd_write", {1, 100, 2, 204}), Errno::fault);
    EXPECT_EQ(guest.call("fd_write", {1, 100, 1, size_of_memory - 3}), Errno::fault);
    EXPECT_EQ(guest.call("fd_write", {1, size_of_memory - 4, 1, 204}), Errno::fault);
    EXPECT_EQ(guest.call("fd_write", {1, 100, 0xffff'ffff, 204}), Errno::fault);
    EXPECT_EQ(guest.changes(), "");
    EXPECT_EQ(pipe.take(), "");
}

TEST(wasi_write, more_vectors_than_the_system_takes)
{
    Pipe pipe;
    GuestHarness guest({.stdout_stream = pipe.ends[1]});
    for (std::uint32_t i = 0; i < 2000; ++i)
        guest.put(1000 + i * 8, GuestVector{0, i < 1990 ? 0U : 1U});
    EXPECT_EQ(guest.call("fd_write", {1, 1000, 2000, 204}), Errno::success);
    EXPECT_EQ(guest.at<std::uint32_t>(204), 10U);
}

TEST(wasi_streams, directions_and_closed_ones)
{
    Pipe pipe;
    GuestHarness guest({.stdin_stream = pipe.ends[0], .stdout_stream = pipe.ends[1], .stderr_stream = -1});
    EXPECT_EQ(guest.write(0, "x"), Errno::notcapable);
    guest.put(100, GuestVector{1000, 5});
    EXPECT_EQ(guest.call("fd_read", {1, 100, 1, 204}), Errno::notcapable);
    EXPECT_EQ(guest.write(2, "x"), Errno::badf);
    EXPECT_EQ(guest.write(77, "x"), Errno::badf);
    EXPECT_EQ(guest.write(0xffff'ffff, "x"), Errno::badf);
    EXPECT_EQ(guest.call("fd_seek", {0, 0, 0, 204}), Errno::notcapable);
}

TEST(wasi_streams, reading_waits_for_data_and_sees_the_end)
{
    Pipe pipe;
    GuestHarness guest({.stdin_stream = pipe.ends[0]});
    guest.put(100, GuestVector{1000, 0});
    EXPECT_EQ(guest.call("fd_read", {0, 100, 1, 204}), Errno::success); // nothing asked, nothing waited for
    EXPECT_EQ(guest.call("fd_read", {0, 100, 0, 204}), Errno::success);
    guest.put(100, GuestVector{1000, 50});
    std::thread writer([&] { EXPECT_EQ(::write(pipe.ends[1], "late", 4), 4); });
    EXPECT_EQ(guest.call("fd_read", {0, 100, 1, 204}), Errno::success);
    writer.join();
    EXPECT_EQ(guest.at<std::uint32_t>(204), 4U);
    EXPECT_EQ(guest.text(1000, 5), "late\xa5");
    ::close(std::exchange(pipe.ends[1], -1));
    EXPECT_EQ(guest.call("fd_read", {0, 100, 1, 204}), Errno::success);
    EXPECT_EQ(guest.at<std::uint32_t>(204), 0U);
}

TEST(wasi_streams, waiting_guests_can_be_interrupted)
{
    for (const int flags : {0, O_NONBLOCK}) {
        Pipe pipe(flags);
        GuestHarness guest({.stdin_stream = pipe.ends[0], .stdout_stream = pipe.ends[1]});
        const auto handle = guest.store.interrupt_handle();
        guest.put(100, GuestVector{1000, 50});
        std::thread interrupter([&] { handle.interrupt(); });
        guest.call("fd_read", {0, 100, 1, 204});
        interrupter.join();
        EXPECT_EQ(guest.trap, wasm::Trap::interrupted);

        guest.put(100, GuestVector{0, 60'000});
        guest.call("fd_write", {1, 100, 1, 204}); // fills the pipe
        EXPECT_EQ(guest.trap, wasm::Trap::none);
        std::thread second([&] { handle.interrupt(); });
        guest.call("fd_write", {1, 100, 1, 204});
        second.join();
        EXPECT_EQ(guest.trap, wasm::Trap::interrupted);
    }
}

TEST(wasi_streams, a_full_pipe_takes_everything_in_the_end)
{
    for (const int flags : {0, O_NONBLOCK}) {
        Pipe pipe(flags);
        GuestHarness guest({.stdout_stream = pipe.ends[1]});
        std::size_t got = 0;
        std::thread reader([&, fd = pipe.ends[0]] {
            char bytes[5000];
            while (got < 180'000) {
                pollfd ready = {.fd = fd, .events = POLLIN, .revents = 0};
                ::poll(&ready, 1, -1);
                const auto count = ::read(fd, bytes, sizeof bytes);
                got += static_cast<std::size_t>(std::max<ssize_t>(count, 0));
            }
        });
        guest.put(100, GuestVector{0, 60'000});
        for (int i = 0; i < 3; ++i) {
            EXPECT_EQ(guest.call("fd_write", {1, 100, 1, 204}), Errno::success);
            EXPECT_EQ(guest.at<std::uint32_t>(204), 60'000U);
        }
        reader.join();
        EXPECT_EQ(got, 180'000U);
    }
}

TEST(wasi_streams, non_blocking_for_the_guest_alone)
{
    Pipe pipe;
    GuestHarness guest({.stdin_stream = pipe.ends[0]});
    EXPECT_EQ(guest.call("fd_fdstat_set_flags", {0, fdflags::nonblock}), Errno::success);
    guest.put(100, GuestVector{1000, 50});
    EXPECT_EQ(guest.call("fd_read", {0, 100, 1, 204}), Errno::again);
    EXPECT_EQ(::fcntl(pipe.ends[0], F_GETFL) & O_NONBLOCK, 0);
    EXPECT_EQ(guest.call("fd_fdstat_get", {0, 300}), Errno::success);
    EXPECT_EQ(guest.at<FdStat>(300).flags, fdflags::nonblock);
    EXPECT_EQ(guest.call("fd_fdstat_set_flags", {0, fdflags::append}), Errno::notsup);
    EXPECT_EQ(guest.call("fd_fdstat_set_flags", {0, 32}), Errno::inval);
}

TEST(wasi_files, reads_and_writes_at_offsets)
{
    WithDirectory test;
    auto& guest = test.guest;
    const auto fd = guest.open(3, "file", oflags::creat);
    ASSERT_EQ(fd, 4U);
    EXPECT_EQ(guest.write(fd, "0123456789"), Errno::success);
    guest.put(100, GuestVector{1000, 3});
    EXPECT_EQ(guest.call("fd_pread", {fd, 100, 1, 4, 204}), Errno::success);
    EXPECT_EQ(guest.text(1000, 4), "456\xa5");
    EXPECT_EQ(guest.call("fd_pwrite", {fd, 100, 1, 0, 204}), Errno::success);
    EXPECT_EQ(test.scratch.read("file"), "4563456789");
    EXPECT_EQ(guest.call("fd_tell", {fd, 204}), Errno::success);
    EXPECT_EQ(guest.at<std::uint64_t>(204), 10U);
    EXPECT_EQ(guest.call("fd_pread", {fd, 100, 1, std::uint64_t(1) << 63, 204}), Errno::inval);
    EXPECT_EQ(guest.call("fd_pread", {fd, 100, 1, 99, 204}), Errno::success);
    EXPECT_EQ(guest.at<std::uint32_t>(204), 0U);
}

TEST(wasi_files, whence_differs_between_snapshots)
{
    const auto seek = [](const std::string& module, std::uint64_t offset, std::uint64_t whence) {
        WithDirectory test(false, module);
        const auto fd = test.guest.open(3, "file", oflags::creat);
        EXPECT_EQ(test.guest.write(fd, "0123456789"), Errno::success);
        EXPECT_EQ(test.guest.call("fd_seek", {fd, offset, whence, 200}), Errno::success);
        EXPECT_EQ(test.guest.call("fd_seek", {fd, offset, 3, 200}), Errno::inval);
        return test.guest.at<std::uint64_t>(200);
    };
    EXPECT_EQ(seek("wasi_snapshot_preview1", 3, 0), 3U);
    EXPECT_EQ(seek("wasi_snapshot_preview1", 3, 1), 13U);
    EXPECT_EQ(seek("wasi_snapshot_preview1", std::uint64_t(-3), 2), 7U);
    EXPECT_EQ(seek("wasi_unstable", 3, 0), 13U);
    EXPECT_EQ(seek("wasi_unstable", std::uint64_t(-3), 1), 7U);
    EXPECT_EQ(seek("wasi_unstable", 3, 2), 3U);
}

TEST(wasi_files, attributes_in_both_layouts)
{
    for (const std::string module : {"wasi_snapshot_preview1", "wasi_unstable"}) {
        WithDirectory test(false, module);
        auto& guest = test.guest;
        test.scratch.write("file", "12345");
        struct stat status;
        ASSERT_EQ(::stat(test.scratch.path("file").c_str(), &status), 0);
        const auto fd = guest.open(3, "file");
        EXPECT_EQ(guest.call("fd_filestat_get", {fd, 1000}), Errno::success);
        const bool older = module == "wasi_unstable";
        EXPECT_EQ(guest.text(1000 + (older ? 56 : 64), 1), "\xa5");
        EXPECT_EQ(guest.at<std::uint64_t>(1008), status.st_ino);
        EXPECT_EQ(guest.at<FileType>(1016), FileType::regular_file);
        EXPECT_EQ(guest.at<std::uint32_t>(older ? 1020 : 1024), 1U);
        EXPECT_EQ(guest.at<std::uint64_t>(older ? 1024 : 1032), 5U);
        const auto modified =
            static_cast<std::uint64_t>(status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec);
        EXPECT_EQ(guest.at<std::uint64_t>(older ? 1040 : 1048), modified);
        const auto size = guest.put_text(300, "file");
        EXPECT_EQ(guest.call("path_filestat_get", {3, 0, 300, size, 2000}), Errno::success);
        EXPECT_EQ(guest.text(1000, older ? 56 : 64), guest.text(2000, older ? 56 : 64));
    }
}

TEST(wasi_files, rights_are_enforced_and_only_shrink)
{
    WithDirectory test;
    auto& guest = test.guest;
    const auto fd = guest.open(3, "file", oflags::creat, right::fd_read | right::fd_write);
    EXPECT_EQ(guest.call("fd_seek", {fd, 1, 0, 200}), Errno::notcapable);
    EXPECT_EQ(guest.call("fd_tell", {fd, 200}), Errno::notcapable);
    EXPECT_EQ(guest.call("fd_fdstat_set_rights", {fd, right::fd_read, 0}), Errno::success);
    EXPECT_EQ(guest.write(fd, "x"), Errno::notcapable);
    EXPECT_EQ(guest.call("fd_fdstat_set_rights", {fd, right::fd_read | right::fd_write, 0}), Errno::notcapable);
    EXPECT_EQ(guest.call("fd_fdstat_set_rights", {3, right::path_open, right::fd_read}), Errno::success);
    EXPECT_EQ(guest.open(3, "file", 0, right::fd_write), 0U);
    EXPECT_EQ(guest.last_error, Errno::notcapable);
    EXPECT_EQ(guest.open(3, "new", oflags::creat, right::fd_read), 0U);
    EXPECT_EQ(guest.last_error, Errno::notcapable);
}

TEST(wasi_files, directories_are_not_streams)
{
    WithDirectory test;
    auto& guest = test.guest;
    EXPECT_EQ(guest.write(3, "x"), Errno::isdir);
    EXPECT_EQ(guest.call("fd_seek", {3, 0, 0, 200}), Errno::isdir);
    EXPECT_EQ(guest.call("fd_allocate", {3, 0, 1}), Errno::isdir);
    EXPECT_EQ(guest.call("sock_shutdown", {3, 1}), Errno::notsock);
    const auto fd = guest.open(3, "file", oflags::creat);
    EXPECT_EQ(guest.call("fd_readdir", {fd, 1000, 100, 0, 200}), Errno::notdir);
    EXPECT_EQ(guest.open(fd, "x"), 0U);
    EXPECT_EQ(guest.last_error, Errno::notdir);
}

TEST(wasi_files, append_and_sync_flags)
{
    WithDirectory test;
    auto& guest = test.guest;
    const auto fd = guest.open(3, "file", oflags::creat, right::regular_file, fdflags::append | fdflags::sync);
    EXPECT_EQ(guest.call("fd_fdstat_get", {fd, 300}), Errno::success);
    EXPECT_EQ(guest.at<FdStat>(300).flags, fdflags::append | fdflags::sync);
    EXPECT_EQ(guest.write(fd, "ab"), Errno::success);
    EXPECT_EQ(guest.call("fd_seek", {fd, 0, 0, 200}), Errno::success);
    EXPECT_EQ(guest.write(fd, "c"), Errno::success);
    EXPECT_EQ(test.scratch.read("file"), "abc");
    EXPECT_EQ(guest.call("fd_fdstat_set_flags", {fd, 0}), Errno::notsup); // sync can't be changed
    EXPECT_EQ(guest.call("fd_fdstat_set_flags", {fd, fdflags::sync}), Errno::success);
    EXPECT_EQ(guest.call("fd_seek", {fd, 0, 0, 200}), Errno::success);
    EXPECT_EQ(guest.write(fd, "x"), Errno::success);
    EXPECT_EQ(test.scratch.read("file"), "xbc");
}

TEST(wasi_files, sizes_times_and_syncing)
{
    WithDirectory test;
    auto& guest = test.guest;
    const auto fd = guest.open(3, "file", oflags::creat);
    EXPECT_EQ(guest.call("fd_filestat_set_size", {fd, 100}), Errno::success);
    EXPECT_EQ(guest.call("fd_filestat_set_size", {fd, ~std::uint64_t(0)}), Errno::inval);
    EXPECT_EQ(guest.call("fd_allocate", {fd, 90, 20}), Errno::success);
    EXPECT_EQ(std::filesystem::file_size(test.scratch.path("file")), 110U);
    EXPECT_EQ(guest.call("fd_allocate", {fd, 0, ~std::uint64_t(0)}), Errno::inval);
    EXPECT_EQ(guest.call("fd_advise", {fd, 0, 10, 5}), Errno::success);
    EXPECT_EQ(guest.call("fd_advise", {fd, 0, 10, 6}), Errno::inval);
    EXPECT_EQ(guest.call("fd_sync", {fd}), Errno::success);
    EXPECT_EQ(guest.call("fd_datasync", {fd}), Errno::success);
    EXPECT_EQ(guest.call("fd_sync", {3}), Errno::success);
    EXPECT_EQ(guest.call("fd_filestat_set_times", {fd, 0, 5'000'000'007, fstflags::mtim}), Errno::success);
    EXPECT_EQ(guest.call("fd_filestat_get", {fd, 1000}), Errno::success);
    EXPECT_EQ(guest.at<FileStat>(1000).modified, 5'000'000'007U);
    EXPECT_EQ(guest.call("fd_filestat_set_times", {fd, 0, 0, fstflags::mtim | fstflags::mtim_now}), Errno::inval);
    EXPECT_EQ(guest.call("fd_filestat_set_times", {fd, 0, 0, 16}), Errno::inval);
}

TEST(wasi_files, read_only_grant)
{
    WithDirectory test(true);
    auto& guest = test.guest;
    test.scratch.write("file", "contents");
    EXPECT_EQ(guest.open(3, "file"), 0U); // for writing too
    EXPECT_EQ(guest.last_error, Errno::rofs);
    const auto fd = guest.open(3, "file", 0, right::fd_read | right::fd_filestat_set_times);
    ASSERT_NE(fd, 0U);
    EXPECT_EQ(guest.call("fd_filestat_set_times", {fd, 0, 0, fstflags::mtim}), Errno::rofs);
    EXPECT_EQ(guest.call("fd_filestat_set_times", {3, 0, 0, fstflags::mtim}), Errno::rofs);
    EXPECT_EQ(guest.open(3, "new", oflags::creat), 0U);
    EXPECT_EQ(guest.open(3, "file", oflags::trunc, right::fd_read), 0U);
    EXPECT_EQ(guest.last_error, Errno::rofs);
    EXPECT_EQ(test.scratch.read("file"), "contents");
}

TEST(wasi_preopens, names)
{
    WithDirectory test;
    auto& guest = test.guest;
    EXPECT_EQ(guest.call("fd_prestat_get", {3, 200}), Errno::success);
    EXPECT_EQ(guest.changes(), "200+8");
    EXPECT_EQ(guest.at<PrestatDirectory>(200).name_length, 5U);
    EXPECT_EQ(guest.call("fd_prestat_dir_name", {3, 300, 4}), Errno::nametoolong);
    EXPECT_EQ(guest.call("fd_prestat_dir_name", {3, 300, 6}), Errno::success);
    EXPECT_EQ(guest.changes(), "300+5");
    EXPECT_EQ(guest.text(300, 5), "/data");
    EXPECT_EQ(guest.call("fd_prestat_get", {4, 200}), Errno::badf);
    const auto fd = guest.open(3, ".", 0, right::directory);
    EXPECT_EQ(guest.call("fd_prestat_get", {fd, 200}), Errno::badf);
}

TEST(wasi_readdir, cuts_the_last_entry)
{
    WithDirectory test;
    auto& guest = test.guest;
    test.scratch.write("a-file", "");
    EXPECT_EQ(guest.call("fd_readdir", {3, 1000, 500, 0, 200}), Errno::success);
    const auto all = guest.at<std::uint32_t>(200);
    EXPECT_EQ(all, 3 * 24U + 1 + 2 + 6);
    const auto whole = guest.text(1000, all);
    EXPECT_EQ(guest.call("fd_readdir", {3, 2000, 40, 0, 200}), Errno::success);
    EXPECT_EQ(guest.at<std::uint32_t>(200), 40U);
    EXPECT_EQ(guest.text(2000, 41), whole.substr(0, 40) + "\xa5");
    const auto first = guest.at<DirectoryEntryHeader>(1000);
    EXPECT_EQ(guest.call("fd_readdir", {3, 3000, 500, first.next, 200}), Errno::success);
    EXPECT_EQ(guest.text(3000, guest.at<std::uint32_t>(200)), whole.substr(24 + first.name_length));
    EXPECT_EQ(guest.call("fd_readdir", {3, 3000, 0, 0, 200}), Errno::success);
    EXPECT_EQ(guest.at<std::uint32_t>(200), 0U);
    EXPECT_EQ(guest.call("fd_readdir", {3, 1000, 0xffff'0000, 0, 200}), Errno::fault);
}

TEST(wasi_descriptors, smallest_free_number_and_limit)
{
    ScratchDirectory scratch;
    GuestHarness guest({.directories = {{scratch.path().string(), "/", false}}, .max_descriptors = 6});
    EXPECT_EQ(guest.open(3, ".", 0, 0), 4U);
    EXPECT_EQ(guest.open(3, ".", 0, 0), 5U);
    EXPECT_EQ(guest.open(3, "new", oflags::creat), 0U);
    EXPECT_EQ(guest.last_error, Errno::mfile);
    EXPECT_FALSE(std::filesystem::exists(scratch.path("new")));
    EXPECT_EQ(guest.call("fd_close", {4}), Errno::success);
    EXPECT_EQ(guest.call("fd_close", {4}), Errno::badf);
    EXPECT_EQ(guest.open(3, ".", 0, 0), 4U);
    EXPECT_EQ(guest.call("fd_close", {0}), Errno::success);
    EXPECT_EQ(guest.open(3, ".", 0, 0), 6U); // a standard stream's number stays free
}

TEST(wasi_descriptors, renumber)
{
    WithDirectory test;
    auto& guest = test.guest;
    EXPECT_EQ(guest.open(3, "a", oflags::creat), 4U);
    EXPECT_EQ(guest.open(3, "b", oflags::creat), 5U);
    EXPECT_EQ(guest.call("fd_renumber", {4, 5}), Errno::success);
    EXPECT_EQ(guest.call("fd_close", {4}), Errno::badf);
    EXPECT_EQ(guest.write(5, "x"), Errno::success);
    EXPECT_EQ(test.scratch.read("a"), "x");
    EXPECT_EQ(guest.call("fd_renumber", {5, 4}), Errno::badf);
    EXPECT_EQ(guest.call("fd_renumber", {5, 5}), Errno::success);
    EXPECT_EQ(guest.write(5, "x"), Errno::success);
    EXPECT_EQ(guest.call("fd_renumber", {5, 1}), Errno::success);
    EXPECT_EQ(guest.write(1, "y"), Errno::success);
    EXPECT_EQ(test.scratch.read("a"), "xxy");
}

TEST(wasi_paths, operations_reach_the_host)
{
    WithDirectory test;
    auto& guest = test.guest;
    const auto a = guest.put_text(100, "a"), b = guest.put_text(200, "a/b"), c = guest.put_text(300, "c");
    EXPECT_EQ(guest.call("path_create_directory", {3, 100, a}), Errno::success);
    EXPECT_EQ(guest.call("path_symlink", {100, a, 3, 200, b}), Errno::success);
    EXPECT_EQ(guest.call("path_readlink", {3, 200, b, 400, 10, 500}), Errno::success);
    EXPECT_EQ(guest.changes(), "400+1 500+4");
    EXPECT_EQ(guest.call("path_rename", {3, 200, b, 3, 300, c}), Errno::success);
    EXPECT_TRUE(std::filesystem::is_symlink(test.scratch.path("c")));
    EXPECT_EQ(guest.call("path_link", {3, 0, 300, c, 3, 200, b}), Errno::success);
    EXPECT_EQ(guest.call("path_link", {3, 1, 300, c, 3, 200, b}), Errno::inval);
    EXPECT_EQ(guest.call("path_remove_directory", {3, 100, a}), Errno::notempty);
    EXPECT_EQ(guest.call("path_unlink_file", {3, 200, b}), Errno::success);
    EXPECT_EQ(guest.call("path_unlink_file", {3, 300, c}), Errno::success);
    EXPECT_EQ(guest.call("path_filestat_set_times", {3, 0, 100, a, 0, 7, fstflags::mtim}), Errno::success);
    EXPECT_EQ(guest.call("path_filestat_set_times", {3, 2, 100, a, 0, 7, fstflags::mtim}), Errno::inval);
    EXPECT_EQ(guest.call("path_remove_directory", {3, 100, a}), Errno::success);
}

TEST(wasi_paths, bad_strings)
{
    WithDirectory test;
    auto& guest = test.guest;
    test.scratch.write("file", "");
    guest.put_text(100, std::string_view("file\0", 5));
    EXPECT_EQ(guest.call("path_unlink_file", {3, 100, 5}), Errno::inval);
    EXPECT_EQ(guest.call("path_unlink_file", {3, size_of_memory - 2, 4}), Errno::fault);
    EXPECT_EQ(guest.call("path_unlink_file", {3, 0, 5000}), Errno::nametoolong);
    EXPECT_EQ(guest.call("path_unlink_file", {3, 100, 0}), Errno::noent);
    EXPECT_TRUE(std::filesystem::exists(test.scratch.path("file")));
    guest.put_text(100, "../x");
    EXPECT_EQ(guest.call("path_create_directory", {3, 100, 4}), Errno::notcapable);
    guest.put_text(100, "/tmp");
    EXPECT_EQ(guest.call("path_symlink", {100, 4, 3, 100, 1}), Errno::notcapable);
}

} // namespace trellis::sandbox::preview1
