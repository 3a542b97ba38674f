#include "sandbox/wasi/p2/streams.hpp"

#include "sandbox/wasi/p2/descriptor.hpp"
#include "wasm/interpreter/interpreter.hpp"

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <fcntl.h>

namespace trellis::sandbox::preview2 {
namespace {

std::span<const std::byte> bytes_of(std::string_view text)
{
    return std::as_bytes(std::span(text));
}

class wasi_p2_streams : public testing::Test {
protected:
    wasi_p2_streams()
    {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_NONBLOCK), 0);
        reading_ = ends[0];
        input_ = std::make_unique<HostInput>(Stream(HostFd(ends[0]), S_IFIFO));
        output_ = std::make_unique<HostOutput>(Stream(HostFd(ends[1]), S_IFIFO));
    }
    Outcome<std::string> read(InputStream& from, std::size_t most = 100)
    {
        std::string text(most, '?');
        const auto count = from.read(std::as_writable_bytes(std::span(text)), wait_);
        if (!count)
            return failure(count.error());
        return text.substr(0, *count);
    }
    /// What is in the pipe goes away.
    std::size_t drain()
    {
        std::array<std::byte, 4096> room;
        std::size_t total = 0;
        while (const auto count = input_->read(room, wait_))
            total += *count;
        return total;
    }

    wasm::Store store_{std::make_shared<wasm::TypeRegistry>(), wasm::interpreter_tier};
    Wait wait_{.store = store_, .waiter = blocking_waiter()};
    std::unique_ptr<HostInput> input_;
    std::unique_ptr<HostOutput> output_;
    int reading_ = -1;
};

/// A file that has no name any more.
std::shared_ptr<OpenFile> temporary_file()
{
    const int fd = ::open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    EXPECT_GE(fd, 0);
    return std::make_shared<OpenFile>(Stream(HostFd(fd), S_IFREG), false, nullptr);
}

} // namespace

TEST_F(wasi_p2_streams, reading_nothing_would_block_and_the_end_closes)
{
    EXPECT_EQ(read(*input_).error(), system_error(EAGAIN));
    EXPECT_FALSE(is_met(input_->need()));
    ASSERT_TRUE(write_waiting(*output_, bytes_of("abc"), wait_));
    EXPECT_EQ(*read(*input_, 2), "ab");
    EXPECT_EQ(*read(*input_), "c");
    output_.reset();
    EXPECT_EQ(read(*input_).error(), stream_closed);
    EXPECT_EQ(read(*input_, 0).error(), stream_closed);
    EXPECT_TRUE(is_met(input_->need()));
}

TEST_F(wasi_p2_streams, a_budget_is_given_while_there_is_room_and_shrinks_by_what_is_written)
{
    const auto room = output_->check_write(wait_);
    ASSERT_TRUE(room);
    EXPECT_EQ(*room, OutputStream::most_at_once);
    ASSERT_TRUE(output_->write(bytes_of("abc"), wait_));
    EXPECT_EQ(output_->budget(), OutputStream::most_at_once - 3);
}

TEST_F(wasi_p2_streams, what_the_system_does_not_take_is_kept_and_goes_first)
{
    ASSERT_GT(::fcntl(reading_, F_SETPIPE_SZ, 4096), 0);
    ASSERT_EQ(*output_->check_write(wait_), OutputStream::most_at_once);
    const std::string text(10'000, 'x');
    ASSERT_TRUE(output_->write(bytes_of(text), wait_));
    EXPECT_EQ(*output_->check_write(wait_), 0u);
    EXPECT_EQ(output_->flush(wait_).error(), system_error(EAGAIN));
    std::size_t total = 0;
    while (total < text.size()) {
        total += drain();
        (void)output_->flush(wait_);
    }
    EXPECT_EQ(total, text.size());
    EXPECT_TRUE(output_->flush(wait_));
    EXPECT_EQ(*output_->check_write(wait_), OutputStream::most_at_once);
}

TEST_F(wasi_p2_streams, writing_to_nobody_is_closed)
{
    std::signal(SIGPIPE, SIG_IGN);
    input_.reset();
    EXPECT_EQ(output_->write(bytes_of("a"), wait_).error(), stream_closed);
    EXPECT_EQ(output_->check_write(wait_).error(), stream_closed);
    EXPECT_EQ(output_->flush(wait_).error(), stream_closed);
}

TEST_F(wasi_p2_streams, a_file_is_read_and_written_from_its_offset_on)
{
    const auto file = temporary_file();
    FileOutput first(file, 2), last(file, std::nullopt);
    ASSERT_TRUE(write_waiting(first, bytes_of("cd"), wait_));
    ASSERT_TRUE(write_waiting(first, bytes_of("ef"), wait_));
    ASSERT_TRUE(write_waiting(last, bytes_of("gh"), wait_));
    FileInput input(file, 1);
    EXPECT_EQ(*read(input), std::string("\0cdefgh", 7));
    EXPECT_EQ(read(input).error(), stream_closed);
}

TEST_F(wasi_p2_streams, an_error_is_told_once)
{
    FileInput input(temporary_file(), UINT64_MAX);
    EXPECT_EQ(read(input).error(), system_error(EINVAL));
    EXPECT_EQ(read(input).error(), stream_closed);
}

} // namespace trellis::sandbox::preview2
