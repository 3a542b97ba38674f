#include "sandbox/streams.hpp"

#include "sandbox/files.hpp"
#include "sandbox/scratch_directory.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <gtest/gtest.h>

namespace trellis::sandbox {
namespace {

constexpr wasm::Tier no_guest = {
    .name = "none",
    .prepare = [](wasm::Instance&) -> Result<> { return {}; },
    .call = [](wasm::Store&, wasm::Function&, wasm::Slot*) { return wasm::Trap::unreachable; },
};

class SandboxStreams : public testing::Test {
protected:
    Stream open(const char* path, const OpenOptions& options) const
    {
        const auto directory = Directory::open_host(scratch.path().c_str(), false, best_resolution()).value();
        auto file = directory.open(path, options).value();
        return {std::move(file.fd), file.status.st_mode};
    }
    Outcome<std::size_t> append(Stream& stream, std::string text)
    {
        iovec part = {.iov_base = text.data(), .iov_len = text.size()};
        return stream.append({&part, 1}, wait);
    }

    ScratchDirectory scratch;
    wasm::Store store{std::make_shared<wasm::TypeRegistry>(), no_guest};
    Wait wait{.store = store, .waiter = blocking_waiter()};
};

TEST_F(SandboxStreams, appending_goes_to_the_end_as_it_is_then)
{
    scratch.write("file", "one");
    auto stream = open("file", {.read = true, .write = true});
    auto other = open("file", {.write = true});
    EXPECT_EQ(append(stream, " two").value(), 4U);
    EXPECT_EQ(append(other, " three").value(), 6U);
    EXPECT_EQ(append(stream, " four").value(), 5U);
    EXPECT_EQ(append(stream, "").value(), 0U);
    EXPECT_EQ(scratch.read("file"), "one two three four");
    char first[3];
    iovec part = {.iov_base = first, .iov_len = sizeof first};
    EXPECT_EQ(stream.read_at({&part, 1}, 0, wait).value(), 3U);
    EXPECT_EQ(std::string(first, 3), "one");
}

TEST_F(SandboxStreams, appending_is_writing)
{
    scratch.write("file", "one");
    auto stream = open("file", {.read = true});
    EXPECT_EQ(append(stream, "two").error(), system_error(EBADF));
}

TEST_F(SandboxStreams, terminals_are_told_from_other_devices_and_files)
{
    const HostFd terminal(::posix_openpt(O_RDWR | O_NOCTTY));
    ASSERT_TRUE(terminal);
    EXPECT_TRUE(Stream(HostFd::borrowed(terminal.number()), S_IFCHR).is_terminal());
    const HostFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    EXPECT_FALSE(Stream(HostFd::borrowed(null.number()), S_IFCHR).is_terminal());
    scratch.write("file", "");
    EXPECT_FALSE(open("file", {.read = true}).is_terminal());
    Channel channel;
    EXPECT_FALSE(Stream(channel).is_terminal());
}

} // namespace
} // namespace trellis::sandbox
