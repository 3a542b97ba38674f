// Valid modules that follow from a seed, for tests and fuzzers: all of WebAssembly that the engine knows. A module
// imports only from "host": functions f0, f1, ..., memory, table, global. Every call ends: loops and calls take from
// the global `budget`, which the host fills before each call.
#pragma once

#include "generator/body.hpp"

namespace trellis::wasm::generator {

struct Options {
    /// No code lets the bits of a NaN be seen; without that, engines may differ.
    bool hides_nans = true;
    /// Loops need not end: for a host that counts fuel.
    bool is_metered = false;
};

struct Generated {
    Plan plan;
    std::vector<std::uint8_t> binary;
};

/// Without the statements that are left out; the names of those made are appended.
Generated generate(std::uint64_t seed, const Options& options, Statements& statements);

} // namespace trellis::wasm::generator
