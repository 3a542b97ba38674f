// Branch hints: per function, which way an `if` or `br_if` is expected to go. Read from and written to the custom
// section "metadata.code.branch_hint".
// https://webassembly.github.io/spec/core/appendix/custom.html#branch-hints
#pragma once

#include "base/bytes.hpp"

#include <map>
#include <string_view>
#include <vector>

namespace trellis::wasm {

inline constexpr std::string_view branch_hint_section = "metadata.code.branch_hint";

/// Hints of one function: (offset from the start of the body, 0 or 1), ascending.
using BranchHints = std::vector<std::pair<std::uint32_t, std::uint8_t>>;
/// By function index.
using BranchHintMap = std::map<std::uint32_t, BranchHints>;

std::vector<std::uint8_t> write_branch_hints(const BranchHintMap& hints);

/// What the section's contents say. `exact`: write_branch_hints gives the same bytes again.
struct BranchHintSection {
    BranchHintMap hints;
    bool exact = false;
};
BranchHintSection read_branch_hints(Bytes contents);

} // namespace trellis::wasm
