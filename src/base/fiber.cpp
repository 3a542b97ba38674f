#include "base/fiber.hpp"

#include "base/check.hpp"
#include "base/native_stack.hpp"

#include <boost/context/detail/fcontext.hpp>

#if __has_feature(address_sanitizer)
#include <sanitizer/common_interface_defs.h>
#endif
#if __has_feature(thread_sanitizer)
#include <sanitizer/tsan_interface.h>
#endif

namespace trellis {
namespace {

namespace context = boost::context::detail;

constinit thread_local Fiber* running = nullptr;

// The announcements; in an ordinary build all of them are empty.
#if __has_feature(address_sanitizer)
void announce_switch(void** fake_stack, const void* bottom, std::size_t size)
{
    __sanitizer_start_switch_fiber(fake_stack, bottom, size);
}
void announce_arrival(void* fake_stack, const void** left_bottom, std::size_t* left_size)
{
    __sanitizer_finish_switch_fiber(fake_stack, left_bottom, left_size);
}
#else
void announce_switch(void**, const void*, std::size_t) {}
void announce_arrival(void*, const void**, std::size_t*) {}
#endif
#if __has_feature(thread_sanitizer)
void* make_thread_fiber()
{
    return __tsan_create_fiber(0);
}
void* current_thread_fiber()
{
    return __tsan_get_current_fiber();
}
void switch_thread_fiber(void* to)
{
    __tsan_switch_to_fiber(to, 0);
}
void destroy_thread_fiber(void* fiber)
{
    __tsan_destroy_fiber(fiber);
}
#else
void* make_thread_fiber()
{
    return nullptr;
}
void* current_thread_fiber()
{
    return nullptr;
}
void switch_thread_fiber(void*) {}
void destroy_thread_fiber(void*) {}
#endif

} // namespace

Result<Pages> FiberStacks::take()
{
    if (!kept_.empty()) {
        Pages stack = std::move(kept_.back());
        kept_.pop_back();
        return stack;
    }
    auto stack = TRELLIS_TRY(Pages::reserve(stack_bytes_ + os_page_bytes));
    if (!stack.make_usable(os_page_bytes, stack_bytes_))
        return fail(ErrorCode::limit, "no memory for a fiber's stack");
    return stack;
}

void FiberStacks::give_back(Pages stack)
{
    if (kept_.size() < most_kept)
        kept_.push_back(std::move(stack));
}

/// Where fcontext starts a fiber: plain functions with the C convention.
struct Fiber::Entry {
    static void start(context::transfer_t from)
    {
        auto& fiber = *static_cast<Fiber*>(from.data);
        fiber.there_ = from.fctx;
        fiber.arrive_in_fiber(fiber.inside_);
        fiber.body_();
        fiber.leave(fiber.inside_, true);
        __builtin_unreachable();
    }
};

Result<std::unique_ptr<Fiber>> Fiber::make(FiberStacks& stacks, std::function<void()> body)
{
    auto stack = TRELLIS_TRY(stacks.take());
    return std::unique_ptr<Fiber>(new Fiber(stacks, std::move(stack), std::move(body)));
}

Fiber::Fiber(FiberStacks& stacks, Pages stack, std::function<void()> body)
    : stacks_(stacks), stack_(std::move(stack)), body_(std::move(body))
{
    inside_.thread_fiber = make_thread_fiber();
    inside_.stack_bottom = stack_.base() + os_page_bytes;
    inside_.stack_size = stack_.size() - os_page_bytes;
    here_ = context::make_fcontext(stack_.base() + stack_.size(), inside_.stack_size, Entry::start);
}

Fiber::~Fiber()
{
    TRELLIS_CHECK(state_ == State::fresh || state_ == State::finished);
    destroy_thread_fiber(inside_.thread_fiber);
    stacks_.give_back(std::move(stack_));
}

void Fiber::resume()
{
    TRELLIS_CHECK(state_ == State::fresh || state_ == State::suspended);
    state_ = State::running;
    resumer_ = running;
    resumer_floor_ = native_stack_floor;
    Fiber* const innermost = std::exchange(innermost_, nullptr);
    running = innermost ? innermost : this;
    native_stack_floor = reinterpret_cast<std::uintptr_t>(running->inside_.stack_bottom);
    enter();
    native_stack_floor = resumer_floor_;
    running = resumer_;
}

/// From outside to inside, where the running fiber is, and back again.
void Fiber::enter()
{
    const Sanitizer& inside = running->inside_;
    outside_.thread_fiber = current_thread_fiber();
    announce_switch(&outside_.fake_stack, inside.stack_bottom, inside.stack_size);
    switch_thread_fiber(inside.thread_fiber);
    const auto from = context::jump_fcontext(here_, this);
    announce_arrival(outside_.fake_stack, nullptr, nullptr);
    here_ = from.fctx;
}

void Fiber::arrive_in_fiber(Sanitizer& here)
{
    announce_arrival(here.fake_stack, &outside_.stack_bottom, &outside_.stack_size);
}

void Fiber::suspend()
{
    TRELLIS_CHECK(running);
    running->leave(running->inside_, false);
}

void Fiber::suspend(Fiber& outer)
{
    TRELLIS_CHECK(running);
    outer.innermost_ = running;
    outer.leave(running->inside_, false);
}

/// From inside, where the stack `left` is, to outside, and (unless for ever) back again.
void Fiber::leave(Sanitizer& left, bool for_ever)
{
    state_ = for_ever ? State::finished : State::suspended;
    announce_switch(for_ever ? nullptr : &left.fake_stack, outside_.stack_bottom, outside_.stack_size);
    switch_thread_fiber(outside_.thread_fiber);
    const auto from = context::jump_fcontext(there_, nullptr);
    there_ = from.fctx;
    arrive_in_fiber(left);
}

Fiber* Fiber::current()
{
    return running;
}

} // namespace trellis
