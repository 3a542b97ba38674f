#include "services/gateway/watcher.hpp"

#include <array>

namespace trellis::gateway {

void watch_until(net::EventLoop& loop, Watcher& watcher, net::Pause& stop, const bool& stopped,
                 const std::function<void()>& changed)
{
    while (!stopped) {
        const auto looked = std::chrono::steady_clock::now();
        if (watcher.look())
            changed();
        const auto next = watcher.next();
        std::array<pollfd, 1> events = {{{watcher.fd(), POLLIN, 0}}};
        // Where much happens near the files, looks keep their distance.
        if (!stopped && next.or_event && loop.wait_ready(events, looked + next.wait, &stop))
            stop.wait(looked + watcher.quiet());
        else if (!stopped && !next.or_event)
            stop.wait(looked + next.wait);
    }
}

} // namespace trellis::gateway
