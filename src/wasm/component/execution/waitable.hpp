// What a guest can wait for: subtasks, and the ends of streams and futures; and sets of those. An event stays with its
// waitable until somebody takes it, and is put together only then. One thread at a time.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#waitable-state
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

namespace trellis::wasm::component {

enum class EventCode : std::uint32_t {
    none,
    subtask,
    stream_read,
    stream_write,
    future_read,
    future_write,
    task_cancelled,
};

struct Event {
    EventCode code = EventCode::none;
    std::uint32_t index = 0; ///< in the instance's table
    std::uint32_t payload = 0;
};

class WaitableSet;

class Waitable {
public:
    enum class Kind : std::uint8_t { subtask, stream_readable, stream_writable, future_readable, future_writable };

    explicit Waitable(Kind kind) : kind(kind) {}
    virtual ~Waitable();
    Waitable(const Waitable&) = delete;
    Waitable& operator=(const Waitable&) = delete;

    [[nodiscard]] bool has_event() const { return has_event_; }
    void set_event() { has_event_ = true; }
    /// The event that is there, and what taking it does.
    Event take_event()
    {
        has_event_ = false;
        return deliver();
    }
    void join(WaitableSet* set);

    const Kind kind;
    std::uint32_t index = 0; ///< in the table of its instance
    WaitableSet* set = nullptr;
    bool has_sync_waiter = false;

protected:
    virtual Event deliver() = 0;

private:
    bool has_event_ = false;
};

class WaitableSet {
public:
    ~WaitableSet()
    {
        for (Waitable* one : waitables)
            one->set = nullptr;
    }
    [[nodiscard]] bool has_event() const { return std::ranges::any_of(waitables, &Waitable::has_event); }
    Event take_event() { return (*std::ranges::find_if(waitables, &Waitable::has_event))->take_event(); }

    std::vector<Waitable*> waitables; ///< in the order they joined
    std::uint32_t waiting = 0;        ///< threads
};

inline void Waitable::join(WaitableSet* other)
{
    if (set)
        std::erase(set->waitables, this);
    set = other;
    if (set)
        set->waitables.push_back(this);
}

inline Waitable::~Waitable()
{
    join(nullptr);
}

} // namespace trellis::wasm::component
