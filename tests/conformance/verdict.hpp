// How a command ended, and what is the same for all kinds of scripts: counting, and judging what was rejected.
#pragma once

#include "conformance/runner.hpp"

#include <initializer_list>
#include <optional>

namespace trellis::conformance {

/// Why a command failed; nothing: it passed.
using Verdict = std::optional<std::string>;

/// The suite's words and ours: one begins with the other ("uninitialized element 2" and "uninitialized element").
bool same_words(std::string_view ours, std::string_view wanted);

void count(Counts& counts, const Command& command);

/// The module was rejected as it should be, if it was at an allowed stage. Notes other words in the result.
Verdict judge_rejection(ScriptResult& result, const Notes& notes, const Command& command, const Error& error,
                        std::initializer_list<ErrorCode> allowed);

} // namespace trellis::conformance
