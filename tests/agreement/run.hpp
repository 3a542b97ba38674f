// Runs a generated module in one tier and writes down everything that can be seen of it: what each call gave, and the
// state it left. Two tiers agree where what is written down is equal.
#pragma once

#include "agreement/tiers.hpp"
#include "generator/module_generator.hpp"

namespace trellis::agreement {

struct Frame {
    std::uint32_t function, offset;
    friend bool operator==(const Frame&, const Frame&) = default;
};

/// After a call, or a call of the host's functions.
struct Observation {
    std::string what; ///< "call f3", "host f0", "start"
    wasm::Trap trap = wasm::Trap::none;
    std::uint64_t values = 0; ///< results, or a host function's arguments
    std::uint64_t memories = 0, globals = 0, tables = 0;
    std::uint64_t fuel = 0;
    std::vector<Frame> backtrace{};
    std::string error{}; ///< of an instantiation that failed
    friend bool operator==(const Observation&, const Observation&) = default;
};

using Transcript = std::vector<Observation>;

/// Errors: what loading or compiling it met.
Result<Transcript> run(const TierRow& tier, const wasm::generator::Generated& module, const Mode& mode,
                       std::uint64_t seed);

/// The first thing that differs, for people; empty: they agree. Where a stack or heap was exhausted, only that is
/// compared: tiers need different amounts.
std::string difference(const Transcript& expected, const Transcript& found);

} // namespace trellis::agreement
