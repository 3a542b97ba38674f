// The text format: text to binary, module to text.
// https://webassembly.github.io/spec/core/text/index.html
#pragma once

#include "base/result.hpp"
#include "wasm/syntax/module.hpp"

#include <string>
#include <string_view>

namespace trellis::wasm {

struct TextOptions {
    Features features = Features::standard();
    bool check_annotations = false; ///< reject bad (@name ...), (@custom ...), (@metadata.code.branch_hint ...)
};

/// The binary of a module written as text (a whole module or only its fields). Identifiers become a name section.
/// Errors: malformed, with the offset in the text, line and column in the message, and the test suite's words first;
/// invalid, for a checked branch hint in front of anything but a branch; limit, for 4 GiB of text.
Result<SharedBytes> parse_text(std::string_view text, const TextOptions& options = {});

/// A module as text that parse_text turns back into the same module. Names come from the name section; every custom
/// section is kept. `module` must be decoded; it need not be valid. Errors: malformed (in a body or a constant
/// expression); limit, where it would take more than 1 GiB.
Result<std::string> print_text(const Module& module);

} // namespace trellis::wasm
