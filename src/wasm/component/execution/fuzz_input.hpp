// What a fuzzer decides with: the bytes of its input, and behind them numbers that follow from all of them, so that a
// short input is a whole case, too. For fuzzers only.
#pragma once

#include "base/bytes.hpp"

#include <algorithm>
#include <span>

namespace trellis::wasm::component {

class FuzzInput {
public:
    explicit FuzzInput(Bytes bytes) : bytes_(bytes)
    {
        for (const std::uint8_t one : bytes)
            state_ = (state_ ^ one) * 0x100'0000'01b3;
    }

    std::uint8_t byte()
    {
        if (bytes_.empty())
            return static_cast<std::uint8_t>(next() >> 56);
        const std::uint8_t first = bytes_.front();
        bytes_ = bytes_.subspan(1);
        return first;
    }
    std::uint64_t number(std::uint32_t bytes)
    {
        std::uint64_t value = 0;
        for (std::uint32_t i = 0; i < bytes; ++i)
            value = value << 8 | byte();
        return value;
    }
    /// 0 to bound - 1; `bound` is at most 65,536.
    std::uint32_t below(std::uint32_t bound)
    {
        return static_cast<std::uint32_t>(number(bound <= 256 ? 1 : 2)) % bound;
    }
    bool one_in(std::uint32_t count) { return below(count) == 0; }
    template <class T>
    const T& any_of(std::span<const T> list)
    {
        return list[below(static_cast<std::uint32_t>(list.size()))];
    }

private:
    std::uint64_t next()
    {
        state_ += 0x9e37'79b9'7f4a'7c15;
        std::uint64_t mixed = (state_ ^ state_ >> 30) * 0xbf58'476d'1ce4'e5b9;
        mixed = (mixed ^ mixed >> 27) * 0x94d0'49bb'1331'11eb;
        return mixed ^ mixed >> 31;
    }

    Bytes bytes_;
    std::uint64_t state_ = 0xcbf2'9ce4'8422'2325;
};

} // namespace trellis::wasm::component
