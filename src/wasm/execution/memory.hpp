// A linear memory. Address space for its largest size is reserved when it is made, so its base never moves. A guarded
// memory (32-bit addresses, 64 KiB pages) reserves 8 GiB and more, so that index + offset can't leave it: compiled and
// interpreted code accesses it without a check, and the SIGSEGV of an access beyond its size becomes a trap. Others
// (64-bit, odd page sizes, or where address space is short) are checked at each access.
// A shared memory may be used from several stores and threads; its size only grows.
#pragma once

#include "base/pages.hpp"
#include "base/result.hpp"
#include "wasm/execution/trap.hpp"
#include "wasm/syntax/types.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

namespace trellis::wasm {

class Memory {
public:
    /// Reserves and maps. `max_bytes` is the store's limit. Where address space is short, a memory that would be
    /// guarded becomes a checked one, and one without room for all it may become can't grow that far. Errors: limit.
    static Result<std::shared_ptr<Memory>> make(MemoryType type, std::uint64_t max_bytes);
    ~Memory();
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;

    [[nodiscard]] std::byte* base() const { return base_; }
    /// Bytes now accessible.
    [[nodiscard]] std::uint64_t size() const { return size_.load(std::memory_order_acquire); }
    [[nodiscard]] std::uint64_t pages() const { return size() >> type_.page_size_log2; }
    [[nodiscard]] const MemoryType& type() const { return type_; }
    [[nodiscard]] bool is_guarded() const { return guarded_; }
    [[nodiscard]] bool is_64() const { return type_.limits.is_64; }

    /// Bytes of address space from base() on that only this memory uses, guard included.
    [[nodiscard]] std::uint64_t reserved() const { return pages_.size(); }

    /// Adds pages, zeroed. The old size in pages, or -1 where the maximum or the limit forbids it. Any thread.
    std::int64_t grow(std::uint64_t pages);

    /// The bytes [offset, offset + length), or nothing if they are not all inside.
    [[nodiscard]] std::optional<std::span<std::byte>> range(std::uint64_t offset, std::uint64_t length) const
    {
        const auto now = size();
        if (offset > now || length > now - offset)
            return std::nullopt;
        return std::span(base_ + offset, length);
    }

    // Threads: https://github.com/WebAssembly/threads/blob/main/proposals/threads/Overview.md
    enum class WaitResult : std::uint32_t { ok = 0, not_equal = 1, timed_out = 2 };
    struct Waiters;
    Waiters& waiters() { return *waiters_; }

private:
    Memory();

    std::byte* base_ = nullptr;
    std::atomic<std::uint64_t> size_ = 0;
    MemoryType type_;
    std::uint64_t max_bytes_ = 0; ///< smallest of declared maximum, limit and room
    bool guarded_ = false;
    std::mutex growing_;
    Pages pages_;
    std::unique_ptr<Waiters> waiters_;
};

} // namespace trellis::wasm
