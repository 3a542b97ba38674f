#include "sandbox/randomness.hpp"

#include "base/result.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <sys/random.h>

namespace trellis::sandbox {

Outcome<> fill_with_randomness(std::span<std::byte> bytes, Wait& wait)
{
    constexpr std::size_t slice_bytes = std::size_t(64) << 10;
    while (!bytes.empty()) {
        const auto count =
            uninterrupted([&] { return ::getrandom(bytes.data(), std::min(bytes.size(), slice_bytes), 0); });
        if (count == -1)
            return last_failure();
        bytes = bytes.subspan(static_cast<std::size_t>(count));
        TRELLIS_TRY(wait.poll_interruption());
    }
    return {};
}

namespace {

/// SplitMix64: spreads a seed over a larger state, which must not be all zeros. https://doi.org/10.1145/2714064.2660195
std::uint64_t split(std::uint64_t& state)
{
    state += 0x9e3779b97f4a7c15;
    std::uint64_t mixed = state;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
}

} // namespace

InsecureRandom::InsecureRandom(const Seed& seed)
{
    auto [first, second] = seed;
    state_ = {split(first), split(first), split(second), split(second)};
    hashing_ = {split(first), split(second)};
}

Outcome<InsecureRandom> InsecureRandom::make()
{
    Seed seed;
    const auto count = uninterrupted([&] { return ::getrandom(seed.data(), sizeof seed, 0); });
    if (count == -1)
        return last_failure();
    return InsecureRandom(seed);
}

std::uint64_t InsecureRandom::next()
{
    auto& [a, b, c, d] = state_;
    const auto result = std::rotl(a + d, 23) + a;
    const auto shifted = b << 17;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = std::rotl(d, 45);
    return result;
}

void InsecureRandom::fill(std::span<std::byte> bytes)
{
    while (!bytes.empty()) {
        const auto number = next();
        const auto count = std::min(bytes.size(), sizeof number);
        std::memcpy(bytes.data(), &number, count);
        bytes = bytes.subspan(count);
    }
}

} // namespace trellis::sandbox
