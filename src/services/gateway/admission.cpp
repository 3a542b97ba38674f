#include "services/gateway/admission.hpp"

#include <algorithm>

namespace trellis::gateway {

struct Admission::Waiting {
    net::EventLoop& loop;
    net::Pause* pause; ///< null when its fiber waits no more; touched on the loop's thread only
};

bool Admission::take_or_line_up(const std::shared_ptr<Waiting>& waiting)
{
    const std::lock_guard lock(mutex_);
    if (free_ != 0) {
        --free_;
        return true;
    }
    if (waiting != nullptr)
        line_.push_back(waiting);
    return false;
}

/// False: it stood in line no more, so the place is its own.
bool Admission::leave_line(const std::shared_ptr<Waiting>& waiting)
{
    const std::lock_guard lock(mutex_);
    return std::erase(line_, waiting) != 0;
}

Admission::Place Admission::enter(net::EventLoop& loop, net::Instant deadline)
{
    if (take_or_line_up(nullptr))
        return Place(*this);
    net::Pause pause(loop);
    const auto waiting = std::make_shared<Waiting>(loop, &pause);
    if (take_or_line_up(waiting))
        return Place(*this);
    const bool called = pause.wait(deadline);
    waiting->pause = nullptr;
    if (!called && leave_line(waiting))
        return {};
    return Place(*this);
}

void Admission::give_back()
{
    const std::lock_guard lock(mutex_);
    if (line_.empty()) {
        ++free_;
        return;
    }
    // Posted under the lock: a fiber that gives up just now waits in leave_line(), so its loop is still there.
    line_.front()->loop.post([next = line_.front()] {
        if (next->pause != nullptr)
            next->pause->wake();
    });
    line_.pop_front();
}

} // namespace trellis::gateway
