// Whether two modules are the same is asked of their canonical binaries: every section written again from the decoded
// Module, in the shortest encoding and with everything left out that has no meaning (the data count where nothing needs
// it, empty sections, groups of one type, runs of equal locals written apart, an empty `else`). Custom sections are
// kept byte by byte.
#pragma once

#include "base/result.hpp"
#include "wasm/syntax/module.hpp"

#include <vector>

namespace trellis::test {

/// Errors: malformed (in a body).
Result<std::vector<std::uint8_t>> canonical_binary(const wasm::Module& module);

} // namespace trellis::test
