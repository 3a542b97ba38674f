// Requests from other threads, and how a guest notices them. The order of the flags makes sure that none is lost: a
// request sets its reason, then `requested`, then zeroes stack_limit; a poll clears `requested` first, restores the
// limit, and looks at `requested` once more. At worst a poll finds nothing to do.
#include "wasm/execution/guest_stack.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace trellis::wasm {

InterruptHandle::State::~State()
{
    if (wake_descriptor >= 0)
        close(wake_descriptor);
}

void InterruptHandle::State::wake() noexcept
{
    wake_ups.fetch_add(1);
    static_assert(sizeof(wake_ups) == sizeof(std::uint32_t));
    syscall(SYS_futex, &wake_ups, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
    const std::uint64_t one = 1;
    if (const int descriptor = wake_descriptor; descriptor >= 0)
        (void)!write(descriptor, &one, sizeof one); // fails only where it is full, and then it wakes already
}

void InterruptHandle::State::request(std::atomic<bool> State::* what) noexcept
{
    this->*what = true;
    requested = true;
    stack_limit = 0;
}

void InterruptHandle::State::request_and_wake(std::atomic<bool> State::* what) noexcept
{
    request(what);
    wake();
}

void InterruptHandle::sample() const noexcept
{
    state_->request(&State::sample_wanted);
}

void InterruptHandle::interrupt() const noexcept
{
    state_->request_and_wake(&State::interrupted);
}

void InterruptHandle::end_slice() const noexcept
{
    state_->request_and_wake(&State::slice_ended);
}

void InterruptHandle::end_time() const noexcept
{
    state_->request_and_wake(&State::deadline_reached);
}

Trap Store::poll()
{
    auto& state = *interrupt_state_;
    state.requested = false;
    state.stack_limit = stack ? reinterpret_cast<std::uintptr_t>(stack->reached) : ~std::uintptr_t(0);
    if (state.requested)
        state.stack_limit = 0;
    if (const auto trap = std::exchange(postponed_, Trap::none); failed(trap))
        return trap;
    if (state.deadline_reached)
        return Trap::deadline_exceeded;
    if (state.interrupted.exchange(false))
        if (const auto trap = poll_handler_ ? poll_handler_() : Trap::interrupted; failed(trap))
            return trap;
    if (state.sample_wanted.exchange(false) && sample_handler_)
        sample_handler_();
    if (state.slice_ended.exchange(false) && slice_handler_)
        return slice_handler_();
    return Trap::none;
}

Trap Store::check_stack(const Slot* needed_top)
{
    if (needed_top > stack->limit)
        return Trap::call_stack_exhausted;
    stack->reach(needed_top + 1); // where the frame ends is compared with >=
    return poll();
}

void Store::postpone(Trap trap)
{
    postponed_ = trap;
    interrupt_state_->requested = true;
    interrupt_state_->stack_limit = 0;
}

} // namespace trellis::wasm
