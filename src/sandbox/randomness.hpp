// Random bytes: from the system, good enough for keys, on any thread; and numbers that only look random, made quickly
// from a seed, on one thread at a time.
#pragma once

#include "sandbox/waiting.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace trellis::sandbox {

/// Fills all of `bytes`, in slices. Errors: guest_trapped, those of getrandom(2).
Outcome<> fill_with_randomness(std::span<std::byte> bytes, Wait& wait);

/// For nothing that has to be secret. The same seed gives the same numbers. xoshiro256++,
/// https://doi.org/10.1145/3460772
class InsecureRandom {
public:
    using Seed = std::array<std::uint64_t, 2>;
    explicit InsecureRandom(const Seed& seed);
    /// With a seed from the system. Errors: those of getrandom(2).
    static Outcome<InsecureRandom> make();

    std::uint64_t next();
    void fill(std::span<std::byte> bytes);
    /// What a guest may seed its hash tables with: the same every time, and no number of the sequence.
    [[nodiscard]] const Seed& seed_for_hashing() const { return hashing_; }

private:
    std::array<std::uint64_t, 4> state_;
    Seed hashing_;
};

} // namespace trellis::sandbox
