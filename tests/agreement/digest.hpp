// What can be seen of a value or of an instance's state, as one number that is the same in all tiers: every NaN counts
// as the same one, and references by what they refer to. One thread.
#pragma once

#include "wasm/execution/store.hpp"

namespace trellis::agreement {

class Digest {
public:
    /// With raw NaNs, their bits count.
    Digest(wasm::Store& store, bool raw_nans) : store_(store), raw_nans_(raw_nans) {}

    void number(std::uint64_t value) { state_ = (state_ ^ value) * 0x9e37'79b9'7f4a'7c15 ^ (state_ >> 29); }
    void bytes(std::span<const std::byte> bytes);
    void value(wasm::ValType type, std::span<const std::shared_ptr<const wasm::CanonicalType>> types,
               const wasm::Slot* slots);
    [[nodiscard]] std::uint64_t result() const { return state_; }

private:
    static constexpr int deepest = 4; ///< of objects in objects

    void number_value(wasm::ValType type, const wasm::Slot* slots);
    void function(wasm::Ref ref);
    void object(wasm::Ref ref, int depth);
    void field(wasm::ValType type, std::span<const wasm::CanonicalType* const> types, const wasm::Slot* slots,
               int depth);

    wasm::Store& store_;
    bool raw_nans_;
    std::uint64_t state_ = 0;
};

} // namespace trellis::agreement
