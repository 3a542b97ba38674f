// Fibers: bodies of straight-line code that suspend themselves and are resumed later, each on a stack of its own with a
// guard page below. Stacks come from a pool and go back to it. A fiber runs on the thread that resumes it and should
// stay on one thread (compilers may keep addresses of thread-local variables across a suspension). The switch is
// Boost.Context's; the sanitizers are told of every one.
#pragma once

#include "base/pages.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace trellis {

/// Stacks of one size, reused. One thread at a time; outlives its fibers.
class FiberStacks {
public:
    explicit FiberStacks(std::size_t stack_bytes = 256 * 1024) : stack_bytes_(stack_bytes) {}

    /// Usable from base() + one page on; the page below is the guard. Errors: limit.
    Result<Pages> take();
    /// Its memory is kept for the next one, up to `most_kept` stacks.
    void give_back(Pages stack);

private:
    static constexpr std::size_t most_kept = 64;

    std::size_t stack_bytes_;
    std::vector<Pages> kept_;
};

class Fiber {
public:
    /// Does not start it. `body` returns normally in the end. Errors: limit (no memory for a stack).
    static Result<std::unique_ptr<Fiber>> make(FiberStacks& stacks, std::function<void()> body);
    /// A fiber that was started must have finished: its frames own things.
    ~Fiber();
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;

    /// Runs the body until it suspends or returns. Not from inside itself; fibers may resume other fibers.
    void resume();
    /// Goes back to whoever resumed the running fiber. Only in a fiber.
    static void suspend();
    /// Goes back to whoever resumed `outer`, on whose stack the running fiber, or one around it, was resumed: all of
    /// them wait, and resuming `outer` goes on here.
    static void suspend(Fiber& outer);
    /// The running fiber; null outside of all.
    static Fiber* current();

    [[nodiscard]] bool finished() const { return state_ == State::finished; }

private:
    enum class State : std::uint8_t { fresh, running, suspended, finished };
    struct Sanitizer { ///< what the sanitizers need to know of each side of a switch
        void* fake_stack = nullptr;
        void* thread_fiber = nullptr;
        const void* stack_bottom = nullptr;
        std::size_t stack_size = 0;
    };
    struct Entry;

    Fiber(FiberStacks& stacks, Pages stack, std::function<void()> body);
    void enter();
    void leave(Sanitizer& left, bool for_ever);
    void arrive_in_fiber(Sanitizer& here);

    FiberStacks& stacks_;
    Pages stack_;
    std::function<void()> body_;
    State state_ = State::fresh;
    void* here_ = nullptr;  ///< where to go on inside
    void* there_ = nullptr; ///< where to go on outside
    Fiber* resumer_ = nullptr;
    Fiber* innermost_ = nullptr; ///< while suspended: which fiber goes on; null: this one
    std::uintptr_t resumer_floor_ = 0;
    Sanitizer inside_, outside_;
};

} // namespace trellis
