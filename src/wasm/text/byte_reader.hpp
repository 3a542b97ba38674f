// Reads custom sections, which may hold anything: a cursor over bytes that remembers failure instead of reporting it,
// because a custom section that makes no sense is kept as it is. After a failure everything reads as zero.
#pragma once

#include "base/bytes.hpp"

namespace trellis::wasm {

class ByteReader {
public:
    explicit ByteReader(Bytes bytes) : rest_(bytes) {}

    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    [[nodiscard]] bool failed() const { return failed_; }

    void fail()
    {
        failed_ = true;
        rest_ = {};
    }

    Bytes take(std::size_t size)
    {
        if (size > rest_.size()) {
            fail();
            return {};
        }
        const auto taken = rest_.first(size);
        rest_ = rest_.subspan(size);
        return taken;
    }

    std::uint8_t byte()
    {
        const auto one = take(1);
        return one.empty() ? std::uint8_t{0} : one[0];
    }

    std::uint32_t u32()
    {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 35; shift += 7) {
            const auto next = byte();
            value |= static_cast<std::uint64_t>(next & 0x7f) << shift;
            if ((next & 0x80) == 0 && value <= 0xffffffff)
                return static_cast<std::uint32_t>(value);
        }
        fail();
        return 0;
    }

private:
    Bytes rest_;
    bool failed_ = false;
};

} // namespace trellis::wasm
