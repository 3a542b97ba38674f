// The stack of guest frames: mapped memory with a guard page behind it, so that a frame that was not checked faults
// instead of overwriting. Frames are pushed by a tier. Belongs to its store's thread.
#pragma once

#include "base/pages.hpp"
#include "wasm/execution/store.hpp"

namespace trellis::wasm {

struct Store::Stack {
    Slot* base;
    Slot* limit; ///< one past the last usable slot
    /// First slot free for a new activation. A tier sets it behind its running frame before it calls a host function or
    /// an operation: the collector scans [base, top).
    Slot* top;
    /// No frame has reached beyond this: guest code polls before one does, and then it moves (at most a page more is
    /// ever written before that, as at the limit). So a stack that goes to another store is wiped quickly.
    Slot* reached;
    Pages pages;
    std::uint64_t resident = 0; ///< after wipe(), at most
    /// Frames of compiled code grow downwards from its end to compiled_guard_bytes above its base. Empty: nobody asked.
    Pages compiled = {};
    static constexpr std::uint64_t compiled_guard_bytes = 64 * 1024; ///< more than any frame that is not probed

    static Result<std::unique_ptr<Stack>> make(std::uint64_t bytes);

    /// Makes `compiled`, of as many bytes, unless it is there. Errors: limit.
    Result<> make_compiled();

    /// Whether there is room for so many slots from top on, which may then be written.
    [[nodiscard]] bool take_room(std::size_t slots)
    {
        if (static_cast<std::size_t>(limit - top) < slots)
            return false;
        reach(top + slots);
        return true;
    }
    void reach(const Slot* end)
    {
        if (end > reached) [[unlikely]]
            move_reached(end);
    }
    [[nodiscard]] std::uint64_t bytes() const { return static_cast<std::uint64_t>(limit - base) * sizeof(Slot); }

    /// Nothing of what was in it stays.
    void wipe();
    /// Of a wiped stack: at most so much is in real memory.
    [[nodiscard]] std::uint64_t resident_bytes() const { return resident; }
    /// What wipe() overwrites; what is behind goes back to the system.
    static constexpr std::uint64_t kept_bytes = 256 * 1024;
    /// The same of `compiled`, where nobody notes how far frames went.
    static constexpr std::uint64_t compiled_kept_bytes = 32 * 1024;

private:
    void move_reached(const Slot* end);
    void wipe_compiled();
};

} // namespace trellis::wasm
