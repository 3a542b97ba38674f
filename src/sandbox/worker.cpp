#include "sandbox/worker.hpp"

#include "wasm/execution/signal_handler.hpp"

#include <utility>

namespace trellis::sandbox {

Worker::~Worker()
{
    closing_ = true;
    run();
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    if (ticker_.joinable())
        ticker_.join();
}

Result<> Worker::add(wasm::Store& store, std::function<void()> body)
{
    auto fiber = TRELLIS_TRY(Fiber::make(stacks_, std::move(body)));
    store.set_slice_handler([this] { return yield(); });
    guests_.push_back({&store, store.interrupt_handle(), std::move(fiber)});
    if (!ticker_.joinable())
        ticker_ = std::thread([this] { tick(); });
    return {};
}

bool Worker::run_one()
{
    if (guests_.empty())
        return false;
    auto guest = std::move(guests_.front());
    guests_.pop_front();
    // Entries into guest code form a chain per fiber; this thread's own is put aside.
    auto* const outside = std::exchange(wasm::current_activation, nullptr);
    start_turn(guest);
    guest.fiber->resume();
    end_turn();
    wasm::current_activation = outside;
    if (guest.fiber->finished())
        guest.store->set_slice_handler({});
    else
        guests_.push_back(std::move(guest));
    return true;
}

void Worker::run()
{
    while (run_one()) {
    }
}

wasm::Trap Worker::yield()
{
    if (!closing_) {
        auto* const entry = std::exchange(wasm::current_activation, nullptr);
        Fiber::suspend();
        wasm::current_activation = entry;
    }
    return closing_ ? wasm::Trap::interrupted : wasm::Trap::none;
}

void Worker::start_turn(Guest& guest)
{
    if (closing_)
        guest.handle.end_slice();
    const std::lock_guard lock(mutex_);
    running_ = &guest.handle;
    ++turn_;
    if (ticker_sleeps_)
        changed_.notify_one();
}

void Worker::end_turn()
{
    const std::lock_guard lock(mutex_);
    running_ = nullptr;
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

} // namespace trellis::sandbox
