// Names to addresses. The system's resolver blocks, so a few threads of our own call it, and the fiber that asked
// waits. Shared by the loops of all threads.
#pragma once

#include "net/cancellation.hpp"
#include "net/event_loop.hpp"
#include "net/ip_address.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace trellis::net {

class Resolver {
public:
    using Answer = Result<std::vector<IpAddress>>;
    /// Blocks; called on any thread. Errors: not_found (no such name, or no address), denied (the servers refuse to
    /// say), io (may go better later).
    using Lookup = std::function<Answer(const std::string& name)>;

    /// `lookup`: absent: the system's (files, DNS, whatever it is configured to ask). Threads start with the first
    /// name.
    explicit Resolver(Lookup lookup = {}, std::size_t max_threads = 4);
    /// Waits for look-ups that are under way. No fiber may be waiting.
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// Calls `answered` on one of the threads, unless `is_wanted`, called there first, says that nobody wants to know
    /// any more. Neither may throw.
    void ask(std::string name, std::function<bool()> is_wanted, std::function<void(Answer)> answered);
    /// On a fiber of the loop. An address in text is its own answer. Errors: as of a look-up; io: not in time.
    Answer resolve(EventLoop& loop, const std::string& name, Deadline deadline, Cancellation* cancellation = nullptr);

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace trellis::net
