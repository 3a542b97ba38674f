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

class MemoryImage; // start_up.hpp

/// Whether tiers find their way back from a fault; elsewhere memories are checked, and reserve what they may become.
#if defined(__x86_64__)
inline constexpr bool processor_guards = true;
#else
inline constexpr bool processor_guards = false;
#endif

class Memory {
public:
    /// Reserves and maps. `max_bytes` is the store's limit. Where address space is short, a memory that would be
    /// guarded becomes a checked one, and one without room for all it may become can't grow that far. Errors: limit.
    static Result<std::shared_ptr<Memory>> make(MemoryType type, std::uint64_t max_bytes);
    /// Whether memories of that type are guarded where there is address space for it,
    static bool is_guarded_kind(const MemoryType& type) { return !type.limits.is_64 && type.page_size_log2 == 16; }
    /// and whether there is, now.
    static bool has_space_for_guard();
    ~Memory();
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;

    [[nodiscard]] std::byte* base() const { return base_; }
    /// Bytes now accessible.
    [[nodiscard]] std::uint64_t size() const { return size_.load(std::memory_order_acquire); }
    /// The same, for code that reads it itself; stays where it is.
    [[nodiscard]] const std::atomic<std::uint64_t>& size_word() const { return size_; }
    [[nodiscard]] std::uint64_t pages() const { return size() >> type_.page_size_log2; }
    [[nodiscard]] const MemoryType& type() const { return type_; }
    [[nodiscard]] bool is_guarded() const { return guarded_; }
    [[nodiscard]] bool is_64() const { return type_.limits.is_64; }

    /// Bytes of address space from base() on that only this memory uses, guard included.
    [[nodiscard]] std::uint64_t reserved() const { return pages_.size(); }

    /// Makes the memory what make() gives for these, with `image` (or none) in it: nothing of what it held or was
    /// stays. For a memory that one owner has and nobody uses. False where it is not fit for that: it must not be used
    /// again.
    [[nodiscard]] bool renew(MemoryType type, std::uint64_t max_bytes, std::shared_ptr<const MemoryImage> image);
    /// Whether that is what it is since it was renewed last.
    [[nodiscard]] bool is_like(const MemoryType& type, std::uint64_t max_bytes, const MemoryImage* image) const
    {
        return image_.get() == image && asked_bytes_ == max_bytes && type_ == type;
    }
    /// renew() to the same again.
    [[nodiscard]] bool renew() { return renew(type_, asked_bytes_, image_); }
    /// Of a memory that was just made. False where the system refuses: it must not be used.
    [[nodiscard]] bool set_image(std::shared_ptr<const MemoryImage> image);
    /// Whether there was less address space than it asked for.
    [[nodiscard]] bool is_short_of_space() const { return short_of_space_; }
    /// At most so much of a memory that was just renewed is in real memory of its own: pages that were written, up to
    /// WrittenPages::most_pages of them. They are overwritten and stay; the others go back to the system.
    [[nodiscard]] std::uint64_t resident_bytes() const { return resident_; }

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
    bool set_accessible(std::uint64_t old_bytes, std::uint64_t bytes);
    void wipe(std::uint64_t bytes);
    void restore(std::byte* begin, std::byte* end);
    [[nodiscard]] bool end_copy();

    std::byte* base_ = nullptr;
    std::atomic<std::uint64_t> size_ = 0;
    MemoryType type_;
    std::uint64_t max_bytes_ = 0;   ///< smallest of declared maximum, limit and room
    std::uint64_t asked_bytes_ = 0; ///< the limit alone
    std::uint64_t touched_ = 0;     ///< bytes that were ever accessible since it was made
    bool guarded_ = false;
    bool short_of_space_ = false;
    bool damaged_ = false; ///< protection is not what size_ says
    std::shared_ptr<const MemoryImage> image_;
    const SharedPages* copied_ = nullptr; ///< of the image: its pages begin as copies of these
    std::uint64_t resident_ = 0;
    std::mutex growing_;
    Pages pages_;
    std::unique_ptr<Waiters> waiters_;
};

} // namespace trellis::wasm
