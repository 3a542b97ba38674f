#include "sandbox/worker.hpp"

#include "base/check.hpp"
#include "wasm/execution/signal_handler.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace trellis::sandbox {

using wasm::Trap;

Worker::~Worker()
{
    TRELLIS_CHECK(guests_ == 0);
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    if (ticker_.joinable())
        ticker_.join();
}

void Worker::interrupt_all()
{
    for (auto* one = first_; one != nullptr; one = one->next_)
        one->interrupt();
}

void Worker::start_turn(const wasm::InterruptHandle& handle)
{
    const std::lock_guard lock(mutex_);
    running_ = &handle;
    ++turn_;
    if (ticker_sleeps_)
        changed_.notify_one();
}

void Worker::end_turn()
{
    const std::lock_guard lock(mutex_);
    running_ = nullptr;
}

void Worker::line_up(const void* flow, net::Pause& pause)
{
    auto& line = lines_[flow];
    if (line.empty())
        flows_.push_back(flow);
    line.push_back(&pause);
    schedule_next();
}

/// Between two turns of those in line, the loop sees to its input and output.
void Worker::schedule_next()
{
    if (std::exchange(next_is_scheduled_, true))
        return;
    loop_.post([this] { run_next(); });
}

void Worker::run_next()
{
    next_is_scheduled_ = false;
    if (flows_.empty())
        return;
    const auto flow = flows_.front();
    flows_.pop_front();
    const auto found = lines_.find(flow);
    auto* const pause = found->second.front();
    found->second.pop_front();
    if (found->second.empty())
        lines_.erase(found);
    else
        flows_.push_back(flow);
    pause->wake();
    if (!flows_.empty())
        schedule_next();
}

void Worker::tick()
{
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        if (!running_) {
            ticker_sleeps_ = true;
            changed_.wait(lock);
            ticker_sleeps_ = false;
            continue;
        }
        const auto turn = turn_;
        changed_.wait_for(lock, slice_);
        if (running_ && turn == turn_)
            running_->end_slice();
    }
}

Turns::Turns(Worker& worker, wasm::Store& store, const void* flow, net::Deadline deadline)
    : worker_(worker), store_(store), handle_(store.interrupt_handle()), flow_(flow), deadline_(deadline),
      line_(worker.loop_), wake_(worker.loop_), next_(worker.first_)
{
    if (next_ != nullptr)
        next_->previous_ = this;
    worker_.first_ = this;
    ++worker_.guests_;
    if (!worker_.ticker_.joinable())
        worker_.ticker_ = std::thread([&worker] { worker.tick(); });
    store_.set_slice_handler([this] { return yield(); });
    worker_.start_turn(handle_);
}

Turns::~Turns()
{
    worker_.end_turn();
    store_.set_slice_handler({});
    (previous_ != nullptr ? previous_->next_ : worker_.first_) = next_;
    if (next_ != nullptr)
        next_->previous_ = previous_;
    --worker_.guests_;
}

Turns::Outside::Outside(Turns& turns)
    : turns_(turns), activation_(std::exchange(wasm::current_activation, nullptr)),
      resumptions_(turns.worker_.loop_.resumptions())
{
    turns_.worker_.end_turn();
}

Turns::Outside::~Outside()
{
    turns_.worker_.start_turn(turns_.handle_);
    wasm::current_activation = activation_;
    // What was done at once is part of the turn, or a guest that asks for much would never end its own.
    const auto now = std::chrono::steady_clock::now();
    if (turns_.worker_.loop_.resumptions() != resumptions_)
        turns_.turn_began_ = now;
    else if (now - turns_.turn_began_ >= turns_.worker_.slice_)
        turns_.handle_.end_slice();
}

void Turns::interrupt()
{
    interrupted_ = true;
    handle_.end_slice();
    if (waits_for_descriptors_)
        wake_.wake();
}

Trap Turns::verdict() const
{
    if (interrupted_)
        return Trap::interrupted;
    if (deadline_ && std::chrono::steady_clock::now() >= *deadline_)
        return Trap::deadline_exceeded;
    return Trap::none;
}

Trap Turns::yield()
{
    if (const auto trap = verdict(); failed(trap))
        return trap;
    outside([this] {
        if (before_waiting_)
            before_waiting_();
        worker_.line_up(flow_, line_);
        line_.wait();
    });
    return verdict();
}

Trap Turns::wait(wasm::Store& store, std::span<pollfd> descriptors, std::optional<Instant> deadline)
{
    TRELLIS_CHECK(&store == &store_);
    const int wake = wake_descriptor(store.interrupt_state());
    std::vector<pollfd> all(descriptors.begin(), descriptors.end());
    all.push_back({.fd = wake, .events = POLLIN, .revents = 0});
    const auto until = std::min(deadline.value_or(Instant::max()), deadline_.value_or(Instant::max()));
    while (true) {
        if (store.interrupt_requested())
            if (const auto trap = store.poll(); failed(trap))
                return trap;
        if (const auto trap = verdict(); failed(trap))
            return trap;
        outside([&] {
            if (before_waiting_)
                before_waiting_();
            waits_for_descriptors_ = true;
            worker_.loop_.wait_ready(all, until == Instant::max() ? net::Deadline() : net::Deadline(until), &wake_);
            waits_for_descriptors_ = false;
        });
        if (all.back().revents != 0)
            drain_wake_descriptor(wake);
        const auto asked = std::span(all).first(descriptors.size());
        std::ranges::copy(asked, descriptors.begin());
        const bool ready = std::ranges::any_of(asked, [](const pollfd& one) { return one.revents != 0; });
        if (ready || (deadline && std::chrono::steady_clock::now() >= *deadline))
            return verdict();
    }
}

} // namespace trellis::sandbox
