// Bytes that are shared and never change: a module's binary, a file read whole.
#pragma once

#include "base/ready_memory.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace trellis {

using Bytes = std::span<const std::uint8_t>;

/// An owner of bytes and a view of them. Copying shares; safe to read from any thread.
class SharedBytes {
public:
    SharedBytes() = default;

    /// A new block of `size` bytes, copied from `source`.
    static SharedBytes copy_of(Bytes source);

    /// A new block of `size` bytes of unspecified content, written once by `fill(std::span<uint8_t>)`.
    template <class Fill>
    static SharedBytes filled_by(std::size_t size, Fill&& fill)
    {
        auto block = space(size);
        fill(std::span<std::uint8_t>(block.get(), size));
        return SharedBytes(std::move(block), size);
    }

    /// Bytes of something that lives as long as its owner.
    static SharedBytes held_by(std::shared_ptr<const void> owner, Bytes bytes)
    {
        return SharedBytes(std::shared_ptr<const std::uint8_t[]>(std::move(owner), bytes.data()), bytes.size());
    }

    [[nodiscard]] Bytes view() const { return {block_.get(), size_}; }
    [[nodiscard]] std::size_t size() const { return size_; }

private:
    static std::shared_ptr<std::uint8_t[]> space(std::size_t size);

    SharedBytes(std::shared_ptr<const std::uint8_t[]> block, std::size_t size) : block_(std::move(block)), size_(size)
    {
    }

    std::shared_ptr<const std::uint8_t[]> block_;
    std::size_t size_ = 0;
};

inline std::shared_ptr<std::uint8_t[]> SharedBytes::space(std::size_t size)
{
    auto block = size < ReadyMemory::worth_large_pages ? nullptr : ReadyMemory::make_shared(size);
    return block ? std::shared_ptr<std::uint8_t[]>(block, block->bytes().data())
                 : std::make_shared_for_overwrite<std::uint8_t[]>(size);
}

inline SharedBytes SharedBytes::copy_of(Bytes source)
{
    return filled_by(source.size(), [&](std::span<std::uint8_t> to) { std::ranges::copy(source, to.begin()); });
}

} // namespace trellis
