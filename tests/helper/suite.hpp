// The modules of the official test suite, each with what is said about it, for tests that don't run them. Scripts are
// read by the conformance runner's own reader.
#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace trellis::test {

struct SuiteModule {
    std::string file; ///< below the conformance folder: "core/i32.json"
    std::uint32_t line = 0;
    std::uint32_t number = 0; ///< of the command in its file, from 0
    std::string command;      ///< "module", "assert_malformed", ...
    std::string expected;     ///< the `text` of an assertion
    bool is_text = false;
    SharedBytes bytes; ///< the module: binary or text

    /// "core/i32.json:12"
    [[nodiscard]] std::string where() const { return file + ":" + std::to_string(line); }
    [[nodiscard]] std::string_view text() const;
    [[nodiscard]] bool is_valid() const;
};

/// Every module in the files below a folder of the suite, in order. Empty where the suite is absent.
std::vector<SuiteModule> load_suite(const std::string& folder);

} // namespace trellis::test
