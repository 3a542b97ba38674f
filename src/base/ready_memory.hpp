// Memory of a known size to be filled at once: on large pages from where on they are faster than small ones, where the
// system has any (a large one costs 35 µs, each small one 0.4 µs, on a virtual machine). Owned; any thread.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace trellis {

class ReadyMemory {
public:
    /// Of zeros, readable and writable, beginning at a page. Errors: limit.
    static Result<ReadyMemory> make(std::size_t size);
    /// The same to share; null where there is no room.
    static std::shared_ptr<ReadyMemory> make_shared(std::size_t size);
    ReadyMemory() = default;
    ReadyMemory(ReadyMemory&& other) noexcept;
    ReadyMemory& operator=(ReadyMemory&& other) noexcept;
    ~ReadyMemory();

    [[nodiscard]] std::span<std::uint8_t> bytes() const { return {begin_, size_}; }

    /// From this size on large pages are used.
    static constexpr std::size_t worth_large_pages = 512 << 10;

private:
    std::uint8_t* begin_ = nullptr;
    std::size_t size_ = 0;
    void* mapping_ = nullptr; ///< with what was reserved to align it
    std::size_t mapping_size_ = 0;
};

} // namespace trellis
