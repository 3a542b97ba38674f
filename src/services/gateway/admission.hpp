// How many of a module's instances there may be at once, in the whole process: who comes too many waits in line, with a
// deadline, and is not refused. Shared by threads; waiting suspends the fiber.
#pragma once

#include "net/event_loop.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>

namespace trellis::gateway {

class Admission {
public:
    explicit Admission(std::uint32_t places) : free_(places) {}
    Admission(const Admission&) = delete;
    Admission& operator=(const Admission&) = delete;

    /// A place among those that run; given back at its end, from any thread.
    class Place {
    public:
        Place() = default;
        explicit Place(Admission& admission) : admission_(&admission) {}
        Place(Place&& other) noexcept : admission_(std::exchange(other.admission_, nullptr)) {}
        Place& operator=(Place&& other) noexcept
        {
            std::swap(admission_, other.admission_);
            return *this;
        }
        ~Place()
        {
            if (admission_ != nullptr)
                admission_->give_back();
        }
        [[nodiscard]] explicit operator bool() const { return admission_ != nullptr; }

    private:
        Admission* admission_ = nullptr;
    };

    /// On a fiber of the loop: the next place, first come, first served. None: the deadline has passed.
    Place enter(net::EventLoop& loop, net::Instant deadline);

private:
    struct Waiting;
    bool take_or_line_up(const std::shared_ptr<Waiting>& waiting);
    bool leave_line(const std::shared_ptr<Waiting>& waiting);
    void give_back();

    std::mutex mutex_;
    std::uint32_t free_;
    std::deque<std::shared_ptr<Waiting>> line_;
};

} // namespace trellis::gateway
