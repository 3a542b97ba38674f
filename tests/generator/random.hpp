// Numbers that look random and follow from a seed, the same on every machine. A fork is a source of its own: what is
// drawn from it changes nothing for the others.
#pragma once

#include <cstddef>
#include <cstdint>

namespace trellis::wasm::generator {

class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next()
    {
        state_ += 0x9e37'79b9'7f4a'7c15;
        auto x = state_;
        x = (x ^ (x >> 30)) * 0xbf58'476d'1ce4'e5b9;
        x = (x ^ (x >> 27)) * 0x94d0'49bb'1331'11eb;
        return x ^ (x >> 31);
    }
    /// From 0 to n - 1; n is not 0.
    std::uint32_t below(std::uint64_t n) { return static_cast<std::uint32_t>((next() >> 16) % n); }
    std::uint32_t between(std::uint32_t low, std::uint32_t high) { return low + below(high - low + 1); }
    bool per_cent(std::uint32_t chance) { return below(100) < chance; }
    template <class Items>
    auto pick(const Items& items)
    {
        return items[below(items.size())];
    }
    Random fork() { return Random(next()); }

private:
    std::uint64_t state_;
};

} // namespace trellis::wasm::generator
