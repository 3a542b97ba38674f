// What is to be run and what is known about it beforehand: the table of suites, the counts of index.json, the entries
// of notes.json, and the expected failures kept beside this file. Plain values.
#pragma once

#include "base/result.hpp"
#include "conformance/script.hpp"
#include "wasm/syntax/features.hpp"

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trellis::conformance {

/// A folder of the test data and the features its scripts were written for.
struct Suite {
    std::string_view name;
    std::string_view folder;
    wasm::Features features;
    bool check_annotations = false;     ///< custom-section annotations of the text format
    ScriptKind kind = ScriptKind::core; ///< of components: folders inside belong to it
};

std::span<const Suite> all_suites();

/// Numbers of commands by type, and of modules with and without a binary.
struct Counts {
    std::map<std::string, unsigned> commands;
    unsigned binary = 0;
    unsigned text = 0;
    friend bool operator==(const Counts&, const Counts&) = default;
};

/// Lines of a script; line 0 stands for the whole file.
using Lines = std::set<unsigned>;

/// What notes.json says about one script.
struct Notes {
    Lines skipped;      ///< feature-gated or engine-specific
    Lines either_stage; ///< malformed and invalid are both right
};

/// "file:line" of each expected failure, with its reason.
using ExpectedFailures = std::map<std::string, std::string>;

struct Catalogue {
    std::map<std::string, Counts> index; ///< by file, relative to the test data
    std::map<std::string, Notes> notes;

    /// The scripts of a suite, in order.
    [[nodiscard]] std::vector<std::string> files_of(const Suite& suite) const;
};

/// Errors: not_found, malformed.
Result<Catalogue> read_catalogue(const std::string& data_directory);

/// One per line: "core/x.json:12 reason"; # begins a comment. Errors: malformed where the reason is missing.
Result<ExpectedFailures> parse_expected_failures(std::string_view text);

} // namespace trellis::conformance
