#include "net/event_loop.hpp"

#include "base/check.hpp"
#include "net/event_loop_state.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <fcntl.h>
#include <utility>
#include <vector>

namespace trellis::net {

namespace asio = boost::asio;
using boost::system::error_code;

void EventLoop::State::resume(Fiber& fiber)
{
    ++resumptions;
    Fiber* const outer = std::exchange(running, &fiber);
    fiber.resume();
    running = outer;
    if (fiber.finished())
        fibers.erase(&fiber);
}

EventLoop::EventLoop(std::size_t fiber_stack_bytes) : state_(std::make_unique<State>(fiber_stack_bytes)) {}

EventLoop::~EventLoop()
{
    TRELLIS_CHECK(state_->fibers.empty());
}

void EventLoop::run()
{
    state_->context.restart();
    state_->context.run();
}

void EventLoop::stop()
{
    state_->context.stop();
}

void EventLoop::post(std::function<void()> task)
{
    asio::post(state_->context, std::move(task));
}

Result<> EventLoop::spawn(std::function<void()> body)
{
    auto fiber = TRELLIS_TRY(Fiber::make(state_->stacks, std::move(body)));
    auto* const started = fiber.get();
    state_->fibers.emplace(started, std::move(fiber));
    asio::post(state_->context, [state = state_.get(), started] { state->resume(*started); });
    return {};
}

std::size_t EventLoop::fibers() const
{
    return state_->fibers.size();
}

std::uint64_t EventLoop::resumptions() const
{
    return state_->resumptions;
}

void EventLoop::sleep_until(Instant when)
{
    Pause(*this).wait(when);
}

Pause::Pause(EventLoop& loop) : state_(std::make_shared<State>(loop.state())) {}

Pause::~Pause()
{
    TRELLIS_CHECK(state_->waiting == nullptr);
}

bool Pause::wait(Deadline deadline)
{
    auto& state = *state_;
    bool expired = false;
    if (deadline && !state.woken)
        state.start_timer(state_, *deadline, expired);
    while (!state.woken && !expired) {
        state.waiting = state.loop.running;
        TRELLIS_CHECK(state.waiting != nullptr);
        state.loop.suspend();
        state.waiting = nullptr;
    }
    if (deadline)
        state.stop_timer();
    return std::exchange(state.woken, false);
}

void Pause::wake()
{
    state_->wake(state_);
}

void Pause::State::resume()
{
    if (waiting != nullptr)
        loop.resume(*waiting);
}

void Pause::State::wake(const std::shared_ptr<State>& self)
{
    if (std::exchange(woken, true) || waiting == nullptr)
        return;
    asio::post(loop.context, [self] { self->resume(); });
}

void Pause::State::start_timer(const std::shared_ptr<State>& self, Instant when, bool& expired)
{
    if (!timer)
        timer.emplace(loop.context);
    timer->expires_at(when);
    const auto turn = ++timer_turn;
    timer->async_wait([self, turn, &expired](error_code) {
        if (turn != self->timer_turn) // the wait is over, and `expired` gone
            return;
        expired = true;
        self->resume();
    });
}

void Pause::State::stop_timer()
{
    ++timer_turn;
    if (timer)
        timer->cancel();
}

namespace {

/// One descriptor of a wait, under a number of its own, so that two fibers may wait for the same one.
class Watched {
public:
    Watched(asio::io_context& context, int fd) : descriptor_(context)
    {
        error_code error;
        const int own = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (own >= 0)
            descriptor_.assign(own, error);
    }

    /// False: the process has no number left.
    template <class Wake>
    bool wait(short events, const Wake& wake)
    {
        if (!descriptor_.is_open())
            return false;
        for (const auto& [event, what] : {std::pair(POLLIN, asio::posix::stream_descriptor::wait_read),
                                          std::pair(POLLOUT, asio::posix::stream_descriptor::wait_write)})
            if (events & event)
                descriptor_.async_wait(what, [wake](error_code error) {
                    if (error != asio::error::operation_aborted)
                        wake();
                });
        return true;
    }

private:
    asio::posix::stream_descriptor descriptor_;
};

bool look(std::span<pollfd> descriptors)
{
    return ::poll(descriptors.data(), descriptors.size(), 0) > 0;
}

/// Where the system can't tell: again and again, until the deadline or until the pause is woken.
void look_now_and_then(std::span<pollfd> descriptors, Pause& pause, Deadline deadline)
{
    constexpr std::chrono::milliseconds period{10};
    while (!look(descriptors)) {
        const auto next = std::chrono::steady_clock::now() + period;
        const bool last = deadline && *deadline <= next;
        if (pause.wait(last ? deadline : next) || last)
            break;
    }
}

} // namespace

bool EventLoop::wait_ready(std::span<pollfd> descriptors, Deadline deadline, Pause* wake)
{
    Pause own(*this);
    Pause& pause = wake != nullptr ? *wake : own;
    if (look(descriptors))
        return true;
    std::vector<Watched> watched;
    watched.reserve(descriptors.size());
    bool all_watched = true;
    for (const auto& one : descriptors)
        if (one.fd >= 0)
            all_watched &= watched.emplace_back(state_->context, one.fd).wait(one.events, [state = pause.state_] {
                state->wake(state);
            });
    if (all_watched)
        pause.wait(deadline);
    else
        look_now_and_then(descriptors, pause, deadline);
    watched.clear();
    return look(descriptors);
}

} // namespace trellis::net
