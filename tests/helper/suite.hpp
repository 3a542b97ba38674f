// Reads the official test suite's modules from the JSON form it is kept in. JSON and base64 live in suite.cpp alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace trellis::test {

struct SuiteModule {
    std::string file; ///< below the conformance folder: "core/i32.json"
    std::uint32_t line = 0;
    std::uint32_t number = 0; ///< of the command in its file, from 0
    std::string command;      ///< "module", "assert_malformed", ...
    std::string expected;     ///< the `text` of an assertion
    bool is_text = false;
    std::string bytes; ///< the module: binary or text

    /// "core/i32.json:12"
    [[nodiscard]] std::string where() const { return file + ":" + std::to_string(line); }
    [[nodiscard]] bool is_valid() const;
};

/// Every module in the files below a folder of the suite, in order. Empty where the suite is absent.
std::vector<SuiteModule> load_suite(const std::string& folder);

} // namespace trellis::test
