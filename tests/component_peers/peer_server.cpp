#include "component_peers/peer_server.hpp"

#include "base/check.hpp"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace trellis::testing {
namespace {

[[noreturn]] void become_server(const std::string& script, int output)
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(output, STDOUT_FILENO);
    if (::chdir(TRELLIS_PEER_PACKAGES) == 0)
        ::execl(TRELLIS_NODE_PROGRAM, "node", TRELLIS_PEER_SOURCES "/peer.mjs", "serve", script.c_str(), nullptr);
    ::_exit(127);
}

std::string first_line(int fd)
{
    std::string line;
    for (char character = 0; ::read(fd, &character, 1) == 1 && character != '\n';)
        line += character;
    return line;
}

} // namespace

PeerServer::PeerServer(const std::string& script)
{
    int ends[2];
    TRELLIS_CHECK(::pipe2(ends, O_CLOEXEC) == 0);
    process_ = ::fork();
    if (process_ == 0)
        become_server(script, ends[1]);
    ::close(ends[1]);
    port_ = static_cast<std::uint16_t>(std::atoi(first_line(ends[0]).c_str()));
    ::close(ends[0]);
}

PeerServer::~PeerServer()
{
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
}

} // namespace trellis::testing
