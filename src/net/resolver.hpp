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
    /// Blocks; called on any thread. Errors: not_found, io.
    using Lookup = std::function<Result<std::vector<IpAddress>>(const std::string& name)>;

    /// `lookup`: absent: the system's (files, DNS, whatever it is configured to ask). Threads start with the first
    /// name.
    explicit Resolver(Lookup lookup = {}, std::size_t max_threads = 4);
    /// Waits for look-ups that are under way. No fiber may be waiting.
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// On a fiber of the loop. An address in text is its own answer. Errors: not_found, io (also: not in time).
    Result<std::vector<IpAddress>> resolve(EventLoop& loop, const std::string& name, Deadline deadline,
                                           Cancellation* cancellation = nullptr);

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace trellis::net
