// Lets one activity of a loop end what another one's fiber waits for, wherever it waits: each wait says how it is
// ended. One thread: the loop's.
#pragma once

#include <functional>
#include <utility>

namespace trellis::net {

class Cancellation {
public:
    Cancellation() = default;
    Cancellation(const Cancellation&) = delete;
    Cancellation& operator=(const Cancellation&) = delete;

    /// Ends the present wait, and every later one as soon as it begins.
    void cancel()
    {
        cancelled_ = true;
        if (end_wait_)
            end_wait_();
    }

    /// Around a wait; there is one at a time.
    class Wait {
    public:
        /// `cancellation`: null: this wait is not ended. `end`: called while this lives, perhaps at once.
        Wait(Cancellation* cancellation, std::function<void()> end) : cancellation_(cancellation)
        {
            if (cancellation == nullptr)
                return;
            cancellation->end_wait_ = std::move(end);
            if (cancellation->cancelled_)
                cancellation->end_wait_();
        }
        ~Wait()
        {
            if (cancellation_ != nullptr)
                cancellation_->end_wait_ = {};
        }
        Wait(const Wait&) = delete;
        Wait& operator=(const Wait&) = delete;

    private:
        Cancellation* cancellation_;
    };

private:
    bool cancelled_ = false;
    std::function<void()> end_wait_;
};

} // namespace trellis::net
