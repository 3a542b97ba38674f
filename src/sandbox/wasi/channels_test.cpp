// Standard streams that the host's own code reads and writes, and directories that were opened beforehand.
#include "sandbox/wasi/guest_harness.hpp"

namespace trellis::sandbox::preview1 {
namespace {

/// Gives its text piece by piece, and keeps what is written.
class Echo final : public Channel {
public:
    explicit Echo(std::string text) : text_(std::move(text)) {}

    Outcome<std::size_t> read(std::span<const iovec> parts, Wait&) override
    {
        const auto count = std::min(parts[0].iov_len, text_.size());
        std::memcpy(parts[0].iov_base, text_.data(), count);
        text_.erase(0, count);
        return count;
    }
    Outcome<std::size_t> write(std::span<const iovec> parts, Wait&) override
    {
        std::size_t total = 0;
        for (const auto& part : parts) {
            written.append(static_cast<const char*>(part.iov_base), part.iov_len);
            total += part.iov_len;
        }
        return total;
    }
    std::string written;

private:
    std::string text_;
};

} // namespace

TEST(wasi_channels, carry_what_is_read_and_written)
{
    Echo echo("abcdef");
    GuestHarness guest({.stdin_stream = &echo, .stdout_stream = &echo});
    guest.put(100, GuestVector{1000, 4});
    for (const auto& [count, text] : {std::pair(4U, "abcd"), {2U, "ef"}, {0U, ""}}) {
        EXPECT_EQ(guest.call("fd_read", {0, 100, 1, 204}), Errno::success);
        EXPECT_EQ(guest.at<std::uint32_t>(204), count);
        EXPECT_EQ(guest.text(1000, count), text);
    }
    EXPECT_EQ(guest.write(1, "one "), Errno::success);
    EXPECT_EQ(guest.write(1, ""), Errno::success);
    EXPECT_EQ(guest.write(1, "two"), Errno::success);
    EXPECT_EQ(echo.written, "one two");
}

TEST(wasi_channels, look_like_pipes)
{
    Echo echo("x");
    GuestHarness guest({.stdin_stream = &echo, .stdout_stream = &echo});
    EXPECT_EQ(guest.write(0, "x"), Errno::notcapable);
    guest.put(100, GuestVector{1000, 4});
    EXPECT_EQ(guest.call("fd_read", {1, 100, 1, 204}), Errno::notcapable);
    EXPECT_EQ(guest.call("fd_seek", {0, 0, 0, 204}), Errno::notcapable);
    EXPECT_EQ(guest.call("fd_pread", {0, 100, 1, 0, 204}), Errno::notcapable);
    EXPECT_EQ(guest.call("fd_filestat_get", {0, 1000}), Errno::success);
    EXPECT_EQ(guest.at<FileStat>(1000).filetype, FileType::unknown);
    EXPECT_EQ(guest.call("fd_close", {1}), Errno::success);
    EXPECT_EQ(guest.write(1, "x"), Errno::badf);
}

TEST(wasi_channels, are_ready_when_asked)
{
    constexpr std::uint32_t in = 100, out = 400, count = 600;
    Echo echo("x");
    GuestHarness guest({.stdin_stream = &echo});
    Subscription subscription = {};
    subscription.userdata = 7;
    subscription.tag = static_cast<std::uint8_t>(EventType::fd_read);
    guest.put(in, subscription);
    EXPECT_EQ(guest.call("poll_oneoff", {in, out, 1, count}), Errno::success);
    EXPECT_EQ(guest.at<std::uint32_t>(count), 1U);
    EXPECT_EQ(guest.at<Event>(out).userdata, 7U);
    EXPECT_EQ(guest.at<Event>(out).error, Errno::success);
}

TEST(wasi_open_directories, are_shared_by_guests)
{
    const ScratchDirectory scratch;
    scratch.write("file", "content");
    std::vector<std::pair<std::string, Directory>> directories;
    directories.emplace_back("/data",
                             std::move(*Directory::open_host(scratch.path("").c_str(), true, best_resolution())));
    GuestHarness one({.open_directories = directories}), other({.open_directories = directories});
    for (auto* guest : {&one, &other}) {
        EXPECT_NE(guest->open(3, "file", 0, right::fd_read), 0U);
        EXPECT_EQ(guest->open(3, "new", oflags::creat), 0U);
        EXPECT_EQ(guest->last_error, Errno::rofs);
        EXPECT_EQ(guest->call("fd_prestat_dir_name", {3, 1000, 5}), Errno::success);
        EXPECT_EQ(guest->text(1000, 5), "/data");
    }
}

} // namespace trellis::sandbox::preview1
