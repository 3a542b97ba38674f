#include "sandbox/wasi/guest_harness.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace trellis::sandbox::preview1 {

namespace {

class SandboxSockets : public testing::Test {
protected:
    SandboxSockets() : guest({.listen_addresses = {"127.0.0.1:0"}}) {}

    /// The port of the guest's listener, which is the only listening socket this process has: found among its
    /// descriptors.
    static std::uint16_t port()
    {
        for (int fd = 3; fd < 256; ++fd) {
            sockaddr_in address = {};
            socklen_t size = sizeof address;
            int listening = 0;
            socklen_t option_size = sizeof listening;
            if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &option_size) == 0 && listening &&
                ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0)
                return address.sin_port;
        }
        return 0;
    }
    int connect()
    {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_port = port();
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        return fd;
    }

    GuestHarness guest;
};

} // namespace

TEST_F(SandboxSockets, accept_waits_or_does_not)
{
    EXPECT_EQ(guest.call("fd_fdstat_set_flags", {3, fdflags::nonblock}), Errno::success);
    EXPECT_EQ(guest.call("sock_accept", {3, 0, 200}), Errno::again);
    EXPECT_EQ(guest.call("fd_fdstat_set_flags", {3, 0}), Errno::success);
    int client = -1;
    std::thread connecting([&] { client = connect(); });
    EXPECT_EQ(guest.call("sock_accept", {3, 0, 200}), Errno::success);
    connecting.join();
    EXPECT_EQ(guest.changes(), "200+4");
    EXPECT_EQ(guest.at<std::uint32_t>(200), 4U);
    EXPECT_EQ(guest.call("sock_accept", {4, 0, 200}), Errno::notcapable);
    EXPECT_EQ(guest.call("sock_accept", {0, 0, 200}), Errno::notsock);
    EXPECT_EQ(guest.call("sock_accept", {3, fdflags::append, 200}), Errno::inval);
    ::close(client);
    const auto handle = guest.store.interrupt_handle();
    std::thread interrupter([&] { handle.interrupt(); });
    guest.call("sock_accept", {3, 0, 200});
    interrupter.join();
    EXPECT_EQ(guest.trap, wasm::Trap::interrupted);
}

TEST_F(SandboxSockets, data_both_ways)
{
    const int client = connect();
    ASSERT_EQ(guest.call("sock_accept", {3, 0, 200}), Errno::success);
    char received[10];
    guest.put_text(1000, "hi");
    guest.put(100, GuestVector{1000, 2});
    EXPECT_EQ(guest.call("sock_send", {4, 100, 1, 0, 200}), Errno::success);
    EXPECT_EQ(guest.at<std::uint32_t>(200), 2U);
    EXPECT_EQ(guest.call("fd_write", {4, 100, 1, 200}), Errno::success);
    EXPECT_EQ(::recv(client, received, 4, MSG_WAITALL), 4);
    EXPECT_EQ(std::string(received, 4), "hihi");
    EXPECT_EQ(guest.call("sock_send", {4, 100, 1, 1, 200}), Errno::inval);

    ASSERT_EQ(::send(client, "abc", 3, 0), 3);
    guest.put(100, GuestVector{2000, 6});
    EXPECT_EQ(guest.call("sock_recv", {4, 100, 1, riflags::recv_peek, 200, 204}), Errno::success);
    EXPECT_EQ(guest.changes(), "200+1 204+2 2000+3"); // the count was 2 before
    EXPECT_EQ(guest.at<std::uint32_t>(200), 3U);
    std::thread sender([&] { EXPECT_EQ(::send(client, "def", 3, 0), 3); });
    EXPECT_EQ(guest.call("sock_recv", {4, 100, 1, riflags::recv_waitall, 200, 204}), Errno::success);
    sender.join();
    EXPECT_EQ(guest.text(2000, 7), "abcdef\xa5");
    EXPECT_EQ(guest.call("sock_recv", {4, 100, 1, 4, 200, 204}), Errno::inval);
    EXPECT_EQ(guest.call("sock_recv", {0, 100, 1, 0, 200, 204}), Errno::notsock);
    ::close(client);
    EXPECT_EQ(guest.call("sock_recv", {4, 100, 1, 0, 200, 204}), Errno::success);
    EXPECT_EQ(guest.at<std::uint32_t>(200), 0U);
}

TEST_F(SandboxSockets, shut_down_and_broken_connections)
{
    const int client = connect();
    ASSERT_EQ(guest.call("sock_accept", {3, 0, 200}), Errno::success);
    for (const std::uint64_t bad : {0, 4})
        EXPECT_EQ(guest.call("sock_shutdown", {4, bad}), Errno::inval);
    EXPECT_EQ(guest.call("sock_shutdown", {4, sdflags::wr}), Errno::success);
    char byte;
    EXPECT_EQ(::recv(client, &byte, 1, 0), 0);
    guest.put(100, GuestVector{1000, 2});
    EXPECT_EQ(guest.call("sock_send", {4, 100, 1, 0, 200}), Errno::pipe); // and no signal
    EXPECT_EQ(guest.call("fd_write", {4, 100, 1, 200}), Errno::pipe);
    EXPECT_EQ(guest.call("sock_shutdown", {77, 1}), Errno::badf);
    ::close(client);
}

TEST(sandbox_sockets, addresses_that_cannot_be_listened_on)
{
    for (const std::string address : {"", "80", "host:", ":80", "127.0.0.1:http"}) {
        const auto wasi = Wasi::make({.listen_addresses = {address}});
        ASSERT_FALSE(wasi) << address;
        EXPECT_NE(wasi.error().message.find("'" + address + "'"), std::string::npos);
    }
}

TEST(sandbox_grants, missing_directory_is_named)
{
    const auto wasi = Wasi::make({.directories = {{"/nowhere/at/all", "/", false}}});
    ASSERT_FALSE(wasi);
    EXPECT_EQ(wasi.error().code, ErrorCode::not_found);
    EXPECT_NE(wasi.error().message.find("/nowhere/at/all"), std::string::npos);
}

} // namespace trellis::sandbox::preview1
